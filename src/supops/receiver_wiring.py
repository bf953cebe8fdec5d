"""What the receiver needs, put together from the settings: who sends, at which path, and signed with which keys."""

import re
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from supops.errors import ConfigError, CredentialError

if TYPE_CHECKING:
    from supops.adapters.calendly_deliveries import CalendlySource
    from supops.adapters.zendesk_deliveries import ZendeskSource
    from supops.models.secrets import Secret, SecretRef
    from supops.platforms import Platforms
    from supops.services.inbox_ports import Source

# Each is a path of its own, or the beginning of one; nothing in it needs quoting in a URL.
PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)+")
PATH_SECRET = re.compile(r"[A-Za-z0-9._~-]{16,200}")
RESERVED = ("/healthz", "/readyz")
CALENDLY_KEY = "the signing key for Calendly"


class ReceiverWiring:
    """Makes the senders whose deliveries are taken in.

    Args:
        platforms: Everything else that is configured.
    """

    def __init__(self, platforms: "Platforms") -> None:
        self._platforms = platforms

    @cached_property
    def calendly(self) -> "CalendlySource | None":
        """Calendly; None where no key is configured.

        Raises:
            CredentialError: A key is not where the settings say.
        """
        from supops.adapters.calendly_deliveries import CalendlySource

        keys, settings = self.calendly_keys, self._platforms.config.settings.receiver
        return CalendlySource(keys, self._tolerance(settings.calendly_tolerance)) if keys else None

    @cached_property
    def calendly_keys(self) -> "list[Secret]":
        """The keys that Calendly's deliveries may be signed with; the first is the one to sign with.

        Raises:
            CredentialError: A key is not where the settings say.
        """
        settings = self._platforms.config.settings
        keys: list[Secret] = []
        if settings.calendly.signing_key:
            keys.append(self._platforms.secrets.fetch(settings.calendly.signing_key, purpose=CALENDLY_KEY))
        if settings.receiver.calendly_keys:
            keys += self._each(settings.receiver.calendly_keys, "the further signing keys for Calendly")
        return keys

    @cached_property
    def zendesk(self) -> "ZendeskSource | None":
        """Zendesk; None where no secret is configured.

        Raises:
            CredentialError: The secrets are not where the settings say, or one of them is known to everybody.
        """
        from supops.adapters.zendesk_deliveries import ZendeskSource

        secrets, settings = self.zendesk_secrets, self._platforms.config.settings.receiver
        return ZendeskSource(secrets, self._tolerance(settings.zendesk_tolerance)) if secrets else None

    @cached_property
    def zendesk_secrets(self) -> "list[Secret]":
        """The signing secrets of Zendesk's webhooks.

        Raises:
            CredentialError: As `zendesk`.
        """
        from supops.adapters.zendesk_deliveries import PUBLIC_TEST_SECRET

        settings = self._platforms.config.settings.receiver
        if settings.zendesk_secrets is None:
            return []
        secrets = self._each(settings.zendesk_secrets, "the signing secrets of Zendesk's webhooks")
        for one in secrets:
            if one.reveal() == PUBLIC_TEST_SECRET:
                raise CredentialError(
                    f"{one.origin} is Zendesk's public test secret: everybody can sign with it.",
                    hint="Take the webhook's own, which Zendesk's Admin Center shows with the webhook (Reveal secret).",
                )
        return secrets

    def sources(self, calendly_path: str | None = None) -> "dict[str, Source]":
        """Return those that are configured, by path.

        Args:
            calendly_path: Instead of the one in the settings.

        Raises:
            ConfigError: There are no settings at all, or a path makes no sense.
            CredentialError: None is; or as `calendly` and `zendesk`.
        """
        settings = self._platforms.config.settings.receiver
        asked: list[tuple[str, str, Source | None]] = [
            ("--path" if calendly_path else "receiver.path", calendly_path or settings.path, self.calendly),
            ("receiver.zendesk_path", settings.zendesk_path, self.zendesk),
        ]
        found: dict[str, Source] = {}
        for setting, path, source in asked:
            if source is None:
                continue
            if not PATH.fullmatch(path) or path in RESERVED or path in found:
                said = "is taken" if PATH.fullmatch(path) else "should be such as /calendly"
                raise ConfigError(f"{setting} {said}, and is {path[:80]!r}.", hint="Choose another path.")
            found[path] = source
        if not found:
            self.refuse_no_settings()
            raise CredentialError(
                "There is no key to tell genuine deliveries by.",
                hint="Set calendly.signing_key (or receiver.calendly_keys) for Calendly's, receiver.zendesk_secrets for Zendesk's.",
            )
        return found

    def refuse_no_settings(self) -> None:
        """Name the ways on, where a key is missing because nothing at all is configured.

        Raises:
            ConfigError: So it is.
        """
        if self._platforms.config.is_empty:
            raise self._platforms.config.missing("calendly.signing_key")

    @property
    def path_secret(self) -> str:
        """The last part of each path that nobody can guess; empty for none.

        Raises:
            CredentialError: It is not where the settings say, or can't be a part of a path.
        """
        ref = self._platforms.config.settings.receiver.path_secret
        if ref is None:
            return ""
        secret = self._platforms.secrets.fetch(ref, purpose="the secret part of the receiver's paths")
        if not PATH_SECRET.fullmatch(secret.reveal()):
            raise CredentialError(
                f"The secret part of the receiver's paths, from {secret.origin}, should be 16 to 200 letters, digits, - and _.",
                hint="Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'",
            )
        return secret.reveal()

    def path_of(self, source: str) -> str:
        """Return the path that a sender's deliveries go to, with the part that nobody can guess.

        Raises:
            CredentialError: As `path_secret`.
        """
        settings = self._platforms.config.settings.receiver
        path = settings.zendesk_path if source == "zendesk" else settings.path
        return f"{path}/{self.path_secret}" if self.path_secret else path

    def worker_command(self, *options: str) -> list[str]:
        """Return the command line of a worker that is started by the receiver, with the same global options."""
        from supops.adapters.command_runner import PROGRAM

        return [*PROGRAM, *self._platforms.options.words(), "webhooks", "worker", *options]

    def _each(self, ref: "SecretRef", purpose: str) -> "list[Secret]":
        """Return the secrets at a place, one on each line."""
        from supops.models.secrets import Secret

        whole = self._platforms.secrets.fetch(ref, purpose=purpose, is_document=True)
        lines = enumerate(whole.reveal().splitlines(), 1)
        found = [
            Secret(line.strip(), f"{whole.origin}, line {number}") for number, line in lines if line.strip()
        ]
        for one in found:
            if not one.reveal().isprintable():
                raise CredentialError(
                    f"{one.origin}, has control characters in it.", hint="Each line must be a secret alone."
                )
        return found

    def _tolerance(self, duration: str) -> timedelta:
        from supops.setting_types import seconds_of

        return timedelta(seconds=seconds_of(duration))
