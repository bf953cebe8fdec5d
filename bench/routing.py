"""Routing one payload, in requests and in multiples of a bare interpreter; and deciding many in one process.

The calendar server answers at once, so what is measured is what supops itself takes.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from bench.measure import Result, bare_environment, best_of_each
from supops.adapters.calendly_payloads import read_calendly
from supops.adapters.roster_files import RosterFolder
from supops.models.bookings import Booking
from supops.models.routings import Decision
from supops.render.console import terminal_of_process
from supops.sandbox.bookings import created, slot
from supops.sandbox.people import roster_files
from supops.sandbox.server import Sandbox
from supops.sandbox.world import CALENDAR_IDS, World
from supops.services.deciding import decide, team_of

TIMES = 10
PAYLOADS = 10_000


def measure() -> Iterator[Result]:
    """Route new bookings one by one in processes of their own, then decide many."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_roster(folder / "roster")
        with bare_environment() as python, Sandbox(World.seeded()) as sandbox:
            yield from _one_payload(python, folder, sandbox)
        yield _many_payloads(folder / "roster")


def _one_payload(python: str, folder: Path, sandbox: Sandbox) -> Iterator[Result]:
    environment = _environment(folder, sandbox.urls["google-calendar"])
    numbers = count(1)

    def route() -> None:
        words = [python, "-m", "supops", "calendly", "route", "-", "-o", "json"]
        payload = _payload(next(numbers))
        done = subprocess.run(words, env=environment, input=payload, capture_output=True, check=True)
        assert json.loads(done.stdout)["action"] == "inserted"

    def bare() -> None:
        subprocess.run([python, "-c", "pass"], check=True)

    route()
    sandbox.requests.clear()
    best = best_of_each({"route": route, "pass": bare}, times=TIMES)
    requests = len(sandbox.requests) / TIMES
    yield Result("routing: requests for a new booking", requests, 2, unit="", detail="calendar requests each")
    detail = f"{best['route'] * 1000:.0f} ms against {best['pass'] * 1000:.0f} ms of python -c pass"
    yield Result("routing: one payload", best["route"] / best["pass"], 40, detail=detail)


def _many_payloads(roster: Path) -> Result:
    team = team_of(RosterFolder(roster, cache_folder=None).read())
    notices = terminal_of_process()
    payloads = [_payload(number) for number in range(PAYLOADS)]
    started = time.perf_counter()
    decided = 0
    for payload in payloads:
        booking = read_calendly(payload, notices)
        assert isinstance(booking, Booking)
        decided += decide(booking.meeting, team).decision is Decision.US_GOVERNMENT
    rate = PAYLOADS / (time.perf_counter() - started)
    assert decided == PAYLOADS
    return Result(
        "routing: payloads read and decided", rate, 5_000, unit="/s", at_least=True, detail="in one process"
    )


def _payload(number: int) -> bytes:
    """Return a booking of an event that nobody has heard of, of which the roster decides."""
    known = slot(1)
    text = json.dumps(created(known))
    return text.replace(known.uri, f"{known.uri[:-12]}{number:012d}").encode()


def _write_roster(folder: Path) -> None:
    for path, content in roster_files().items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


def _environment(folder: Path, calendar: str) -> dict[str, str]:
    own = {f"XDG_{kind}_HOME": str(folder / kind.lower()) for kind in ("CONFIG", "STATE", "CACHE")}
    ids = {
        f"SUPOPS_CALENDARS__{key.upper().replace('-', '_')}__ID": identity
        for key, identity in CALENDAR_IDS.items()
    }
    settings = {
        "SUPOPS_ROSTER__PATH": str(folder / "roster"),
        "SUPOPS_GOOGLE__API_ENDPOINT": f"{calendar}/calendar/v3/",
    }
    return {"PATH": os.environ["PATH"], "HOME": str(folder), **own, **ids, **settings}


if __name__ == "__main__":
    sys.exit("run: python -m bench routing")
