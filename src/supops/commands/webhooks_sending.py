"""``supops webhooks verify | trigger``: a stored delivery's signature, and signed samples. Needs nothing of the extra `receiver`."""

from enum import StrEnum
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from supops.commands.delivery_options import moment
from supops.commands.options import (
    DryRunOption,
    FileOption,
    Format,
    FormatOption,
    Result,
    deliver,
    new_group,
    wiring_of,
)
from supops.errors import CredentialError, ExitCode, NetworkError, SupopsError, UsageError

if TYPE_CHECKING:
    from supops.models.secrets import Secret
    from supops.models.triggers import PlannedTrigger, Trigger
    from supops.services.inbox_ports import Source
    from supops.wiring import Wiring

app = new_group("Signatures of deliveries, and signed samples.")
MOST_BYTES = 1024 * 1024
MOST_SENT = 10_000


class Signer(StrEnum):
    """Who signs deliveries."""

    CALENDLY = "calendly"
    ZENDESK = "zendesk"


KEY_HINTS = {
    Signer.CALENDLY: "Set calendly.signing_key, or receiver.calendly_keys, to where the key is kept.",
    Signer.ZENDESK: "Set receiver.zendesk_secrets to where the webhook's signing secret is kept.",
}


@app.command()
def verify(
    ctx: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="The delivery's body, byte for byte as it arrived; - for standard input."
        ),
    ],
    signature: Annotated[
        str,
        typer.Option(
            "--signature", metavar="HEADER", help="The header's value, alone or after its name and a colon."
        ),
    ],
    platform: Annotated[Signer, typer.Option("--platform", help="Who signed it.")] = Signer.CALENDLY,
    timestamp: Annotated[
        str | None,
        typer.Option(
            "--timestamp",
            metavar="HEADER",
            help="With --platform zendesk: X-Zendesk-Webhook-Signature-Timestamp.",
        ),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            "--at", metavar="TIME", help="Check as of this time, for a delivery that arrived long ago."
        ),
    ] = None,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Check the signature of a delivery, and say which part fails: the format, the time, or the key.

    Exit status: 0 it is good, 3 it is not, 2 the file can't be read, 4 there is no key to check it with.
    """
    from supops.adapters.payload_files import read_bytes
    from supops.models.deliveries import LARGEST_BODY
    from supops.render.triggers import verdict_blocks, verdict_json

    wiring = wiring_of(ctx)
    now = wiring.clock.now()
    as_of = moment("--at", at, now) if at else now
    headers = _headers(platform, signature, timestamp)
    body = read_bytes(str(file), most=MOST_BYTES)
    verdict = _source(wiring, platform).verify(headers, body, as_of)
    result = Result(
        lambda: verdict_blocks(verdict, as_of),
        lambda: verdict_json(platform.value, verdict, as_of, len(body)),
    )
    deliver(wiring, result, output, output_file)
    if len(body) > LARGEST_BODY:
        wiring.terminal.warn(
            f"the body has {len(body)} bytes: a receiver takes {LARGEST_BODY} at most, whatever the signature"
        )
    raise typer.Exit(ExitCode.DONE if verdict.good else ExitCode.FINDINGS)


@app.command()
def trigger(
    ctx: typer.Context,
    event: Annotated[str, typer.Argument(metavar="EVENT", help="Such as invitee.created.")],
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="URL",
            help="Where to send it; without it, to the receiver on this machine. "
            "${NAME} in it stands for an environment variable.",
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="PATH=VALUE",
            help='Change a value, such as payload.scheduled_event.name="Support, an upgrade". Repeat it for several.',
        ),
    ] = None,
    source: Annotated[
        Signer | None, typer.Option("--source", help="Whose event it is; it follows from the event.")
    ] = None,
    repeat: Annotated[
        int, typer.Option("--repeat", min=1, max=MOST_SENT, help="How many to send, one after the other.")
    ] = 1,
    dry_run: DryRunOption = False,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Send a signed sample of an event to a receiver. Each is a new one, about a meeting tomorrow.

    A receiver can't tell it from a real one: it is routed, and an entry appears in a team calendar, until
    `supops webhooks trigger invitee.canceled --set payload.scheduled_event.uri=URI` cancels it. Exit status 1: the receiver did not take it.
    """
    from supops.adapters.delivery_samples import SENDERS
    from supops.render.triggers import trigger_lines, triggers_csv, triggers_json
    from supops.services.sampling import known_event

    wiring = wiring_of(ctx)
    signer = Signer(known_event(event, source.value if source else None, SENDERS))
    desk = SampleDesk(wiring, signer, event, settings or [], to)
    if dry_run:
        deliver(wiring, _planned(desk, repeat), output, output_file)
        return
    is_live = output is Format.TABLE and output_file is None
    sent, failure = _sent(wiring, desk, repeat, is_live=is_live)
    if not is_live:
        error = failure.message if failure else None
        result = Result(
            lambda: trigger_lines(sent, desk.shown),
            lambda: triggers_json(desk.signer.value, desk.shown, sent, error=error),
            csv=lambda: triggers_csv(sent),
        )
        deliver(wiring, result, output, output_file)
    if failure:
        raise failure


def _planned(desk: "SampleDesk", number: int) -> Result:
    """Return what would be sent, in every shape."""
    from supops.render.triggers import planned_blocks, planned_csv, planned_json

    planned = [desk.planned() for _ in range(number)]
    return Result(
        lambda: planned_blocks(planned, desk.shown),
        lambda: planned_json(desk.signer.value, desk.shown, planned),
        csv=lambda: planned_csv(planned),
    )


def _sent(
    wiring: "Wiring", desk: "SampleDesk", number: int, *, is_live: bool
) -> "tuple[list[Trigger], SupopsError | None]":
    """Send samples until one is not taken, and show each when it is answered."""
    from supops.render.triggers import trigger_lines

    sent: list[Trigger] = []
    for before in range(number):
        taken = f" {before} of {number} were taken before." if before else ""
        try:
            one = desk.send()
        except NetworkError as error:
            return sent, NetworkError(f"{error.message}{taken}", hint=error.hint)
        sent.append(one)
        if is_live:
            shown = trigger_lines([one], desk.shown)
            deliver(wiring, Result(partial(list, shown), lambda: None), Format.TABLE, None)
        if not one.taken:
            remedy = f"{one.remedy[:1].upper()}{one.remedy[1:]}."
            return sent, SupopsError(
                f"The receiver at {desk.shown} answered {one.answer.status}, and has not taken the delivery.{taken}",
                hint=remedy,
            )
    return sent, None


class SampleDesk:
    """Makes, signs and sends samples of an event.

    Args:
        wiring: Knows the keys and the receiver.
        signer: Whose event it is.
        event: The event.
        settings: What is changed in each sample.
        to: Where they go; None for the receiver on this machine.
    """

    def __init__(
        self, wiring: "Wiring", signer: Signer, event: str, settings: list[str], to: str | None
    ) -> None:
        from supops.adapters.delivery_sending import Sender
        from supops.config import private_ca
        from supops.models.redaction import REDACTED, masked_address
        from supops.services.sampling import checked_address, local_address

        receiver, listens = wiring.webhooks.receiver, wiring.config.settings.receiver
        path = receiver.path_of(signer.value)
        url = (
            checked_address(wiring.expanded(to), path)
            if to
            else local_address(listens.host, listens.port, path)
        )
        shown = masked_address(url)
        secret = receiver.path_secret
        self.shown = shown.replace(secret, REDACTED) if secret else shown
        self._clock, self.signer, self._event, self._settings = wiring.clock, signer, event, settings
        self._key = _key(wiring, signer)
        other = next(one for one in Signer if one is not signer)
        is_others = urlsplit(url).path == receiver.path_of(other.value)
        self._cause = (
            f"the address is where {other.value.title()}'s deliveries go: leave its path out, and {signer.value.title()}'s is taken"
            if is_others
            else ""
        )
        # What is wrong with --set is found before anything is sent.
        self._sample()
        self._sender = Sender(url, shown=self.shown, ca=private_ca(wiring.environ))
        wiring.opened.callback(self._sender.close)

    def send(self) -> "Trigger":
        """Send a new sample.

        Raises:
            NetworkError: No answer arrived.
        """
        import json

        from supops.adapters import calendly_deliveries, delivery_samples, zendesk_deliveries
        from supops.models.triggers import Trigger

        document = self._sample()
        body = json.dumps(document).encode()
        sign = {
            Signer.CALENDLY: calendly_deliveries.signed_headers,
            Signer.ZENDESK: zendesk_deliveries.signed_headers,
        }[self.signer]
        answer = self._sender.send(sign(self._key, body, self._clock.now()), body)
        cause = self._cause if answer.status == HTTPStatus.UNAUTHORIZED else ""
        return Trigger(self._event, delivery_samples.about(document), answer, cause)

    def planned(self) -> "PlannedTrigger":
        """Return what would be sent."""
        import json

        from supops.adapters.delivery_samples import about
        from supops.models.triggers import PlannedTrigger

        document = self._sample()
        return PlannedTrigger(self._event, about(document), json.dumps(document).encode())

    def _sample(self) -> dict[str, object]:
        from supops.adapters.delivery_samples import Fresh, agreeing, sample
        from supops.services.sampling import with_values

        return agreeing(with_values(sample(self._event, Fresh(self._clock.now())), self._settings))


def _headers(platform: Signer, signature: str, timestamp: str | None) -> dict[str, str]:
    from supops.adapters import calendly_deliveries, zendesk_deliveries

    if platform is Signer.CALENDLY:
        if timestamp is not None:
            raise UsageError(
                "--timestamp goes with --platform zendesk; Calendly's is in the signature's header."
            )
        return {calendly_deliveries.HEADER: _value_of("--signature", signature, calendly_deliveries.HEADER)}
    if timestamp is None:
        raise UsageError("With --platform zendesk, --timestamp is needed: what it says is signed as well.")
    return {
        zendesk_deliveries.SIGNATURE: _value_of("--signature", signature, zendesk_deliveries.SIGNATURE),
        zendesk_deliveries.TIMESTAMP: _value_of("--timestamp", timestamp, zendesk_deliveries.TIMESTAMP),
    }


def _value_of(option: str, text: str, name: str) -> str:
    """Return a header's value, which may stand after its name."""
    before, colon, after = text.partition(":")
    # A time has colons of its own.
    if not colon or not before[:1].isalpha() or "=" in before:
        return text.strip()
    if before.strip().lower() != name:
        raise UsageError(f"{option} should be the header {name}, and is {before.strip()[:80]!r}.")
    return after.strip()


def _source(wiring: "Wiring", platform: Signer) -> "Source":
    receiver = wiring.webhooks.receiver
    source = receiver.calendly if platform is Signer.CALENDLY else receiver.zendesk
    if source is None:
        receiver.refuse_no_settings()
        raise _no_key(platform)
    return source


def _key(wiring: "Wiring", platform: Signer) -> "Secret":
    receiver = wiring.webhooks.receiver
    keys = receiver.calendly_keys if platform is Signer.CALENDLY else receiver.zendesk_secrets
    if not keys:
        receiver.refuse_no_settings()
        raise _no_key(platform)
    return keys[0]


def _no_key(platform: Signer) -> CredentialError:
    return CredentialError(
        f"No key is configured that {platform.value.title()}'s deliveries are signed with.",
        hint=KEY_HINTS[platform],
    )
