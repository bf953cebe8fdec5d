"""Fetches secrets from where the settings say they are kept, and keeps new ones there."""

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from supops.errors import CredentialError, SupopsError, UsageError
from supops.files import write_new_private
from supops.models.secrets import Secret, SecretRef
from supops.services.ports import KeyPlace

KEYRING_SERVICE = "supops"
RANDOM_BYTES = 32


class SecretStore:
    """Resolves references to secrets.

    Args:
        environ: The environment variables.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def fetch(self, ref: SecretRef, *, purpose: str, is_document: bool = False) -> Secret:
        """Fetch a secret.

        Args:
            ref: Where it is kept.
            purpose: What it is, for messages: ``the OAuth client secret for Zendesk Global``.
            is_document: Whether it may have several lines.

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
        if not is_document and not value.isprintable():
            raise CredentialError(
                f"{purpose[:1].upper()}{purpose[1:]} from {ref} has line breaks or control characters in it",
                hint="It must be the secret alone, on one line.",
            )
        return Secret(value, str(ref))

    def keep_new(self, ref: SecretRef, *, purpose: str) -> Secret:
        """Make a random secret and keep it. One that is there already is never replaced: it may be in use.

        Args:
            ref: Where to keep it: a file or an entry of the keyring.
            purpose: As in `fetch`.

        Raises:
            UsageError: There is one already, or nothing can be kept in such a place.
            SupopsError: It could not be kept.
        """
        self.check_new(ref, purpose=purpose)
        value = secrets.token_urlsafe(RANDOM_BYTES)
        if ref.file is not None:
            _into_file(Path(ref.file).expanduser(), value, purpose)
        elif ref.keyring is not None:
            _into_keyring(ref.keyring, value)
        return Secret(value, str(ref))

    def check_new(self, ref: SecretRef, *, purpose: str) -> None:
        """See whether `keep_new` would succeed, and keep nothing.

        Raises:
            SupopsError: As `keep_new`.
        """
        if ref.file is not None:
            _check_file(Path(ref.file).expanduser(), purpose)
        elif ref.keyring is not None:
            _check_keyring(ref.keyring, purpose)
        else:
            raise UsageError(
                f"{purpose[:1].upper()}{purpose[1:]} can't be kept in {ref}: it is an environment variable."
            )

    def forget(self, ref: SecretRef) -> None:
        """Take back what `keep_new` kept, before anybody has used it; what can't be taken back stays."""
        if ref.file is not None:
            with suppress(OSError):
                Path(ref.file).expanduser().unlink()
        elif ref.keyring is not None:
            _out_of_keyring(ref.keyring)


class NewKey(KeyPlace):
    """A place for one new secret.

    Args:
        store: Keeps it.
        ref: Where.
        purpose: As in `SecretStore.fetch`.
    """

    def __init__(self, store: SecretStore, ref: SecretRef, *, purpose: str) -> None:
        self.name = str(ref)
        self._store = store
        self._ref = ref
        self._purpose = purpose
        self._is_made = False

    def check(self) -> None:
        """See `supops.services.ports.KeyPlace`."""
        self._store.check_new(self._ref, purpose=self._purpose)

    def make(self) -> Secret:
        """See `supops.services.ports.KeyPlace`."""
        made = self._store.keep_new(self._ref, purpose=self._purpose)
        self._is_made = True
        return made

    def forget(self) -> None:
        """See `supops.services.ports.KeyPlace`. What was there before is left alone."""
        if self._is_made:
            self._is_made = False
            self._store.forget(self._ref)


def _check_file(path: Path, purpose: str) -> None:
    if path.exists() or path.is_symlink():
        raise _is_there(path, purpose)
    folder = next(one for one in path.absolute().parents if one.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        problem = "may not be written to" if folder.is_dir() else "is no folder"
        raise SupopsError(f"{purpose[:1].upper()}{purpose[1:]} can't be kept in {path}: {folder} {problem}")


def _is_there(path: Path, purpose: str) -> UsageError:
    return UsageError(
        f"{path} is there already: {purpose} in it may be in use.",
        hint="Name another file, or move it away.",
    )


def _into_file(path: Path, value: str, purpose: str) -> None:
    try:
        write_new_private(path, f"{value}\n".encode())
    except FileExistsError:
        # Somebody was faster.
        raise _is_there(path, purpose) from None
    except OSError as error:
        raise SupopsError(
            f"{purpose[:1].upper()}{purpose[1:]} can't be kept in {path}: {error.strerror}"
        ) from None


def _check_keyring(entry: str, purpose: str) -> None:
    import keyring
    from keyring.errors import KeyringError

    try:
        if keyring.get_password(KEYRING_SERVICE, entry):
            raise UsageError(
                f"The keyring has {entry} already: {purpose} in it may be in use.", hint="Name another entry."
            )
    except KeyringError as error:
        raise SupopsError(f"The keyring can't be used here ({error})") from None


def _into_keyring(entry: str, value: str) -> None:
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.set_password(KEYRING_SERVICE, entry, value)
    except KeyringError as error:
        raise SupopsError(f"The keyring can't be used here ({error})") from None


def _out_of_keyring(entry: str) -> None:
    import keyring
    from keyring.errors import KeyringError

    with suppress(KeyringError):
        keyring.delete_password(KEYRING_SERVICE, entry)


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
