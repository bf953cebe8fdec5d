"""The state of the simulated platforms: seeded with one story, changed by requests, kept in a file between commands.

Commands that run at the same time share that file, as they would share the real platforms.
"""

import fcntl
import json
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from supops.sandbox import gitlab_license_requests, gitlab_seed, gitlab_work_seed
from supops.sandbox.bookings import BOT, BOT_EMAIL, user_uri
from supops.sandbox.files import FLOW, FOLDER, ISSUES_FOLDER, WAIVERS
from supops.sandbox.gitlab_state import GitLabState
from supops.sandbox.license_requests import license_settings
from supops.sandbox.states import (
    CalendlyState,
    CalendlyToken,
    GoogleState,
    OAuthToken,
    Role,
    SharedCalendar,
    ZendeskState,
)
from supops.sandbox.subscriptions import subscriptions
from supops.sandbox.users import seeded_users
from supops.sandbox.webhook_story import seeded_webhooks

VERSION = 4
FILE_NAME = "world.json"
LOCK_NAME = ".world.lock"
ROSTER_FOLDER = "support-team"
INSTANCES = ("global", "us-government")
CLIENT_ID = "supops"
# Made up, and good for nothing but the simulated platforms.
DEMO_SECRETS = MappingProxyType(
    {
        "DEMO_ZENDESK_GLOBAL_SECRET": "demo-client-secret-global",
        "DEMO_ZENDESK_US_GOVERNMENT_SECRET": "demo-client-secret-us-government",
        "DEMO_ZENDESK_ACCESS_TOKEN": "demo-ready-access-token",
        "DEMO_ZENDESK_API_TOKEN": "demo-api-token",
        "DEMO_CALENDLY_TOKEN": "demo-calendly-token",
        "DEMO_CALENDLY_SIGNING_KEY": "demo-calendly-signing-key",
        "DEMO_ZENDESK_WEBHOOK_SECRET": "demo-zendesk-signing-secret",
        "DEMO_GITLAB_TOKEN": "demo-gitlab-token",
    }
)
DEMO_API_EMAIL = "bot@example.com"
ALLOWED_ADMINS = ("owner@example.com",)


CALENDAR_IDS = MappingProxyType(
    {
        "us-government": "us-government@group.calendar.example.com",
        "global": "global@group.calendar.example.com",
    }
)
ALL_SCOPES = (
    "users:read",
    "organizations:read",
    "webhooks:write",
    "scheduled_events:read",
    "event_types:read",
    "contacts:read",
    "meeting_recaps:read",
    "routing_forms:read",
)
# What was saved in JSON: whoever takes it over looks at each part.
Saved = dict[str, Any]


class WorldError(Exception):
    """The saved state can't be used; the message says what to do."""


@dataclass(slots=True)
class World:
    """All simulated platforms. Whoever answers a request has it `alone`.

    Attributes:
        calendly: State of the simulated Calendly.
        gitlab: State of the simulated GitLab.
        google_calendar: State of the simulated Google Calendar.
        now: Seconds since 1970; replaced in tests.
    """

    zendesk: dict[str, ZendeskState]
    calendly: CalendlyState = field(default_factory=CalendlyState)
    gitlab: GitLabState = field(default_factory=GitLabState)
    google_calendar: GoogleState = field(default_factory=GoogleState)
    folder: Path | None = None
    now: Callable[[], float] = time.time
    lock: threading.RLock = field(default_factory=threading.RLock)
    # Which saved state is known: the file's number and time.
    _stamp: tuple[int, int] = (0, 0)

    @classmethod
    def seeded(cls, now: Callable[[], float] = time.time) -> "World":
        """Return the story's beginning, kept in no file.

        Args:
            now: The world's clock: what happened before counts back from it.
        """
        zendesk = {key: _seeded_instance(key) for key in INSTANCES}
        calendars = {identity: SharedCalendar() for identity in CALENDAR_IDS.values()}
        gitlab = gitlab_seed.seeded(DEMO_SECRETS["DEMO_GITLAB_TOKEN"])
        gitlab_work_seed.seed(gitlab, now())
        gitlab_license_requests.seed(gitlab, gitlab_seed.TRACKER, now())
        return cls(zendesk, _seeded_calendly(now()), gitlab, GoogleState(calendars), now=now)

    @classmethod
    def open(cls, folder: Path) -> "World":
        """Return the world that a folder holds, or the story's beginning where it holds none.

        Raises:
            WorldError: The saved state is broken, or of another version.
        """
        world = cls.seeded()
        world.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        with world.alone():
            return world

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep everybody else out, other processes included, and take over what they have saved since."""
        with self.lock:
            if self.folder is None:
                yield
                return
            with (self.folder / LOCK_NAME).open("ab") as stream:
                fcntl.flock(stream, fcntl.LOCK_EX)
                self._take_over(self.folder / FILE_NAME)
                yield

    def _take_over(self, file: Path) -> None:
        try:
            stamp = file.stat()
            if (stamp.st_ino, stamp.st_mtime_ns) == self._stamp:
                return
            saved = json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return
        except ValueError as error:
            raise WorldError(
                f"The embedded world in {file.parent} can't be read ({error}). Run: supops demo reset"
            ) from None
        if not isinstance(saved, dict) or saved.get("version") != VERSION:
            raise WorldError(
                f"The embedded world in {file.parent} is of another version. Run: supops demo reset"
            )
        try:
            self.restore(saved)
        except (KeyError, TypeError) as error:
            raise WorldError(
                f"The embedded world in {file.parent} is broken ({error!r}). Run: supops demo reset"
            ) from None
        self._stamp = (stamp.st_ino, stamp.st_mtime_ns)

    def restore(self, saved: Saved) -> None:
        """Take over what was saved."""
        self.calendly.subscriptions = list(saved["calendly"]["subscriptions"])
        self.calendly.signing_keys = dict(saved["calendly"].get("signing_keys", {}))
        calendars = saved["google_calendar"]["calendars"]
        self.google_calendar.calendars = {key: SharedCalendar(**kept) for key, kept in calendars.items()}
        self.google_calendar.version = int(saved["google_calendar"]["version"])
        self.gitlab.restore(saved["gitlab"])
        for key, state in saved["zendesk"].items():
            tokens = [_token(token) for token in state["tokens"]]
            self.zendesk[key].tokens = {token.token: token for token in tokens}
            self.zendesk[key].next_token_id = max((token.id for token in tokens), default=0) + 1

    def save(self) -> None:
        """Keep what changed, so that other processes see it; nothing where the world has no folder. For whoever has it alone."""
        if self.folder is None:
            return
        zendesk = {
            key: {"tokens": [asdict(token) for token in state.tokens.values()]}
            for key, state in self.zendesk.items()
        }
        google = self.google_calendar
        calendars = {key: asdict(calendar) for key, calendar in google.calendars.items()}
        saved = {
            "version": VERSION,
            "zendesk": zendesk,
            "calendly": {
                "subscriptions": self.calendly.subscriptions,
                "signing_keys": self.calendly.signing_keys,
            },
            "google_calendar": {"version": google.version, "calendars": calendars},
            "gitlab": self.gitlab.saved(),
        }
        text = json.dumps(saved, indent=1)
        handle, temporary = tempfile.mkstemp(dir=self.folder, prefix=f".{FILE_NAME}.")
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        file = Path(temporary).replace(self.folder / FILE_NAME)
        stamp = file.stat()
        self._stamp = (stamp.st_ino, stamp.st_mtime_ns)


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
    return ZendeskState(
        users=users,
        roles=roles,
        clients={CLIENT_ID: DEMO_SECRETS[secret]},
        ready_token=DEMO_SECRETS["DEMO_ZENDESK_ACCESS_TOKEN"],
        api_email=DEMO_API_EMAIL,
        api_token=DEMO_SECRETS["DEMO_ZENDESK_API_TOKEN"],
        webhooks=seeded_webhooks(key),
    )


def _seeded_calendly(now: float) -> CalendlyState:
    narrow, member = ("users:read", "webhooks:read"), user_uri("tessa.young")
    tokens = {
        DEMO_SECRETS["DEMO_CALENDLY_TOKEN"]: CalendlyToken(BOT, ALL_SCOPES),
        "demo-narrow-token": CalendlyToken(BOT, narrow),
        "demo-member-token": CalendlyToken(member, ALL_SCOPES),
    }
    return CalendlyState(tokens, subscriptions=subscriptions(now))


def demo_settings(urls: dict[str, str], folder: Path, *, backend: str = "ics") -> dict[str, object]:
    """Return the settings, as they would stand in a file, for the platforms that are served at these addresses.

    Args:
        urls: The platforms' addresses.
        folder: Where the world is kept.
        backend: Of the team calendars: ``ics`` files, or the simulated ``google``.
    """
    zendesk: dict[str, object] = {}
    for key in INSTANCES:
        secret = f"DEMO_ZENDESK_{key.upper().replace('-', '_')}_SECRET"
        zendesk[key] = {
            "url": urls[f"zendesk-{key}"],
            "oauth": {"client_id": CLIENT_ID, "client_secret": {"env": secret}},
            "allowed_admins": list(ALLOWED_ADMINS) if key == "global" else [],
        }
    return {
        "roster": {"path": str(folder / ROSTER_FOLDER)},
        "zendesk": zendesk,
        "calendly": {
            "url": urls["calendly"],
            "token": {"env": "DEMO_CALENDLY_TOKEN"},
            "signing_key": {"env": "DEMO_CALENDLY_SIGNING_KEY"},
            "allowed_members": [BOT_EMAIL],
        },
        "gitlab": gitlab_seed.settings(urls["gitlab"]),
        "waivers": str(folder / FOLDER / WAIVERS),
        "issues": {"flow": str(folder / ISSUES_FOLDER / FLOW)},
        "licenses": license_settings(folder),
        "receiver": {"zendesk_secrets": {"env": "DEMO_ZENDESK_WEBHOOK_SECRET"}},
        # Nobody who tries things out waits for hours until a delivery is given up.
        "queue": {"tries": 3, "first_pause": "2s", "lease": "10s"},
        "google": {"api_endpoint": f"{urls['google-calendar']}/calendar/v3/"},
        "calendars": {
            "backend": backend,
            "folder": str(folder / "calendars"),
            **{key: {"id": identity} for key, identity in CALENDAR_IDS.items()},
        },
    }
