"""The shape of the settings of receiver and queue; see `supops.settings`."""

from typing import Annotated

from msgspec import Meta

from supops.models.secrets import SecretRef
from supops.setting_types import DURATION, PATH, Port, Section, Text


class Receiver(Section, frozen=True):
    """Where webhook deliveries are received, and how long they are kept."""

    host: Annotated[Text, Meta(description="Address to listen on")] = "127.0.0.1"
    port: Annotated[Port, Meta(description="Port to listen on")] = 8080
    path: Annotated[Text, Meta(description="Path of Calendly's deliveries")] = "/calendly"
    zendesk_path: Annotated[Text, Meta(description="Path of Zendesk's deliveries")] = "/zendesk"
    path_secret: Annotated[
        SecretRef | None,
        Meta(
            description="Where a further part of both paths is kept that nobody can guess",
            examples=["{env: SUPOPS_PATH_SECRET}"],
        ),
    ] = None
    calendly_keys: Annotated[
        SecretRef | None,
        Meta(
            description="Where further keys are kept that Calendly's deliveries may be signed with, one on each line, "
            "beside calendly.signing_key: the one before, while keys are changed",
            examples=["{file: calendly-keys}"],
        ),
    ] = None
    zendesk_secrets: Annotated[
        SecretRef | None,
        Meta(
            description="Where the signing secrets of Zendesk's webhooks are kept, one on each line",
            examples=["{file: zendesk-secrets}"],
        ),
    ] = None
    calendly_tolerance: Annotated[
        str,
        Meta(description="How far a Calendly signature's time may be from now, both ways", extra=DURATION),
    ] = "180s"
    zendesk_tolerance: Annotated[
        str, Meta(description="How far a Zendesk signature's time may be from now, both ways", extra=DURATION)
    ] = "300s"
    trusted_proxies: Annotated[
        tuple[str, ...],
        Meta(
            description="Addresses or networks of the proxies whose X-Forwarded-For is believed",
            examples=["[10.0.0.0/8]"],
        ),
    ] = ()
    metrics_port: Annotated[
        int, Meta(ge=0, le=65535, description="Port of /metrics on the loopback address; 0 for none")
    ] = 8081
    retention: Annotated[
        str,
        Meta(description="Time after which deliveries that are finished are deleted", extra=DURATION),
    ] = "90d"


class Queue(Section, frozen=True):
    """The store of deliveries, and the engine that processes them."""

    url: Annotated[
        str | None,
        Meta(
            description="The address of a PostgreSQL database, for several machines; none for a file on this one",
            examples=["postgresql://supops@queue.example.com/supops"],
        ),
    ] = None
    path: Annotated[
        str | None,
        Meta(
            description="The SQLite file; none for one in the user's state folder",
            examples=["./supops-inbox.db"],
            extra=PATH,
        ),
    ] = None
    password: Annotated[
        SecretRef | None,
        Meta(
            description="Where the database user's password is kept",
            examples=["{env: SUPOPS_QUEUE_PASSWORD}"],
        ),
    ] = None
    tries: Annotated[
        int, Meta(ge=1, le=100, description="How often a delivery is tried before it is given up")
    ] = 12
    first_pause: Annotated[
        str,
        Meta(description="Pause after the first error; it doubles with each, up to an hour", extra=DURATION),
    ] = "10s"
    lease: Annotated[
        str,
        Meta(
            description="After this time without a sign of life, a worker's delivery is taken over by another",
            extra=DURATION,
        ),
    ] = "30s"
