"""The shape of the settings of the issue flow; see `supops.settings`."""

from typing import Annotated, Literal

from msgspec import Meta

from supops.setting_types import PATH, Section


class Issues(Section, frozen=True):
    """The issue flow of `gitlab.issues_project`."""

    flow: Annotated[
        str | None,
        Meta(
            description="File with your own flow: labels, goals, who is responsible, moves; none for the built-in flow",
            examples=["./flow.yaml"],
            extra=PATH,
        ),
    ] = None
    templates: Annotated[
        str | None,
        Meta(
            description="Folder with Jinja2 templates of comments; those that it lacks are the built-in ones",
            examples=["./comments"],
            extra=PATH,
        ),
    ] = None
    validation: Annotated[
        Literal["development", "stage"],
        Meta(description="Whether validation happens inside Development, or has a stage of its own"),
    ] = "development"
    bugs: Annotated[
        Literal["planned", "unplanned"],
        Meta(description="Whether bugs pass Planning, or go from Triage to Development"),
    ] = "planned"
    completed: Annotated[
        Literal["closed", "open"],
        Meta(description="Whether an issue is closed when it is completed, or by `supops issues close`"),
    ] = "closed"
