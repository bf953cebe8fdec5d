"""The keys that license files are signed and read with, from the settings or as somebody names them."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from supops.errors import CredentialError, UsageError

if TYPE_CHECKING:
    from supops.license_settings import Licenses
    from supops.platforms import Platforms
    from supops.services.license_ports import LicenseReader, LicenseSigner

PASSPHRASE = "the private key's passphrase"


class LicenseKeyWiring:
    """Loads the keys.

    Args:
        platforms: Everything else that is configured.
        embedded: Says where a file is that the user names: in the embedded world its own need no folder.
    """

    def __init__(self, platforms: "Platforms", embedded: Callable[[Path], Path]) -> None:
        self._platforms = platforms
        self._embedded = embedded

    @property
    def _settings(self) -> "Licenses":
        return self._platforms.config.settings.licenses

    def signer(
        self, named: Path | None, variable: str | None, ask: Callable[[], str | None]
    ) -> "LicenseSigner":
        """Load the private key: from the file that is named, or that the settings name.

        Args:
            named: The PEM file; None for that of the settings.
            variable: Environment variable with its passphrase; None for that of the settings.
            ask: Asks for the passphrase, and returns None where nobody can be asked.

        Raises:
            UsageError: No file is named.
            CredentialError: The key can't be used, or its passphrase is missing or wrong.
        """
        from supops.adapters.license_keys import load_signer

        configured = self._key_file(0)
        file = self._embedded(named) if named else configured
        if file is None:
            raise UsageError(
                "There is no private key to sign with.",
                hint="Name its PEM file with --private-key. Without the key, `supops licenses form` says what to enter in the "
                "administration form instead.",
            )

        def passphrase() -> str:
            return self._passphrase(variable, ask)

        signer = load_signer(file, passphrase, self._platforms.terminal)
        if self._settings.public_key and signer.reader() != self.reader(None):
            self._platforms.terminal.warn(
                "the private key is another one than licenses.public_key belongs to: what it signs is read with --public-key only"
            )
        return signer

    def _passphrase(self, variable: str | None, ask: Callable[[], str | None]) -> str:
        from supops.models.secrets import SecretRef

        if variable:
            return self._platforms.user_secrets.fetch(SecretRef(env=variable), purpose=PASSPHRASE).reveal()
        if self._settings.passphrase:
            return self._platforms.secrets.fetch(self._settings.passphrase, purpose=PASSPHRASE).reveal()
        answer = ask()
        if answer is None:
            raise CredentialError(
                "The private key has a passphrase, and there is no terminal to ask for it on.",
                hint="Set licenses.passphrase to where it is kept, or name an environment variable with --passphrase-env.",
            )
        return answer

    def reader(self, named: Path | None) -> "LicenseReader":
        """Load the public key: from the file that is named, or that the settings name.

        Raises:
            UsageError: No file is named, or it is no such key.
        """
        from supops.adapters.license_keys import load_reader

        configured = self._key_file(1)
        file = self._embedded(named) if named else configured
        if file is None:
            raise UsageError(
                "There is no public key to read the license with.",
                hint="Name its PEM file with --public-key, or set licenses.public_key.",
            )
        return load_reader(file)

    def _key_file(self, place: int) -> Path | None:
        """Return where the settings say that a key is: 0 for the private one, 1 for the public one. The embedded world makes its own."""
        settings = self._settings
        files = (settings.private_key, settings.public_key)
        if self._platforms.options.demo and files[0] and files[1]:
            from supops.adapters.license_keys import make_throwaway

            make_throwaway(Path(files[0]), Path(files[1]))
        configured = files[place]
        return Path(configured) if configured else None

    @property
    def key_facts(self) -> str:
        """What the keys of the settings are.

        Raises:
            SupopsError: One of them can't be used.
        """
        from supops.adapters.license_keys import key_facts

        return key_facts(self._key_file(0), self._key_file(1))
