"""Small makers of the nouns that tests speak of."""

from supops.models.agents import Agent, Instance
from supops.models.roster import Member, ZendeskIdentity

LIGHT, ADMIN, STAFF = 11, 22, 33
INSTANCE = Instance("global", "Zendesk Global", "main", LIGHT, ADMIN, frozenset({"owner@example.com"}))
FEDERAL = Instance("us-government", "Zendesk US Government", "us-federal", LIGHT, ADMIN)


def agent(
    number: int = 1,
    name: str = "Jo Doe",
    email: str | None = "jo@example.com",
    *,
    role_id: int | None = STAFF,
    suspended: bool = False,
) -> Agent:
    role = "admin" if role_id == ADMIN else "agent"
    return Agent(number, name, email, role, role_id, suspended, None)


def member(
    name: str = "Jo Doe",
    email: str = "jo@example.com",
    *,
    id: int | None = 1,  # noqa: A002
    role: str | None = "Support Staff",
    key: str = "main",
    file: str = "jo.yaml",
) -> Member:
    lines = {"name": 1, "email": 2, f"zendesk.{key}": 4, f"zendesk.{key}.id": 5, f"zendesk.{key}.role": 6}
    return Member(name, email, zendesk={key: ZendeskIdentity(id, role)}, file=file, lines=lines)
