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
        Literal["either", "development", "stage"],
        Meta(
            description="Where the requester validates: inside Development, in the stage Validation, or in either: "
            "requested in Development, and moved to the stage where people want that"
        ),
    ] = "either"
    bugs: Annotated[
        Literal["planned", "unplanned"],
        Meta(description="Whether bugs pass Planning, or go from Triage to Development"),
    ] = "planned"
    completed: Annotated[
        Literal["open", "closed"],
        Meta(
            description="Whether a completed issue stays open until `supops issues close`, or is closed at once"
        ),
    ] = "open"
