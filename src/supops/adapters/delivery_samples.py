"""Samples of deliveries, as the senders' documentation has them (platforms, C-7 and Z-8): made up, and each a new one.

A test keeps them in step with the events that are known.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta

from supops.models.deliveries import CALENDLY, ZENDESK
from supops.models.subscriptions import EVENTS

API = "https://api.calendly.com"
TICKET_CREATED = "zen:event-type:ticket.created"
TRACKING = ("utm_campaign", "utm_source", "utm_medium", "utm_content", "utm_term", "salesforce_uuid")
HOST = "chloe.tremblay"
BEGINS = time(15, tzinfo=UTC)
LENGTH = timedelta(minutes=30)

Sample = dict[str, object]

# Whose event each is.
SENDERS = {**dict.fromkeys(EVENTS, CALENDLY), TICKET_CREATED: ZENDESK}


@dataclass(frozen=True, slots=True)
class Fresh:
    """What is new in each sample: the time, and ids that nothing else has."""

    now: datetime
    unique: Callable[[], str] = field(default=lambda: str(uuid.uuid4()))

    def at(self, **away: float) -> str:
        """Return a time from now, as the senders write it."""
        return f"{self.now + timedelta(**away):%Y-%m-%dT%H:%M:%S.%fZ}"

    @property
    def begins(self) -> datetime:
        """When the meeting begins: tomorrow."""
        return datetime.combine((self.now.astimezone(UTC) + timedelta(days=1)).date(), BEGINS)


def sample(event: str, fresh: Fresh) -> Sample:
    """Return a delivery of an event.

    Args:
        event: One of `SENDERS`.
        fresh: What is new in it.
    """
    if event == TICKET_CREATED:
        return _ticket(fresh)
    family, _, change = event.partition(".")
    payloads: dict[str, Callable[[], Sample]] = {
        "invitee": lambda: _invitee(fresh, canceled=change == "canceled"),
        "invitee_no_show": lambda: _no_show(fresh, seen=change == "created"),
        "event_type": lambda: _event_type(fresh),
        "contact": lambda: {
            "user_uuid": fresh.unique(),
            "contact": {"uuid": fresh.unique(), "name": "Ina Vitee"},
        },
        "meeting_recap": lambda: {
            "event": {"uri": _uri("scheduled_events", fresh)},
            "recap": {"uuid": fresh.unique(), "summary": "All is well."},
        },
        "routing_form_submission": lambda: _submission(fresh),
    }
    return {
        "event": event,
        "created_at": fresh.at(),
        "created_by": f"{API}/users/SAMPLE",
        "payload": payloads[family](),
    }


def about(document: Sample) -> str | None:
    """Return what a sample is about: a scheduled event's URI, or a ticket; None where it is neither."""
    subject = document.get("subject")
    return subject if isinstance(subject, str) else scheduled_event_of(document)


def scheduled_event_of(document: Sample) -> str | None:
    """Return the URI of the scheduled event that a sample tells of; None where it tells of none."""
    payload = document.get("payload")
    meeting = payload.get("scheduled_event") if isinstance(payload, dict) else None
    uri = meeting.get("uri") if isinstance(meeting, dict) else None
    return uri if isinstance(uri, str) else None


def agreeing(document: Sample) -> Sample:
    """Return a sample whose invitee belongs to its scheduled event, after that was changed to another."""
    uri, payload = scheduled_event_of(document), document.get("payload")
    if uri is None or not isinstance(payload, dict) or payload.get("event") == uri:
        return document
    before, invitee = f"{payload.get('event')}/", str(payload.get("uri"))
    moved = f"{uri}/{invitee.removeprefix(before)}" if invitee.startswith(before) else invitee
    return {**document, "payload": {**payload, "event": uri, "uri": moved}}


def _uri(what: str, fresh: Fresh) -> str:
    return f"{API}/{what}/{fresh.unique()}"


def _invitee(fresh: Fresh, *, canceled: bool) -> Sample:
    meeting = _meeting(fresh, canceled=canceled)
    number = fresh.unique()
    cancellation: Sample = {
        "canceled_by": "Ina Vitee",
        "reason": "Found the answer",
        "canceler_type": "invitee",
        "created_at": fresh.at(),
    }
    payload: Sample = {
        "uri": f"{meeting['uri']}/invitees/{number}",
        "email": "ina.vitee@example.com",
        "first_name": "Ina",
        "last_name": "Vitee",
        "name": "Ina Vitee",
        "status": "canceled" if canceled else "active",
        "questions_and_answers": [{"question": "Ticket number?", "answer": "4711", "position": 0}],
        "timezone": "Europe/Berlin",
        "event": meeting["uri"],
        "created_at": fresh.at(seconds=-2),
        "updated_at": fresh.at(seconds=-2),
        "tracking": dict.fromkeys(TRACKING),
        "text_reminder_number": None,
        "rescheduled": False,
        "old_invitee": None,
        "new_invitee": None,
        "cancel_url": f"https://calendly.com/cancellations/{number}",
        "reschedule_url": f"https://calendly.com/reschedulings/{number}",
        "routing_form_submission": None,
        "payment": None,
        "no_show": None,
        "reconfirmation": None,
        "scheduling_method": None,
        "invitee_scheduled_by": None,
        "scheduled_event": {**meeting, "cancellation": cancellation} if canceled else meeting,
    }
    return {**payload, "cancellation": cancellation} if canceled else payload


def _meeting(fresh: Fresh, *, canceled: bool) -> Sample:
    begins = fresh.begins
    return {
        "uri": _uri("scheduled_events", fresh),
        "name": "Support onboarding (sample)",
        "meeting_notes_plain": None,
        "meeting_notes_html": None,
        "status": "canceled" if canceled else "active",
        "start_time": f"{begins:%Y-%m-%dT%H:%M:%S.%fZ}",
        "end_time": f"{begins + LENGTH:%Y-%m-%dT%H:%M:%S.%fZ}",
        "event_type": _uri("event_types", fresh),
        "location": {
            "type": "zoom",
            "status": "pushed",
            "join_url": "https://zoom.example.com/j/4711?pwd=sample-meeting-password",
            "data": {"id": 4711, "password": "sample-meeting-password", "settings": {}},
        },
        "invitees_counter": {"total": 1, "active": 0 if canceled else 1, "limit": 1},
        "created_at": fresh.at(seconds=-2),
        "updated_at": fresh.at(seconds=-1),
        "event_memberships": [
            {
                "user": f"{API}/users/{HOST.upper().replace('.', '')}",
                "user_email": f"{HOST}@example.com",
                "user_name": HOST.replace(".", " ").title(),
            }
        ],
        "event_guests": [],
    }


def _no_show(fresh: Fresh, *, seen: bool) -> Sample:
    payload = _invitee(fresh, canceled=False)
    mark: Sample = {"uri": _uri("invitee_no_shows", fresh), "created_at": fresh.at()}
    return {**payload, "no_show": mark} if seen else payload


def _submission(fresh: Fresh) -> Sample:
    asked = {"question_uuid": fresh.unique(), "question": "Company size?", "answer": "51-200"}
    return {
        "uri": _uri("routing_form_submissions", fresh),
        "routing_form": _uri("routing_forms", fresh),
        "questions_and_answers": [asked],
        "tracking": dict.fromkeys(TRACKING),
        "result": {"type": "event_type", "value": _uri("event_types", fresh)},
        "submitter": None,
        "submitter_type": None,
        "created_at": fresh.at(),
        "updated_at": fresh.at(),
    }


def _event_type(fresh: Fresh) -> Sample:
    return {
        "uri": _uri("event_types", fresh),
        "name": "Support onboarding (sample)",
        "active": True,
        "duration": 30,
        "kind": "solo",
        "created_at": fresh.at(),
        "updated_at": fresh.at(),
    }


def _ticket(fresh: Fresh) -> Sample:
    return {
        "id": fresh.unique(),
        "type": TICKET_CREATED,
        "subject": f"zen:ticket:{fresh.now:%H%M%S%f}",
        "time": fresh.at(),
        "account_id": 1,
        "zendesk_event_version": "2022-11-06",
        "event": {},
        "detail": {
            "id": f"{fresh.now:%H%M%S%f}",
            "subject": "A sample",
            "status": "NEW",
            "priority": "NORMAL",
            "requester_id": "2",
            "created_at": fresh.at(),
            "updated_at": fresh.at(),
        },
    }
