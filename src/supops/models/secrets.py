"""Secrets: where one is kept, and one that was fetched."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SecretRef:
    """A reference to a secret: exactly one of the three is set.

    Attributes:
        env: Name of an environment variable.
        file: Path of a file that holds nothing but the secret.
        keyring: Name of the entry in the operating system's keyring, under the service ``supops``.
    """

    env: str | None = None
    file: str | None = None
    keyring: str | None = None

    def __str__(self) -> str:
        """Name the place in the words used in messages, such as ``ZD_TOKEN`` or ``the file token.txt``."""
        if self.env is not None:
            return self.env
        return f"the file {self.file}" if self.file is not None else f"the keyring entry {self.keyring}"


class Secret:
    """A secret and where it came from. It shows itself in no representation.

    Attributes:
        origin: The place's name for messages, such as ``ZD_TOKEN``.
    """

    __slots__ = ("_value", "origin")

    def __init__(self, value: str, origin: str) -> None:
        self._value = value
        self.origin = origin

    def reveal(self) -> str:
        """Return the secret itself. Call it where it is sent, and nowhere else."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret(from {self.origin})"
