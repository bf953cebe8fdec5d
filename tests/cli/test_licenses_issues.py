"""``supops licenses`` on the issues of the embedded world, from the request to the answer."""

import json
from pathlib import Path

import pytest

from supops.sandbox.gitlab_license_requests import FOR_DUO, FORM, GOOD, SECOND, TOO_LONG
from supops.sandbox.gitlab_seed import TRACKER
from supops.sandbox.gitlab_state import GitLabIssue
from supops.sandbox.world import World
from supops.services.licensing import fingerprint
from tests.cli.schemas import validate
from tests.conftest import Ran, Run


def licenses(run: Run, *words: str) -> Ran:
    return run("--demo", "licenses", *words)


def document(ran: Ran, schema: str) -> dict[str, object]:
    found = json.loads(ran.out)
    validate(found, f"supops.{schema}-1.json")
    assert isinstance(found, dict)
    return found


def issue_of(home: dict[str, str], iid: int) -> GitLabIssue:
    """The issue as the world keeps it."""
    return World.open(Path(home["XDG_STATE_HOME"]) / "supops" / "demo").gitlab.issue(TRACKER, iid)


@pytest.mark.parametrize(
    ("iid", "status", "fields"),
    [
        (GOOD, 0, []),
        (TOO_LONG, 3, ["end_date"]),
        (FOR_DUO, 3, ["purpose"]),
        (SECOND, 3, ["email"]),
        (FORM, 0, []),
    ],
)
def test_every_request_of_the_story_is_decided(run: Run, iid: int, status: int, fields: list[str]) -> None:
    ran = licenses(run, "check", "--issue", str(iid), "-o", "json")

    found = document(ran, "license-decision")
    problems = found["problems"]
    assert isinstance(problems, list)
    assert (ran.status, [problem["field"] for problem in problems]) == (status, fields)
    # Whoever has a license by this very request is not refused.
    assert ("licenses refuse" in ran.err) == (iid in (TOO_LONG, FOR_DUO, SECOND))


def test_a_request_is_named_by_its_address_as_well(run: Run) -> None:
    link = f"https://gitlab.example.com/{TRACKER}/-/issues/{TOO_LONG}"

    pasted = licenses(run, "check", "--issue", f"{link}#note_7")
    assert (pasted.status, f"licenses refuse --issue {TOO_LONG}" in pasted.err) == (3, True)
    assert licenses(run, "refuse", "--issue", link, "--dry-run").status == 0

    other = licenses(run, "check", "--issue", link.replace(TRACKER, "other/project"))
    assert (other.status, "gitlab.licenses_project says which project" in other.err) == (2, True)
    assert "is an issue of another project than" in other.err
    assert licenses(run, "check", "--issue", "0").status == 2


def test_the_ledger_of_the_story_has_one_license_that_expires_soon_and_one_that_is_expired(run: Run) -> None:
    def emails(*words: str) -> list[str]:
        found = document(licenses(run, "list", *words, "-o", "json"), "licenses")["licenses"]
        assert isinstance(found, list)
        return [one["email"] for one in found]

    assert emails("--expiring-within", "30d") == ["sam.nakamura@example.com"]
    assert emails("--state", "expired") == ["devon.brooks@example.com"]
    gone = licenses(run, "withdraw", "1", "--reason", "Never handed out", "--yes")
    assert (gone.status, "Withdrawn: license 1" in gone.out) == (0, True)
    assert (len(emails()), emails("--expiring-within", "30d")) == (2, [])


def test_the_files_of_the_story_need_no_folder(run: Run) -> None:
    assert licenses(run, "check", "license-good.yaml").status == 0
    assert "more than one year" in licenses(run, "check", "license-too-long.yaml").out
    assert "#g_provision" in licenses(run, "route", "license-for-duo.yaml").out


def test_from_the_request_to_the_answer(run: Run, home: dict[str, str], tmp_path: Path) -> None:
    made = licenses(run, "generate", "--issue", str(FORM), "-f", "a.lic")
    assert made.status == 0, made.err
    assert f"next: supops licenses complete --issue {FORM} --license a.lic" in made.err
    words = ("complete", "--issue", str(FORM), "--license", "a.lic", "--spent", "15m")

    unasked = licenses(run, *words)
    assert (unasked.status, "Add --yes" in unasked.err) == (2, True)
    planned = licenses(run, *words, "--dry-run", "--attach", "-o", "json")
    assert issue_of(home, FORM).state == "opened"
    done = run("--demo", "--debug", "licenses", *words, "--yes", "--attach", "-o", "json")
    again = licenses(run, *words, "--yes", "-o", "json")

    states = []
    for ran in (planned, done, again):
        assert ran.status == 0, ran.err
        steps = document(ran, "license-closing")["steps"]
        assert isinstance(steps, list)
        states.append([step["state"] for step in steps])
    assert states == [["already", *["planned"] * 3], ["already", *["done"] * 3], ["already"] * 4]
    issue = issue_of(home, FORM)
    assert (issue.state, issue.time_spent) == ("closed", 900)
    assert "Stage::Completed" in issue.labels
    (reply,) = [note.body for note in issue.notes if not note.system]
    text = (tmp_path / "a.lic").read_text().strip()
    assert f"```\n{text}\n```" in reply
    for ran in (planned, done, again):
        assert text[:40] not in ran.out + ran.err
    assert fingerprint(f"{text}\n".encode()) in done.out


def test_a_file_for_somebody_else_is_not_handed_out(run: Run, home: dict[str, str]) -> None:
    licenses(run, "generate", "--issue", str(FORM), "-f", "a.lic")

    ran = licenses(run, "complete", "--issue", str(GOOD), "--license", "a.lic", "--yes")

    assert (ran.status, "hand the license file" in ran.err) == (3, False)
    assert "the file says 'Soo-jin Kim', the request 'Zoë Fraser'" in ran.out
    assert issue_of(home, GOOD).notes == []

    attached = licenses(run, "complete", "--issue", str(GOOD), "--license", "a.lic", "--yes", "--attach")
    assert (attached.status, "not confidential" in attached.err) == (2, True)
    right = licenses(run, "complete", "--issue", str(FORM), "--license", "a.lic", "--yes")
    assert (right.status, "hand the license file" in right.err) == (0, True)


def test_a_request_is_refused_once(run: Run, home: dict[str, str]) -> None:
    first = licenses(run, "refuse", "--issue", str(TOO_LONG))
    again = licenses(run, "refuse", "--issue", str(TOO_LONG), "-o", "json")
    nothing = licenses(run, "refuse", "--issue", str(GOOD))

    assert (first.status, again.status, nothing.status) == (0, 0, 3)
    assert document(again, "license-closing")["steps"] == [
        {"what": "reply", "detail": "tells of 1 problem", "state": "already"}
    ]
    issue = issue_of(home, TOO_LONG)
    assert issue.state == "opened"
    assert sum("No license can be made" in note.body for note in issue.notes) == 1


def test_what_a_request_says_is_carried_out_by_nobody(run: Run, home: dict[str, str]) -> None:
    world = World.open(Path(home["XDG_STATE_HOME"]) / "supops" / "demo")
    hostile = (
        "**Name:** @all `x` <b>\n**Email:** a@b\n**Plan:** /close\n**Users count:** @root\n**End date:** ~x\n"
    )
    world.gitlab.issue(TRACKER, GOOD).description = hostile
    world.save()
    before = issue_of(home, GOOD)

    ran = licenses(run, "refuse", "--issue", str(GOOD))

    assert ran.status == 0, ran.err
    after = World.open(Path(home["XDG_STATE_HOME"]) / "supops" / "demo").gitlab
    assert (after.mentions, after.commands) == ([], [])
    assert after.issue(TRACKER, GOOD).labels == before.labels


def test_an_issue_that_there_is_not_and_a_project_that_is_not_named(run: Run, tmp_path: Path) -> None:
    ran = licenses(run, "check", "--issue", "99999")
    assert (ran.status, "gitlab.licenses_project" in ran.err) == (1, True)

    (tmp_path / "supops.yaml").write_text("gitlab: {token: {env: GL_TOKEN}}\n")
    ran = run("licenses", "check", "--issue", "1", env={"GL_TOKEN": "x"})
    assert (ran.status, "gitlab.licenses_project" in ran.err) == (2, True)


def test_no_time_that_is_none(run: Run) -> None:
    (licenses(run, "generate", "--issue", str(FORM), "-f", "a.lic"))

    ran = licenses(run, "complete", "--issue", str(FORM), "--license", "a.lic", "--spent", "a while", "--yes")

    assert (ran.status, "no time spent" in ran.err) == (2, True)
