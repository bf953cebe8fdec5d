"""The state of the simulated platforms: seeded with one story, changed by requests, kept in a file between commands."""

import json
import os
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType

from supops.sandbox.users import User, seeded_users

VERSION = 1
FILE_NAME = "world.json"
INSTANCES = ("global", "us-government")
CLIENT_ID = "supops"
# Made up, and good for nothing but the simulated platforms.
DEMO_SECRETS = MappingProxyType(
    {
        "DEMO_ZENDESK_GLOBAL_SECRET": "demo-client-secret-global",
        "DEMO_ZENDESK_US_GOVERNMENT_SECRET": "demo-client-secret-us-government",
        "DEMO_ZENDESK_ACCESS_TOKEN": "demo-ready-access-token",
        "DEMO_ZENDESK_API_TOKEN": "demo-api-token",
    }
)
DEMO_API_EMAIL = "bot@example.com"
ALLOWED_ADMINS = ("owner@example.com",)


class WorldError(Exception):
    """The saved state can't be used; the message says what to do."""


@dataclass(slots=True)
class OAuthToken:
    """An access token that was minted. `expires_at` is in seconds since 1970."""

    id: int
    token: str
    client_id: str
    scopes: list[str]
    expires_at: float


@dataclass(slots=True)
class Role:
    """A custom role. `role_type`: 0 custom, 1 light agent, 4 admin."""

    id: int
    name: str
    role_type: int


@dataclass(slots=True)
class ZendeskState:
    """One Zendesk instance.

    Attributes:
        tokens: OAuth tokens that are alive, by the token itself.
        plan_limit: Requests a minute.
        has_custom_roles: False for plans without them.
        takes_api_tokens: False from 2027-04-30 on.
        revokes_current: False for the quirk that users report: DELETE of the current token answers 204, and it lives on.
        counts_exactly: False while the platform still computes a count.
        link_host: The host in links of pages, which need not be the one that was asked; None for the one that was.
    """

    users: list[User] = field(default_factory=list)
    roles: list[Role] = field(default_factory=list)
    clients: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, OAuthToken] = field(default_factory=dict)
    ready_token: str = DEMO_SECRETS["DEMO_ZENDESK_ACCESS_TOKEN"]
    api_email: str = DEMO_API_EMAIL
    api_token: str = DEMO_SECRETS["DEMO_ZENDESK_API_TOKEN"]
    next_token_id: int = 1
    plan_limit: int = 700
    has_custom_roles: bool = True
    takes_api_tokens: bool = True
    revokes_current: bool = True
    counts_exactly: bool = True
    link_host: str | None = "https://mapped.example.com:443"
    revision: int = 0

    def changed(self) -> None:
        """Say that the users changed, so that what was computed from them is computed again."""
        self.revision += 1


@dataclass(slots=True)
class World:
    """All simulated platforms. Whoever reads or changes it holds the lock.

    Attributes:
        calendly: State of the simulated Calendly.
        gitlab: State of the simulated GitLab.
        google_calendar: State of the simulated Google Calendar.
        now: Seconds since 1970; replaced in tests.
    """

    zendesk: dict[str, ZendeskState]
    calendly: dict[str, object] = field(default_factory=dict)
    gitlab: dict[str, object] = field(default_factory=dict)
    google_calendar: dict[str, object] = field(default_factory=dict)
    folder: Path | None = None
    now: Callable[[], float] = time.time
    lock: threading.RLock = field(default_factory=threading.RLock)

    @classmethod
    def seeded(cls) -> "World":
        """Return the story's beginning, kept in no file."""
        return cls({key: _seeded_instance(key) for key in INSTANCES})

    @classmethod
    def open(cls, folder: Path) -> "World":
        """Return the world that a folder holds, or the story's beginning where it holds none.

        Raises:
            WorldError: The saved state is broken, or of another version.
        """
        world = cls.seeded()
        world.folder = folder
        try:
            saved = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return world
        except ValueError as error:
            raise WorldError(
                f"The embedded world in {folder} can't be read ({error}). Run: supops demo reset"
            ) from None
        if not isinstance(saved, dict) or saved.get("version") != VERSION:
            raise WorldError(f"The embedded world in {folder} is of another version. Run: supops demo reset")
        try:
            world.restore(saved)
        except (KeyError, TypeError) as error:
            raise WorldError(
                f"The embedded world in {folder} is broken ({error!r}). Run: supops demo reset"
            ) from None
        return world

    def restore(self, saved: dict[str, dict[str, dict[str, list[dict[str, object]]]]]) -> None:
        """Take over what was saved."""
        for key, state in saved["zendesk"].items():
            tokens = [_token(token) for token in state["tokens"]]
            self.zendesk[key].tokens = {token.token: token for token in tokens}
            self.zendesk[key].next_token_id = max((token.id for token in tokens), default=0) + 1

    def save(self) -> None:
        """Keep what changed, so that the next process sees it; nothing where the world has no folder."""
        if self.folder is None:
            return
        with self.lock:
            zendesk = {
                key: {"tokens": [asdict(token) for token in state.tokens.values()]}
                for key, state in self.zendesk.items()
            }
            text = json.dumps({"version": VERSION, "zendesk": zendesk}, indent=1)
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=self.folder, prefix=f".{FILE_NAME}.")
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        Path(temporary).replace(self.folder / FILE_NAME)


def _token(saved: dict[str, object]) -> OAuthToken:
    scopes = saved["scopes"]
    if not isinstance(scopes, list):
        raise TypeError("scopes is no list")
    return OAuthToken(
        int(str(saved["id"])),
        str(saved["token"]),
        str(saved["client_id"]),
        [str(scope) for scope in scopes],
        float(str(saved["expires_at"])),
    )


def _seeded_instance(key: str) -> ZendeskState:
    secret = "DEMO_ZENDESK_GLOBAL_SECRET" if key == "global" else "DEMO_ZENDESK_US_GOVERNMENT_SECRET"
    light, admin = (360004984553, 360004957599) if key == "global" else (360008074111, 360016820032)
    staff = 360009999001 if key == "global" else 360009999501
    roles = [Role(light, "Light agent", 1), Role(admin, "Admin", 4), Role(staff, "Support Staff", 0)]
    users = seeded_users(key, light=light, admin=admin, staff=staff)
    return ZendeskState(users=users, roles=roles, clients={CLIENT_ID: DEMO_SECRETS[secret]})


def demo_settings(urls: dict[str, str], roster: Path) -> dict[str, object]:
    """Return the settings, as they would stand in a file, for the platforms that are served at these addresses."""
    zendesk: dict[str, object] = {}
    for key in INSTANCES:
        secret = f"DEMO_ZENDESK_{key.upper().replace('-', '_')}_SECRET"
        zendesk[key] = {
            "url": urls[f"zendesk-{key}"],
            "oauth": {"client_id": CLIENT_ID, "client_secret": {"env": secret}},
            "allowed_admins": list(ALLOWED_ADMINS) if key == "global" else [],
        }
    return {"roster": {"path": str(roster)}, "zendesk": zendesk}
