"""The users of the simulated Zendesk instances, and large populations for benchmarks."""

import unicodedata
from dataclasses import dataclass
from types import MappingProxyType

from supops.sandbox.people import FIRST_ID, PEOPLE, Person

UNSEEN = "2026-09-01T08:00:00Z"
# Whose user on Zendesk Global is not what the roster says: name, email, role or suspension.
_GLOBAL_DEFECTS: MappingProxyType[str, dict[str, object]] = MappingProxyType(
    {
        "tessa.young": {"kind": "light"},
        "megan.oconnor": {"name": "Megan O'Connor-Reyes"},
        # The same name, written in another way: no defect.
        "francois.lefevre": {"name": unicodedata.normalize("NFD", "François  Lefèvre ")},
        "luis.hernandez": {"email": "luis.hdez@example.org"},
        # The same address in another case: no defect.
        "henrik.sorensen": {"email": "Henrik.Sorensen@Example.com"},
        "victor.chen": {"kind": "admin"},
        "owner": {"kind": "admin"},
        "elif.yilmaz": {"suspended": True},
    }
)
_FEDERAL_DEFECTS: MappingProxyType[str, dict[str, object]] = MappingProxyType(
    {
        "isaac.moreno": {"name": "Ike Moreno"},
        "priya.raman": {"email": "priya.raman@example.org"},
        "umar.farouk": {"kind": "admin"},
        "noah.schmidt": {"suspended": True},
    }
)
_WITHOUT_USER = frozenset({"quentin.hale", "zoe.fraser"})
_OTHERS = (
    ("Ada Finch", "light"),
    ("Bram Osei", "light"),
    ("Carla Nunes", "light"),
    ("Dmitri Volkov", "light"),
    ("Esther Amsel", "light"),
    ("Farida Haddad", "light"),
    ("Gonzalo Rey", "light"),
    ("Hideo Mori", "light"),
    ("Ines Faria", "light"),
    ("Joy <b>Adeyemi</b>", "light"),
    ("Kofi =HYPERLINK(1)", "light"),
    ("Support Bot", "staff"),
)
_LEFT = ("Gary Former", "gary.former", True)


@dataclass(slots=True)
class User:
    """A user, as far as users differ. The rest of Zendesk's some 45 members is the same for all."""

    id: int
    name: str
    email: str | None
    role: str
    role_type: int | None = None
    custom_role_id: int | None = None
    suspended: bool = False
    active: bool = True
    last_login_at: str | None = None

    def as_json(self) -> dict[str, object]:
        """Return the user as Zendesk shows it to agents and admins."""
        return {
            "id": self.id,
            "url": f"https://example.zendesk.com/api/v2/users/{self.id}.json",
            "name": self.name,
            "email": self.email,
            "created_at": "2021-05-03T09:00:00Z",
            "updated_at": "2026-08-31T10:11:12Z",
            "time_zone": "Eastern Time (US & Canada)",
            "iana_time_zone": "America/New_York",
            "phone": None,
            "shared_phone_number": None,
            "photo": None,
            "locale_id": 1,
            "locale": "en-US",
            "organization_id": 360_000_000_001,
            "role": self.role,
            "verified": True,
            "external_id": None,
            "tags": ["seeded"],
            "alias": "",
            "active": self.active,
            "shared": False,
            "shared_agent": False,
            "last_login_at": self.last_login_at,
            "two_factor_auth_enabled": None,
            "signature": "Best regards,\n{{agent.name}}",
            "details": "",
            "notes": "",
            "role_type": self.role_type,
            "custom_role_id": self.custom_role_id,
            "moderator": self.role != "end-user",
            "ticket_restriction": None if self.role != "end-user" else "requested",
            "only_private_comments": self.role_type == 1,
            "restricted_agent": self.role == "agent",
            "suspended": self.suspended,
            "default_group_id": 360_000_000_002,
            "report_csv": False,
            "chat_only": False,
            "user_fields": {"team": None, "manager": None},
            # Of 2026, and not in the description that clients were written against.
            "separation": {"brand_id": None, "scope": "all"},
        }


def seeded_users(instance: str, *, light: int, admin: int, staff: int) -> list[User]:
    """Return the users of an instance in the story: the team, others with access, one who left, and customers.

    Args:
        instance: ``global`` or ``us-government``.
        light: Custom role id of light agents.
        admin: Custom role id of admins.
        staff: Custom role id of full agents.
    """
    kinds = {"light": (1, light), "admin": (4, admin), "staff": (0, staff)}
    users = [_member(person, instance, kinds) for person in PEOPLE if _has_user(person, instance)]
    first = FIRST_ID + (600_000 if instance == "global" else 700_000)
    for number, (name, kind) in enumerate(_OTHERS if instance == "global" else _OTHERS[:3]):
        local = name.split()[0].lower()
        users.append(_user(first + number, name, f"{local}.{number}@example.com", kinds[kind], login=None))
    name, local, suspended = _LEFT
    left = _user(first + 100, name, f"{local}@example.com", kinds["light"], login="2024-02-02T02:02:02Z")
    left.suspended = suspended
    deleted = _user(first + 101, "Permanently Gone", None, kinds["staff"], login=None)
    deleted.active = False
    users += [left, deleted]
    users += [
        User(first + 1000 + number, f"Customer {number}", f"customer{number}@example.net", "end-user")
        for number in range(34)
    ]
    return sorted(users, key=lambda user: user.id)


def many_agents(count: int, *, light: int, admin: int, staff: int) -> list[User]:
    """Return a large population: two fifths light agents, a fiftieth admins, the others in three roles of full agents."""
    users = []
    for number in range(count):
        kind = (1, light) if number % 5 in (1, 2) else (0, staff + number % 3)
        if number % 50 == 0:
            kind = (4, admin)
        email = f"agent{number}@example.com"
        users.append(_user(400_000_000_000 + number, f"Agent Number {number}", email, kind, login=UNSEEN))
    return users


def _has_user(person: Person, instance: str) -> bool:
    return person.local not in _WITHOUT_USER if instance == "global" else bool(person.federal_role)


def _member(person: Person, instance: str, kinds: dict[str, tuple[int, int]]) -> User:
    defects = _GLOBAL_DEFECTS if instance == "global" else _FEDERAL_DEFECTS
    role = person.role if instance == "global" else person.federal_role
    kind = {"Admin": "admin", "Light agent": "light"}.get(role, "staff")
    defect = defects.get(person.local, {})
    number = person.main_id if instance == "global" else person.federal_id
    user = _user(number, person.name, person.email, kinds[str(defect.get("kind", kind))], login=UNSEEN)
    user.name = str(defect.get("name", user.name))
    user.email = str(defect.get("email", user.email))
    user.suspended = bool(defect.get("suspended", False))
    return user


def _user(number: int, name: str, email: str | None, kind: tuple[int, int], *, login: str | None) -> User:
    role_type, custom_role_id = kind
    role = "admin" if role_type == 4 else "agent"
    return User(number, name, email, role, role_type, custom_role_id, last_login_at=login)
