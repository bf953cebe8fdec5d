"""What the commands about deliveries share: which ones are meant, and how a long list is handed over piece by piece."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from supops.commands.audit_options import duration
from supops.errors import SupopsError, UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from supops.models.deliveries import Filter
    from supops.wiring import Wiring


class Status(StrEnum):
    """How far deliveries are."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"
    DISCARDED = "discarded"


class Sender(StrEnum):
    """Who sent deliveries."""

    CALENDLY = "calendly"
    ZENDESK = "zendesk"
    SCHEDULE = "schedule"


StatusOption = Annotated[Status | None, typer.Option("--status", help="Only those that are in this state.")]
EventOption = Annotated[
    str | None, typer.Option("--event", help="Only those of this event, such as invitee.created.")
]
SenderOption = Annotated[
    Sender | None, typer.Option("--source", help="Only those of this sender; schedule for jobs of our own.")
]
SinceOption = Annotated[
    str | None,
    typer.Option(
        "--since",
        metavar="TIME",
        help="Received since then: 2h, 7d, or 2026-11-26T12:00 (UTC where it does not say).",
    ),
]
UntilOption = Annotated[
    str | None, typer.Option("--until", metavar="TIME", help="Received before then; written as --since.")
]
BookingOption = Annotated[
    str | None,
    typer.Option("--booking", metavar="URI", help="Only those about this scheduled event; its id is enough."),
]
IdArgument = Annotated[
    int, typer.Argument(metavar="ID", help="The delivery's id, as `supops webhooks deliveries` shows it.")
]


def filter_of(
    now: "datetime",
    *,
    status: Status | None,
    event: str | None,
    source: Sender | None,
    since: str | None,
    until: str | None,
    booking: str | None,
) -> "Filter":
    """Return which deliveries are meant.

    Raises:
        UsageError: A time is none, or nothing lies between the two.
    """
    from supops.adapters.calendly_deliveries import scheduled_event_uri
    from supops.models.deliveries import Filter, State

    wanted = Filter(
        state=State(status.value) if status else None,
        source=source.value if source else None,
        event=event,
        since=moment("--since", since, now) if since else None,
        until=moment("--until", until, now) if until else None,
        lock_key=scheduled_event_uri(booking) if booking else None,
    )
    if wanted.since and wanted.until and wanted.since >= wanted.until:
        raise UsageError(
            f"--since {since} is not before --until {until}: nothing can be between.",
            hint="The earlier time goes to --since, the later one to --until.",
        )
    return wanted


def tell_unknown_event(wiring: "Wiring", event: str | None) -> None:
    """Name the nearest event, where no sender is known to have the one that is asked for."""
    from supops.adapters.delivery_samples import SENDERS
    from supops.adapters.zendesk_deliveries import EVENT_PREFIX
    from supops.services.sampling import nearest_event
    from supops.services.scheduling import SCHEDULES

    known = [*SENDERS, *(one.name for one in SCHEDULES)]
    if event is None or event in known or event.startswith(EVENT_PREFIX):
        return
    nearest = nearest_event(event, known)
    meant = f"; did you mean {nearest}?" if nearest else ""
    wiring.terminal.note(f"no sender is known to have an event {event[:80]!r}{meant}")


def moment(option: str, text: str, now: "datetime") -> "datetime":
    """Return the time that was typed: a duration before now, or a date with or without a time.

    Raises:
        UsageError: It is neither.
    """
    from datetime import UTC, datetime, timedelta

    from supops.commands.audit_options import DURATION
    from supops.setting_types import seconds_of

    try:
        if DURATION.fullmatch(text):
            return now - timedelta(seconds=seconds_of(text))
        typed = datetime.fromisoformat(text)
        return (typed if typed.tzinfo else typed.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise UsageError(f"{option}: {text} is longer than there is a calendar for.") from None
    except ValueError:
        raise UsageError(
            f"{option}: {text!r} is no time.",
            hint="Write how long ago (2h, 7d), or a time: 2026-11-26T12:00.",
        ) from None


def older_than(option: str, text: str, now: "datetime") -> "datetime":
    """Return the time that lies a duration back.

    Raises:
        UsageError: It is no duration.
    """
    return moment(option, duration(option, text) or text, now)


@contextmanager
def handed_over(
    wiring: "Wiring", file: Path | None, *, private: bool = False
) -> Iterator[Callable[[str], object]]:
    """Yield what takes the pieces of a result that is too long to be held: to standard output, or into a file as a whole.

    Args:
        wiring: Knows the terminal.
        file: Where to; None for standard output.
        private: Whether the file is for its owner only.

    Raises:
        SupopsError: The file can't be written.
    """
    if file is None:
        stdout = wiring.terminal.stdout
        yield stdout.write
        stdout.flush()
        return
    from supops.files import writing_whole

    try:
        with writing_whole(file, private=private) as stream:

            def write(text: str) -> None:
                stream.write(text.encode("utf-8", "backslashreplace"))

            yield write
    except OSError as error:
        raise SupopsError(f"{file} can't be written: {error.strerror}") from None
    wiring.terminal.note(f"written to {file}")
