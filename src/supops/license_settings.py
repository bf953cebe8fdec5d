"""The shape of the settings of licenses; see `supops.settings`."""

from typing import Annotated

from msgspec import Meta

from supops.models.secrets import SecretRef
from supops.setting_types import PATH, PRIVATE_PATH, URL, Section, Text


class Licenses(Section, frozen=True):
    """Licenses for team members: what is allowed, and how requests are answered. Their project is `gitlab.licenses_project`."""

    timezone: Annotated[
        Text,
        Meta(description="Time zone that decides which day it is", examples=["America/Los_Angeles"]),
    ] = "UTC"
    email_domains: Annotated[
        tuple[str, ...],
        Meta(
            description="Domains that the address of a license may have; none for any",
            examples=["[gitlab.com]"],
        ),
    ] = ()
    company: Annotated[Text, Meta(description="Company that a license is made out to")] = (
        "GitLab - Team Member License"
    )
    public_key: Annotated[
        str | None,
        Meta(
            description="PEM file with the public key that license files are read with",
            examples=["./license.pub"],
            extra=PATH,
        ),
    ] = None
    private_key: Annotated[
        str | None,
        Meta(
            description="PEM file with the private key that license files are signed with, for who holds it",
            examples=["./license.key"],
            extra=PRIVATE_PATH,
        ),
    ] = None
    passphrase: Annotated[
        SecretRef | None,
        Meta(
            description="Where the private key's passphrase is kept; without it, it is asked for",
            examples=["{env: LICENSE_KEY_PASSPHRASE}"],
        ),
    ] = None
    completed_label: Annotated[Text, Meta(description="Label of a request that got its license")] = (
        "Stage::Completed"
    )
    spent: Annotated[Text, Meta(description="Time that is logged for a completed request")] = "10m"
    docs_url: Annotated[Text, Meta(description="Where it is written how a license is applied", extra=URL)] = (
        "https://docs.gitlab.com/administration/license_file/"
    )
    staging_contact: Annotated[Text, Meta(description="Where a staging cloud license is asked for")] = (
        "#g_provision"
    )
    orders_contact: Annotated[Text, Meta(description="Where a $0 subscription is asked for")] = (
        "#sales-support"
    )
    complete_template: Annotated[
        str | None,
        Meta(
            description="Jinja2 template of the reply to a completed request, instead of the built-in one",
            examples=["./completed.md.j2"],
            extra=PATH,
        ),
    ] = None
    refuse_template: Annotated[
        str | None,
        Meta(
            description="Jinja2 template of the reply to a refused request, instead of the built-in one",
            examples=["./refused.md.j2"],
            extra=PATH,
        ),
    ] = None
