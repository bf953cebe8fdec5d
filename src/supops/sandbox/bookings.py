"""The bookings of the embedded world: what the simulated Calendly knows, and the deliveries that tell of it."""

import json
from dataclasses import dataclass, field
from types import MappingProxyType

from supops.sandbox.people import PEOPLE, Person

API = "https://api.calendly.com"
ORGANIZATION = f"{API}/organizations/DEMOORGANIZATION"
BOT_EMAIL = "calendly-bot@example.com"
_OTHER_CASE: MappingProxyType[str, str] = MappingProxyType({"henrik.sorensen": "Henrik.Sorensen@Example.com"})
BOT = f"{API}/users/DEMOBOT"
JOINED = "2021-05-03T08:00:00.000000Z"
Json = dict[str, object]
_TRACKING = ("utm_campaign", "utm_source", "utm_medium", "utm_content", "utm_term", "salesforce_uuid")
_ZOOM: Json = {
    "type": "zoom",
    "status": "pushed",
    "join_url": "https://zoom.example.com/j/4711?pwd=demo-meeting-password",
    "data": {"id": 4711, "password": "demo-meeting-password", "settings": {}},
}
_CALL: Json = {"type": "outbound_call", "location": "+1 555 0100"}


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who books."""

    name: str
    email: str
    timezone: str = "Europe/Berlin"
    ticket: str = "4711"


@dataclass(frozen=True, slots=True)
class Slot:
    """A scheduled event of the story. `day` counts from 2026-12-01; `hour` is UTC."""

    number: int
    name: str
    hosts: tuple[str, ...]
    day: int
    hour: int
    guests: tuple[Guest, ...]
    limit: int = 1
    location: Json = field(default_factory=lambda: dict(_ZOOM))
    canceled: bool = False

    @property
    def uri(self) -> str:
        """What everything calls it."""
        return f"{API}/scheduled_events/d{self.number:07d}-0000-4000-8000-000000000000"

    def invitee_uri(self, place: int) -> str:
        """Return the URI of the invitee at a place, counted from 0."""
        return f"{self.uri}/invitees/e{self.number:03d}{place:04d}-0000-4000-8000-000000000000"


_INA = Guest("Ina Vitee", "ina.vitee@example.org")
_BO = Guest("Bo Ek", "bo.ek@example.org", "Europe/Stockholm", "4712")
_CY = Guest("Cy <b>Twombly</b>", "cy@example.org", "America/New_York", "=4713")
SLOTS: tuple[Slot, ...] = (
    Slot(1, "US Federal Support - onboarding", ("hannah.lindqvist",), 1, 15, (_INA,)),
    Slot(2, "Support onboarding", ("chloe.tremblay",), 1, 16, (_BO,)),
    Slot(3, "US Government support Q&A", ("aaron.whitfield",), 2, 15, (_CY,), location=dict(_CALL)),
    Slot(4, "Product demo", ("sales.person",), 2, 9, (_BO,)),
    Slot(5, "Support office hours", ("bjorn.hakansson", "ciaran.byrne"), 3, 10, (_INA, _BO, _CY), limit=10),
    Slot(6, "Support onboarding", ("wendy.park",), 3, 18, (_INA,), canceled=True),
    Slot(7, "Support onboarding", ("wendy.park",), 4, 18, (_INA,)),
    Slot(8, "US Federal Support - upgrade", ("new.colleague",), 4, 15, (_BO,)),
)
_BY_NUMBER: MappingProxyType[int, Slot] = MappingProxyType({slot.number: slot for slot in SLOTS})


def slot(number: int) -> Slot:
    """Return a scheduled event of the story."""
    return _BY_NUMBER[number]


def user_uri(local: str) -> str:
    """Return the URI of the user with an address."""
    return f"{API}/users/{local.upper().replace('.', '')}"


def users() -> list[Json]:
    """Return the members of the organisation: the team, without two, and with two whom the roster does not have.

    One address is in another case than in the roster.
    """
    team = [person for person in PEOPLE if person.local not in ("kiara.johnson", "zoe.fraser")]
    others = [
        Person(90, "Sales Person", "sales.person", "", "Europe/London"),
        Person(91, "Gary Former", "gary.former", "", "UTC"),
    ]
    return [_user(BOT, "Calendly Bot", BOT_EMAIL, "UTC")] + [
        _user(user_uri(person.local), person.name, _OTHER_CASE.get(person.local, person.email), person.zone)
        for person in (*team, *others)
    ]


def scheduled_event(booked: Slot) -> Json:
    """Return a scheduled event as Calendly's API shows it."""
    active = 0 if booked.canceled else len(booked.guests)
    return {**_scheduled_event(booked, active), "calendar_event": None}


def _scheduled_event(booked: Slot, active: int) -> Json:
    """Return a scheduled event as deliveries have it; so many invitees have not canceled."""
    day = f"2026-12-{booked.day:02d}"
    return {
        "uri": booked.uri,
        "name": booked.name,
        "meeting_notes_plain": None,
        "meeting_notes_html": None,
        "status": "active" if active else "canceled",
        "start_time": f"{day}T{booked.hour:02d}:00:00.000000Z",
        "end_time": f"{day}T{booked.hour:02d}:30:00.000000Z",
        "event_type": f"{API}/event_types/DEMOTYPE{booked.number}",
        "location": booked.location,
        "invitees_counter": {"total": len(booked.guests), "active": active, "limit": booked.limit},
        "created_at": "2026-11-20T09:00:00.000000Z",
        "updated_at": "2026-11-20T09:00:01.000000Z",
        "event_memberships": [
            {
                "user": user_uri(local),
                "user_email": f"{local}@example.com",
                "user_name": local.replace(".", " ").title(),
            }
            for local in booked.hosts
        ],
        "event_guests": [],
    }


def invitee(booked: Slot, place: int, *, canceled: bool = False) -> Json:
    """Return an invitee as Calendly shows it."""
    guest = booked.guests[place]
    first, _, last = guest.name.partition(" ")
    number = booked.invitee_uri(place).rpartition("/")[2]
    off = canceled or booked.canceled
    moved = off and booked.number == 6
    return {
        "uri": booked.invitee_uri(place),
        "email": guest.email,
        "first_name": first,
        "last_name": last,
        "name": guest.name,
        "status": "canceled" if off else "active",
        "questions_and_answers": [{"question": "Ticket number?", "answer": guest.ticket, "position": 0}],
        "timezone": guest.timezone,
        "event": booked.uri,
        "created_at": f"2026-11-20T09:{place:02d}:00.000000Z",
        "updated_at": f"2026-11-20T09:{place:02d}:00.000000Z",
        "tracking": dict.fromkeys(_TRACKING),
        "text_reminder_number": None,
        "rescheduled": moved,
        "old_invitee": slot(6).invitee_uri(0) if booked.number == 7 else None,
        "new_invitee": slot(7).invitee_uri(0) if moved else None,
        "cancel_url": f"https://calendly.com/cancellations/{number}",
        "reschedule_url": f"https://calendly.com/reschedulings/{number}",
        "routing_form_submission": None,
        "payment": None,
        "no_show": None,
        "reconfirmation": None,
        "scheduling_method": None,
        "invitee_scheduled_by": None,
    }


def created(booked: Slot, place: int = 0, *, minute: int | None = None) -> Json:
    """Return the delivery that tells of a booking."""
    at = place if minute is None else minute
    then: Json = {"status": "active", "rescheduled": False, "new_invitee": None}
    payload = {**invitee(booked, place), **then, "scheduled_event": _scheduled_event(booked, place + 1)}
    return _envelope("invitee.created", f"2026-11-20T09:{at:02d}:02.000000Z", payload)


def canceled(booked: Slot, place: int = 0, *, minute: int = 30, active: int = 0) -> Json:
    """Return the delivery that tells of a cancellation; so many others still take part."""
    at = f"2026-11-20T09:{minute:02d}:01.000000Z"
    why = {"canceled_by": booked.guests[place].name, "reason": "Found the answer", "canceler_type": "invitee"}
    cancellation = {**why, "created_at": at}
    event = _scheduled_event(booked, active)
    payload = {
        **invitee(booked, place, canceled=True),
        "scheduled_event": event,
        "cancellation": cancellation,
    }
    if not active:
        payload["scheduled_event"] = {**event, "cancellation": cancellation}
    return _envelope("invitee.canceled", at, payload)


def sample(event: str) -> Json:
    """Return a delivery of any event that Calendly has, with made-up values.

    Raises:
        KeyError: There is no such event.
    """
    at = "2026-11-20T09:00:02.000000Z"
    no_show = {**invitee(slot(2), 0), "scheduled_event": _scheduled_event(slot(2), 1)}
    seen: Json = {"uri": f"{API}/invitee_no_shows/DEMONOSHOW", "created_at": at}
    samples: dict[str, Json] = {
        "invitee.created": created(slot(2)),
        "invitee.canceled": canceled(slot(2)),
        "invitee_no_show.created": _envelope("invitee_no_show.created", at, {**no_show, "no_show": seen}),
        "invitee_no_show.deleted": _envelope("invitee_no_show.deleted", at, no_show),
        "routing_form_submission.created": _envelope("routing_form_submission.created", at, _submission(at)),
    }
    for change in ("created", "updated", "deleted"):
        samples[f"event_type.{change}"] = _envelope(f"event_type.{change}", at, _event_type(at))
        contact: Json = {"user_uuid": "DEMOBOT", "contact": {"uuid": "DEMOCONTACT", "name": "Ina Vitee"}}
        samples[f"contact.{change}"] = _envelope(f"contact.{change}", at, contact)
        recap: Json = {
            "event": {"uri": slot(2).uri},
            "recap": {"uuid": "DEMORECAP", "summary": "All is well."},
        }
        samples[f"meeting_recap.{change}"] = _envelope(f"meeting_recap.{change}", at, recap)
    return samples[event]


def payloads() -> dict[str, Json]:
    """Return deliveries to try routing with, by file name."""
    hours = slot(5)
    return {
        "us-government.json": created(slot(1)),
        "global.json": created(slot(2)),
        "global-by-name.json": created(slot(3)),
        "neither.json": created(slot(4)),
        "canceled.json": canceled(slot(2)),
        "several-1.json": created(hours, 0),
        "several-2.json": created(hours, 1),
        "several-1-canceled.json": canceled(hours, 0, active=1),
        "rescheduled-1-created.json": created(slot(6)),
        "rescheduled-2-canceled.json": canceled(slot(6)),
        "rescheduled-3-created.json": created(slot(7), minute=30),
        "uncertain-host.json": created(slot(8)),
        "no-show.json": sample("invitee_no_show.created"),
    }


def payload_files() -> dict[str, bytes]:
    """Return the same as files."""
    return {name: f"{json.dumps(body, indent=1)}\n".encode() for name, body in payloads().items()}


def _envelope(event: str, at: str, payload: Json) -> Json:
    return {"event": event, "created_at": at, "created_by": BOT, "payload": payload}


def _user(uri: str, name: str, email: str, zone: str) -> Json:
    slug = email.partition("@")[0].replace(".", "-")
    return {
        "uri": uri,
        "name": name,
        "slug": slug,
        "email": email,
        "scheduling_url": f"https://calendly.com/{slug}",
        "timezone": zone,
        "avatar_url": None,
        "created_at": JOINED,
        "updated_at": JOINED,
        "current_organization": ORGANIZATION,
    }


def _submission(at: str) -> Json:
    asked = {"question_uuid": "DEMOQUESTION", "question": "Company size?", "answer": "51-200"}
    return {
        "uri": f"{API}/routing_form_submissions/DEMOSUBMISSION",
        "routing_form": f"{API}/routing_forms/DEMOFORM",
        "questions_and_answers": [asked],
        "tracking": dict.fromkeys(_TRACKING),
        "result": {"type": "event_type", "value": f"{API}/event_types/DEMOTYPE2"},
        "submitter": None,
        "submitter_type": None,
        "created_at": at,
        "updated_at": at,
    }


def _event_type(at: str) -> Json:
    return {
        "uri": f"{API}/event_types/DEMOTYPE2",
        "name": "Support onboarding",
        "active": True,
        "duration": 30,
        "kind": "solo",
        "created_at": at,
        "updated_at": at,
    }
