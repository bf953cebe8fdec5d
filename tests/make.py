"""Small makers of the nouns that tests speak of."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from supops.models.agents import Agent, Instance
from supops.models.bookings import Booking, Host, Invitee, Meeting, Replaced
from supops.models.entries import Card, Entry, Record, entry_id
from supops.models.roster import Member, Roster, ZendeskIdentity
from supops.services.ports import TeamCalendar
from supops.services.recording import card_of, hear, to_keep

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


HOST = "hannah@example.com"
OTHER_HOST = "jo@example.com"
AN_HOUR = timedelta(hours=1)
TIME = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def at(minutes: int) -> datetime:
    """So many minutes into the story."""
    return TIME + timedelta(minutes=minutes)


def meeting(
    number: int = 1,
    name: str = "Support onboarding",
    *,
    canceled: bool = False,
    hosts: tuple[str | None, ...] = (OTHER_HOST,),
    active: int | None = None,
) -> Meeting:
    start = datetime(2026, 11, 27, 10, 0, tzinfo=UTC) + timedelta(days=number)
    return Meeting(
        f"https://api.calendly.com/scheduled_events/M{number}",
        name,
        start,
        start + AN_HOUR / 2,
        canceled,
        tuple(Host(email) for email in hosts),
        active_invitees=active,
    )


def invitee(number: int = 1, *, canceled: bool = False, of: int = 1) -> Invitee:
    uri = f"https://api.calendly.com/scheduled_events/M{of}/invitees/I{number}"
    return Invitee(
        uri, f"Invitee Number {number}", canceled, (("Ticket?", str(4700 + number)),), "Europe/Berlin"
    )


def booked(
    minutes: int = 0,
    *,
    of: Meeting | None = None,
    by: Invitee | None = None,
    replaced: Replaced | None = None,
) -> Booking:
    return Booking("invitee.created", at(minutes), of or meeting(), (by or invitee(),), replaced)


def canceled(minutes: int = 10, *, of: Meeting | None = None, by: Invitee | None = None) -> Booking:
    return Booking(
        "invitee.canceled", at(minutes), of or meeting(canceled=True), (by or invitee(canceled=True),)
    )


def us_government_team() -> Roster:
    """Hannah is a US Government support agent, and Jo is not."""
    hannah = member("Hannah", HOST, key="us-federal", file="hannah.yaml")
    return Roster((hannah, member("Jo", OTHER_HOST)))


MEETING_ID = entry_id(meeting().uri)
# What an entry remembers after one booking, and is shown.
RECORD = replace(to_keep(hear(Record(meeting().uri), booked(), "global")), shown=True)


def card_shown(record: Record = RECORD) -> Card:
    """What people see of an entry that remembers this."""
    made = card_of(record)
    assert made is not None
    return made


def found(calendar: TeamCalendar, identity: str = MEETING_ID) -> Entry:
    """The entry, which has to be there."""
    entry = calendar.find(identity)
    assert entry is not None
    return entry
