"""Payloads as a user or a pipeline hands them over: in a file, or on standard input."""

from collections.abc import Callable

from supops.errors import UsageError
from supops.models.bookings import Booking, OtherEvent
from supops.services.ports import Notices

STANDARD_INPUT = "-"
Reader = Callable[[bytes, Notices], Booking | OtherEvent]


def read_payload(
    named: str, reader: Reader, notices: Notices, *, most: int, via: str = ""
) -> Booking | OtherEvent:
    """Read a payload.

    Args:
        named: The file's path, or ``-`` for standard input.
        reader: Knows the scheduler's shape; another scheduler has another one.
        notices: Told what the reader left out.
        most: How many bytes the reader takes; no more than one beyond is read.
        via: Where the name is from, for the message.

    Raises:
        UsageError: It can't be read, or makes no sense.
    """
    from_input = named == STANDARD_INPUT
    try:
        with open(0 if from_input else named, "rb", closefd=not from_input) as stream:
            data = stream.read(most + 1)
    except OSError as error:
        raise UsageError(f"The payload {named}{via} can't be read: {error.strerror}") from None
    return reader(data, notices)
