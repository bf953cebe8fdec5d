"""The webhook subscriptions that the simulated Calendly has at the story's beginning: one that works, one that fails, one disabled."""

from datetime import UTC, datetime

from supops.sandbox.bookings import BOT, ORGANIZATION, Json

HOUR = 3600.0
FAILING_SECONDS = 5 * HOUR


def subscriptions(now: float) -> list[Json]:
    """Return them as the API shows them. One fails since some hours: it is not too late to mend that."""
    # From one command to the next it stays the same.
    failing = datetime.fromtimestamp((now - FAILING_SECONDS) // HOUR * HOUR, UTC)
    trigger = (
        "https://gitlab.example.com/api/v4/projects/7/ref/main/trigger/pipeline?token=demo-trigger-token"
    )
    both = ["invitee.created", "invitee.canceled"]
    return [
        _subscription(1, trigger, both, created_at="2025-03-03T09:00:00.000000Z"),
        _subscription(
            2,
            "https://hooks.example.com/calendly",
            [*both, "invitee_no_show.created"],
            created_at="2026-06-01T12:00:00.000000Z",
            retry_started_at=f"{failing:%Y-%m-%dT%H:%M:%S.%fZ}",
        ),
        _subscription(
            3,
            "https://old.example.com/calendly",
            ["invitee.created"],
            created_at="2024-01-15T08:30:00.000000Z",
            state="disabled",
        ),
        _subscription(
            4,
            "https://hooks.example.com/recaps",
            ["meeting_recap.created"],
            created_at="2026-10-05T10:00:00.000000Z",
            scope="user",
            user=BOT,
        ),
    ]


def _subscription(number: int, url: str, events: list[str], **more: str) -> Json:
    return {
        "uri": f"https://api.calendly.com/webhook_subscriptions/f{number:07d}-0000-4000-8000-000000000000",
        "callback_url": url,
        "updated_at": more["created_at"],
        "retry_started_at": None,
        "state": "active",
        "events": events,
        "scope": "organization",
        "organization": ORGANIZATION,
        "user": None,
        "group": None,
        "creator": BOT,
        **more,
    }
