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
    return reader(_read(named, most, via), notices)


def read_bytes(named: str, *, most: int) -> bytes:
    """Read a body byte for byte.

    Args:
        named: The file's path, or ``-`` for standard input.
        most: How many bytes it may have.

    Raises:
        UsageError: It can't be read, or is longer.
    """
    data = _read(named, most, "")
    if len(data) > most:
        raise UsageError(f"The payload {named} is longer than {most >> 10} KiB.")
    return data


def read_text(named: str, *, most: int) -> str:
    """Read what is to be sent as it is.

    Args:
        named: The file's path, or ``-`` for standard input.
        most: How many bytes may be sent.

    Raises:
        UsageError: It can't be read, is longer, or is no text in UTF-8.
    """
    data = _read(named, most, "")
    if len(data) > most:
        raise UsageError(f"The payload {named} is longer than {most >> 10} KiB, and would not be sent.")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"The payload {named} is no text in UTF-8: {error.reason}.") from None


def _read(named: str, most: int, via: str) -> bytes:
    """Read a file, but no more than one byte beyond what is wanted."""
    from_input = named == STANDARD_INPUT
    try:
        with open(0 if from_input else named, "rb", closefd=not from_input) as stream:
            return stream.read(most + 1)
    except OSError as error:
        raise UsageError(f"The payload {named}{via} can't be read: {error.strerror}") from None
