"""Fetches secrets from where the settings say they are kept."""

from collections.abc import Mapping
from pathlib import Path

from supops.errors import CredentialError
from supops.models.secrets import SecretRef

KEYRING_SERVICE = "supops"


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


class SecretStore:
    """Resolves references to secrets.

    Args:
        environ: The environment variables.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def fetch(self, ref: SecretRef, *, purpose: str) -> Secret:
        """Fetch a secret.

        Args:
            ref: Where it is kept.
            purpose: What it is, for messages: ``the OAuth client secret for Zendesk Global``.

        Raises:
            CredentialError: There is none at that place, or it is empty.
        """
        if ref.env is not None:
            value = self._environ.get(ref.env)
            missing = f"the environment variable {ref.env} is not set, or empty"
            hint = f"Set {ref.env}, or name another place in the settings."
        elif ref.file is not None:
            value, missing = _from_file(ref.file)
            hint = "Put the secret into the file, and nothing else; let only its owner read it (chmod 600)."
        else:
            entry = ref.keyring or ""
            value, missing = _from_keyring(entry)
            hint = f"Store it with: keyring set {KEYRING_SERVICE} {entry}"
        value = (value or "").strip()
        if not value:
            raise CredentialError(
                f"{purpose[:1].upper()}{purpose[1:]} is missing: {missing or 'it is empty'}", hint=hint
            )
        if not value.isprintable():
            raise CredentialError(
                f"{purpose[:1].upper()}{purpose[1:]} from {ref} has line breaks or control characters in it",
                hint="It must be the secret alone, on one line.",
            )
        return Secret(value, str(ref))


def _from_file(path: str) -> tuple[str | None, str]:
    try:
        return Path(path).expanduser().read_text(encoding="utf-8"), f"the file {path} is empty"
    except OSError as error:
        return None, f"the file {path} can't be read ({error.strerror})"
    except UnicodeDecodeError:
        return None, f"the file {path} is not text"


def _from_keyring(entry: str) -> tuple[str | None, str]:
    import keyring
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(KEYRING_SERVICE, entry), f"the keyring has no entry {entry}"
    except KeyringError as error:
        return None, f"the keyring can't be used here ({error})"
