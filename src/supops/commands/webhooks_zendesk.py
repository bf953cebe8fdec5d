"""``supops webhooks list | monitor | test | health``: Zendesk's webhooks, and how all webhooks are."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from supops.commands.audit_options import duration
from supops.commands.options import FileOption, Format, FormatOption, Result, deliver, new_group, wiring_of
from supops.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from datetime import timedelta

    from supops.wiring import Wiring

app = new_group("Zendesk's webhooks, and how all webhooks are.")
LONGEST_DAYS = 366
OF_GROUPS = "a group's subscriptions: supops calendly webhooks list --group URI"


class Platform(StrEnum):
    """Whose webhooks are listed."""

    ZENDESK = "zendesk"
    CALENDLY = "calendly"


class OneInstance(StrEnum):
    """The Zendesk instances."""

    GLOBAL = "global"
    US_GOVERNMENT = "us-government"


class AnyInstance(StrEnum):
    """The Zendesk instances, and all that are configured."""

    GLOBAL = "global"
    US_GOVERNMENT = "us-government"
    ALL = "all"

    @property
    def key(self) -> str | None:
        """The instance's key in the settings; None for all."""
        return None if self is AnyInstance.ALL else self.value


InstanceOption = Annotated[
    AnyInstance, typer.Option("--instance", help="Which Zendesk instance; all that are configured.")
]


@app.command("list")
def list_(
    ctx: typer.Context,
    platform: Annotated[Platform, typer.Option("--platform", help="Whose webhooks.")] = Platform.ZENDESK,
    instance: InstanceOption = AnyInstance.ALL,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """List the webhooks of Zendesk, or Calendly's subscriptions.

    Those of Calendly are the organisation's and your own, as `supops calendly webhooks list` shows them. Exit status 5:
    not all could be listed.
    """
    wiring = wiring_of(ctx)
    if platform is Platform.CALENDLY:
        if instance is not AnyInstance.ALL:
            raise UsageError("--instance is for Zendesk; Calendly has no instances.")
        _list_calendly(wiring, output, output_file)
    else:
        _list_zendesk(wiring, instance.key, output, output_file)


@app.command()
def monitor(
    ctx: typer.Context,
    instance: InstanceOption = AnyInstance.ALL,
    since: Annotated[
        str, typer.Option("--since", metavar="DURATION", help="How far back to look: 30m, 1h, 2d.")
    ] = "1h",
    attempts: Annotated[
        int,
        typer.Option(
            "--attempts",
            min=0,
            help="Of how many failed invocations of each webhook to read the attempts, newest first.",
        ),
    ] = 50,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Look at all invocations of Zendesk's webhooks, and report each that did not succeed.

    With the status of its attempts, and the beginning of what the target answered; what was sent is not shown. Zendesk keeps about 7
    days. Exit status: 0 all succeeded, 3 some did not, 4 a credential is missing or refused, 5 not everything could be read.
    """
    from supops.render.machine import table_csv
    from supops.render.zendesk_webhooks import failures_table, monitor_blocks, monitor_json

    wiring = wiring_of(ctx)
    seen = wiring.watcher(instance.key).monitor(_window(since), closely=attempts)
    result = Result(
        lambda: monitor_blocks(seen), lambda: monitor_json(seen), csv=lambda: table_csv(failures_table(seen))
    )
    deliver(wiring, result, output, output_file)
    if seen.is_beyond_history:
        wiring.terminal.warn(f"Zendesk keeps about 7 days: of {since}, the older part is not to be seen")
    _end(wiring, seen.missing, seen.exit_code)


@app.command("test")
def send(
    ctx: typer.Context,
    identity: Annotated[
        str, typer.Argument(metavar="ID", help="The webhook's id, as `supops webhooks list` shows it.")
    ],
    instance: Annotated[OneInstance, typer.Option("--instance", help="Which Zendesk instance has it.")],
    payload: Annotated[
        Path | None,
        typer.Option(
            "--payload",
            metavar="FILE",
            help="What to send; - for standard input. Without it, Zendesk makes it up.",
        ),
    ] = None,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Have Zendesk send a test request to a webhook's target, and show what that answers.

    It is sent once, to the webhook's address, with its credential. Exit status: 0 the target answered 2xx, 1 it did not.
    """
    from supops.render.zendesk_webhooks import tested_blocks, tested_json
    from supops.services.monitoring import send_test

    wiring = wiring_of(ctx)
    text = wiring.test_payload(payload)
    tested = send_test(wiring.place(instance.value, tests=True), identity, text, wiring.terminal)
    result = Result(lambda: tested_blocks(tested), lambda: tested_json(tested))
    deliver(wiring, result, output, output_file)
    if tested.failure:
        raise tested.failure


@app.command()
def health(
    ctx: typer.Context,
    since: Annotated[
        str,
        typer.Option("--since", metavar="DURATION", help="How far back Zendesk's invocations count: 1h, 2d."),
    ] = "24h",
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Show how all webhooks are, worst first, each with what to do: Zendesk's, and Calendly's subscriptions.

    Platforms that are not configured are left out. Exit status: 0 all are well, 3 some are not, 5 not everything could be read.
    """
    from supops.render.webhooks_health import health_blocks, health_json
    from supops.services.webhook_health import CALENDLY

    wiring = wiring_of(ctx)
    healths = wiring.webhook_health(_window(since))
    result = Result(lambda: health_blocks(healths), lambda: health_json(healths))
    deliver(wiring, result, output, output_file)
    if CALENDLY in healths.platforms:
        wiring.terminal.note(OF_GROUPS)
    _end(wiring, healths.missing, healths.exit_code)


def _list_zendesk(wiring: "Wiring", key: str | None, output: Format, output_file: Path | None) -> None:
    from supops.render.zendesk_webhooks import webhooks_blocks, webhooks_json

    overview = wiring.watcher(key).overview()
    result = Result(lambda: webhooks_blocks(overview), lambda: webhooks_json(overview))
    deliver(wiring, result, output, output_file)
    _end(wiring, overview.missing, ExitCode.INCOMPLETE if overview.missing else ExitCode.DONE)


def _list_calendly(wiring: "Wiring", output: Format, output_file: Path | None) -> None:
    from supops.render.subscriptions import subscriptions_json, subscriptions_table
    from supops.services.subscribing import Subscriber

    listing = Subscriber(wiring.calendly, wiring.terminal).list_own()
    wiring.terminal.note(OF_GROUPS)
    now = wiring.clock.now()
    result = Result(lambda: [subscriptions_table(listing, now)], lambda: subscriptions_json(listing, now))
    deliver(wiring, result, output, output_file)
    _end(wiring, listing.missing, ExitCode.INCOMPLETE if listing.missing else ExitCode.DONE)


def _window(since: str) -> "timedelta":
    from datetime import timedelta

    from supops.setting_types import seconds_of

    typed = duration("--since", since) or since
    seconds = seconds_of(typed)
    if not 0 < seconds <= timedelta(days=LONGEST_DAYS).total_seconds():
        raise UsageError(
            f"--since: {typed} makes no sense.",
            hint="Zendesk keeps about 7 days. Write a number and a unit: 30m, 1h, 2d.",
        )
    return timedelta(seconds=seconds)


def _end(wiring: "Wiring", missing: "tuple[str, ...]", status: ExitCode) -> None:
    """Name what could not be read, and end with the exit status."""
    for reason in missing:
        wiring.terminal.warn(f"not read: {reason}")
    raise typer.Exit(status)
