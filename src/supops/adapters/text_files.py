"""Texts that somebody wrote for an issue, in a file or on standard input."""

from supops.errors import UsageError

STANDARD_INPUT = "-"


def read_own_text(named: str, what: str, *, most: int) -> str:
    """Read a text, whose lines end as they do here, and without white space.

    Args:
        named: The file's path, or ``-`` for standard input.
        what: What it is, for the message: ``gameplan``.
        most: How many bytes it may have.

    Raises:
        UsageError: It can't be read, is longer, is empty, or is no text in UTF-8.
    """
    from_input = named == STANDARD_INPUT
    try:
        with open(0 if from_input else named, "rb", closefd=not from_input) as stream:
            data = stream.read(most + 1)
    except OSError as error:
        raise UsageError(f"The {what} {named} can't be read: {error.strerror}.") from None
    if len(data) > most:
        raise UsageError(f"The {what} {named} is longer than {most:,} bytes.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"The {what} {named} is no text in UTF-8: {error.reason}.") from None
    if not text.strip():
        raise UsageError(f"The {what} {named} is empty.", hint="Write down what is to be said, in Markdown.")
    return "\n".join(line.rstrip(" \t\r") for line in text.split("\n"))
