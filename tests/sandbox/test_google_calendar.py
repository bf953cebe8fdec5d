"""What Google's facts promise about events, the simulated Google Calendar keeps; quirks first."""

import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlencode

import pytest

from supops.sandbox.server import Sandbox
from supops.sandbox.world import CALENDAR_IDS

ID = "supops0a1b2c"
TIMES = {"start": {"dateTime": "2026-12-01T10:00:00Z"}, "end": {"dateTime": "2026-12-01T11:00:00Z"}}
Json = dict[str, Any]


class Client:
    """Asks for events of one calendar, and takes errors for answers."""

    def __init__(self, sandbox: Sandbox) -> None:
        calendar = CALENDAR_IDS["global"].replace("@", "%40")
        self._base = f"{sandbox.urls['google-calendar']}/calendar/v3/calendars/{calendar}/events"

    def __call__(
        self, method: str, path: str = "", body: object = None, *, match: str | None = None, **query: object
    ) -> tuple[int, Json]:
        request = urllib.request.Request(
            f"{self._base}{path}?{urlencode(query)}",
            data=json.dumps(body).encode() if body is not None else None,
            method=method,
            headers={"If-Match": match} if match else {},
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return response.status, json.loads(response.read() or b"{}")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    def insert(self, identity: str = ID, **more: object) -> Json:
        status, made = self("POST", "", {"id": identity, **TIMES, **more})
        assert status == 200
        return made


@pytest.fixture
def client(sandbox: Sandbox) -> Client:
    return Client(sandbox)


def reason(answer: tuple[int, Json]) -> tuple[int, str]:
    status, body = answer
    return status, body["error"]["errors"][0]["reason"]


def test_an_event_has_the_id_that_was_asked_for_once(client: Client) -> None:
    made = client.insert(summary="Support")

    assert (made["id"], made["status"], made["summary"]) == (ID, "confirmed", "Support")
    assert client("GET", f"/{ID}") == (200, made)
    assert reason(client("POST", "", {"id": ID, **TIMES})) == (409, "duplicate")


@pytest.mark.parametrize("identity", ["abcd", "UPPER0", "with-dash", "zzzzzz", "a" * 1025])
def test_ids_of_other_characters_or_lengths_are_refused(client: Client, identity: str) -> None:
    assert reason(client("POST", "", {"id": identity, **TIMES})) == (400, "invalid")


def test_an_event_without_times_is_refused(client: Client) -> None:
    assert reason(client("POST", "", {"id": ID, "start": TIMES["start"]})) == (400, "required")


def test_a_deleted_event_keeps_its_id_and_is_cancelled(client: Client) -> None:
    client.insert()

    assert client("DELETE", f"/{ID}") == (204, {})

    status, kept = client("GET", f"/{ID}")
    assert (status, kept["status"]) == (200, "cancelled")
    assert reason(client("DELETE", f"/{ID}")) == (410, "deleted")
    assert reason(client("POST", "", {"id": ID, **TIMES})) == (409, "duplicate")
    assert client("PATCH", f"/{ID}", {"status": "confirmed"})[1]["status"] == "confirmed"


def test_one_that_was_purged_is_not_found_and_its_id_is_used_all_the_same(
    client: Client, sandbox: Sandbox
) -> None:
    sandbox.world.google_calendar.calendars[CALENDAR_IDS["global"]].purged.append(ID)

    assert reason(client("GET", f"/{ID}")) == (404, "notFound")
    assert reason(client("POST", "", {"id": ID, **TIMES})) == (409, "duplicate")


def test_whether_a_new_event_may_be_cancelled_is_not_promised(client: Client, sandbox: Sandbox) -> None:
    assert client.insert("cancelled", status="cancelled")["status"] == "cancelled"
    sandbox.world.google_calendar.ignores_status = True
    assert client.insert("confirmed", status="cancelled")["status"] == "confirmed"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_another_version_is_not_written_over(client: Client, method: str) -> None:
    first = client.insert()
    _, second = client("PATCH", f"/{ID}", {"summary": "Changed"}, match=first["etag"])
    body = None if method == "DELETE" else TIMES

    assert second["etag"] != first["etag"]
    assert reason(client(method, f"/{ID}", body, match=first["etag"])) == (412, "conditionNotMet")
    assert client("GET", f"/{ID}") == (200, second)
    assert client(method, f"/{ID}", body, match=second["etag"])[0] in (200, 204)


def test_put_replaces_and_patch_changes(client: Client) -> None:
    notes = {"private": {"a": "1", "b": "2"}, "shared": {"c": "3"}}
    client.insert(summary="Support", colorId="11", extendedProperties=notes)

    change = {"summary": None, "location": "Room 4", "extendedProperties": {"private": {"a": None, "d": "4"}}}
    _, patched = client("PATCH", f"/{ID}", change)
    _, replaced = client("PUT", f"/{ID}", {**TIMES, "summary": "New"})

    assert patched["extendedProperties"] == {"private": {"b": "2", "d": "4"}, "shared": {"c": "3"}}
    assert (patched["location"], patched["colorId"], "summary" in patched) == ("Room 4", "11", False)
    assert replaced["summary"] == "New"
    assert replaced.keys().isdisjoint({"location", "colorId", "extendedProperties"})


def test_an_event_lasts_whole_days_or_has_times_and_not_both(client: Client) -> None:
    client.insert()

    assert client("PATCH", f"/{ID}", {"start": {"date": "2026-12-01"}})[0] == 400
    assert client("PATCH", f"/{ID}", {"start": {"date": "2026-12-01", "dateTime": None}})[0] == 200


def test_a_list_is_of_events_with_a_property_and_of_cancelled_ones_on_demand(client: Client) -> None:
    for number in range(5):
        mine = {"private": {"mine": "yes" if number < 3 else "no"}}
        client.insert(f"event{number}", extendedProperties=mine)
    client("DELETE", "/event0")

    def ids(**query: Any) -> list[str]:
        return [event["id"] for event in client("GET", **query)[1]["items"]]

    assert ids() == ["event1", "event2", "event3", "event4"]
    assert ids(privateExtendedProperty="mine=yes") == ["event1", "event2"]
    assert ids(privateExtendedProperty="mine=yes", showDeleted="true") == ["event0", "event1", "event2"]


def test_a_list_comes_in_pages(client: Client) -> None:
    for number in range(5):
        client.insert(f"event{number}")

    _, first = client("GET", maxResults=2)
    _, second = client("GET", maxResults=2, pageToken=first["nextPageToken"])
    _, third = client("GET", maxResults=2, pageToken=second["nextPageToken"])

    pages = [[event["id"] for event in page["items"]] for page in (first, second, third)]
    assert pages == [["event0", "event1"], ["event2", "event3"], ["event4"]]
    assert "nextPageToken" not in third


def test_a_reader_may_look_and_a_stranger_may_not(client: Client, sandbox: Sandbox) -> None:
    shared = sandbox.world.google_calendar.calendars[CALENDAR_IDS["global"]]
    shared.access = "reader"
    assert client("GET")[0] == 200
    assert reason(client("POST", "", {"id": ID, **TIMES})) == (403, "requiredAccessLevel")

    shared.access = "none"
    assert reason(client("GET")) == (404, "notFound")
