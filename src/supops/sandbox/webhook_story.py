"""The webhooks of both simulated Zendesk instances, and what became of their invocations.

One instance has one that is well and busy, one whose target fails, one that is held back, and one that somebody switched off;
the other has one that is well, one whose address is gone, and one that was never invoked. Times count back from now.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from supops.sandbox.bookings import Json

HOUR = 3600.0
DAY = 24 * HOUR
PAGE_503 = (
    "<html><head><style>p{}</style></head><body><h1>503 Service Temporarily Unavailable</h1>"
    "<p>The pager is being deployed.</p></body></html>"
)
# Made up: what some targets should not say, and say.
LEAKY_500 = (
    '{"error":"database is locked","token":"demo-secret-in-an-answer","requester":"kim.lee@example.com",'
    '"next":"https://pager.example.com/retry?signature=demo-signature"}'
)


@dataclass(frozen=True, slots=True)
class Run:
    """An invocation.

    Attributes:
        ago: How many seconds ago it ended.
        codes: What the target answered to each attempt; nothing where none was sent.
        answer: What the target said each time.
    """

    ago: float
    status: str = "success"
    codes: tuple[int, ...] = (200,)
    answer: str = '{"ok":true}'


@dataclass(slots=True)
class SimulatedWebhook:
    """A webhook.

    Attributes:
        shown: As the API shows it.
        runs: What became of its invocations, newest first.
        target: Status and text that its target answers to a test, where that is not on this machine.
        secret: What its deliveries are signed with.
    """

    shown: Json
    runs: list[Run] = field(default_factory=list)
    target: tuple[int, str] = (200, '{"ok":true}')
    secret: str = "demo-zendesk-signing-secret"

    @property
    def id(self) -> str:
        """What paths name it by."""
        return str(self.shown["id"])


def seeded_webhooks(key: str) -> list[SimulatedWebhook]:
    """Return the webhooks of an instance at the story's beginning."""
    return _federal() if key == "us-government" else _global()


def simulated(
    number: int, name: str, endpoint: str, runs: Iterable[Run] = (), *, series: str = "G", **more: object
) -> SimulatedWebhook:
    """Return a webhook of triggers; `more` are further keys that the API shows."""
    shown: Json = {
        # As real ones, 26 characters in Crockford's alphabet.
        "id": f"01JD{series}{number:021d}",
        "name": name,
        "status": "active",
        "subscriptions": ["conditional_ticket_events"],
        "endpoint": endpoint,
        "http_method": "POST",
        "request_format": "json",
        "created_at": "2025-02-03T09:30:00Z",
        "created_by": "-1",
        **more,
    }
    return SimulatedWebhook(shown, sorted(runs, key=lambda run: run.ago))


def _every(seconds: float, *, begin: float, end: float) -> Iterator[Run]:
    """Yield successes at even distances."""
    for step in range(int((end - begin) / seconds)):
        yield Run(begin + step * seconds)


def _global() -> list[SimulatedWebhook]:
    busy = [
        *_every(20, begin=10, end=HOUR),
        *_every(600, begin=HOUR + 60, end=DAY),
        # The second attempt succeeded: nothing was lost.
        Run(905, codes=(503, 200)),
    ]
    unavailable = [Run(300.0 + 420 * step, "terminated", (503, 503, 503), PAGE_503) for step in range(5)]
    failing = [
        *unavailable,
        Run(2_700, "terminated", (500, 500), LEAKY_500),
        *_every(900, begin=3_000, end=DAY),
    ]
    held_back = [
        *(Run(120.0 + 60 * step, "circuit broken", ()) for step in range(4)),
        Run(400, "terminated", (429, 429, 429), "slow down"),
        *(Run(460.0 + 30 * step, "throttled", ()) for step in range(3)),
        *_every(1_200, begin=4_000, end=DAY),
    ]
    token = {"type": "bearer_token", "add_position": "header"}
    return [
        simulated(
            1,
            "Ticket events for the data team",
            "https://events.example.com/zendesk",
            busy,
            description="Every change of a ticket",
            updated_at="2026-05-11T14:02:00Z",
            updated_by="360000000001",
            authentication=token,
        ),
        _with_target(
            simulated(
                2,
                "Escalations to the pager",
                "https://pager.example.com/hooks/3f9d2a7b8c1e4f60a5b7c9d8e1f2a3b4?key=demo-key-in-address",
                failing,
                authentication={
                    "type": "basic_auth",
                    "add_position": "header",
                    "data": {"username": "zendesk"},
                },
            ),
            503,
            PAGE_503,
        ),
        _with_target(
            simulated(3, "Notices in the team's chat", "https://chat.example.com/hooks/support", held_back),
            429,
            "slow down",
        ),
        simulated(
            4,
            "Old survey export",
            "https://old.example.com/surveys",
            status="inactive",
            subscriptions=["zen:event-type:ticket.status_changed"],
        ),
    ]


def _federal() -> list[SimulatedWebhook]:
    gone = [
        Run(1_500, "terminated", (404,), "no such page"),
        Run(9_000, "terminated", (404,), "no such page"),
    ]
    return [
        simulated(
            1,
            "Ticket events (federal)",
            "https://events.example.com/zendesk-federal",
            _every(2_400, begin=600, end=DAY),
            series="V",
        ),
        _with_target(
            simulated(2, "Federal pager", "https://pager.example.com/federal", gone, series="V"),
            404,
            "no such page",
        ),
        simulated(3, "Quarterly export", "https://events.example.com/quarterly", series="V"),
    ]


def _with_target(webhook: SimulatedWebhook, status: int, text: str) -> SimulatedWebhook:
    webhook.target = (status, text)
    return webhook
