"""``supops licenses check | route | form | generate | inspect | list`` as people run them."""

import csv
import json
import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest

from supops.models.licenses import COMPANY
from tests.cli.schemas import validate
from tests.cli.terminal import run_in_terminal
from tests.conftest import Ran, Run
from tests.licenses import LICENSE, PASSPHRASE, VALUES, private_pem, signer, write_keys


def in_days(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


def request(**values: str) -> str:
    wanted = VALUES | {"end_date": in_days(90)} | values
    return "".join(f"{key}: {value}\n" for key, value in wanted.items() if value)


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "request.yaml").write_text(request())
    return write_keys(tmp_path)


def generate(run: Run, private: Path, *words: str, status: int = 0) -> Ran:
    ran = run("licenses", "generate", "request.yaml", "--private-key", str(private), *words)
    assert ran.status == status, ran.err
    return ran


def as_json(ran: Ran, schema: str) -> dict[str, object]:
    document = json.loads(ran.out)
    validate(document, f"supops.{schema}-1.json")
    assert isinstance(document, dict)
    return document


def test_a_request_from_a_file_or_standard_input_without_any_settings(run: Run, tmp_path: Path) -> None:
    (tmp_path / "request.yaml").write_text(request())

    for words, stdin in ((("request.yaml",), ""), (("-",), request()), (("-",), json.dumps({"x": 1}))):
        ran = run("licenses", "check", *words, stdin=stdin)
        assert ran.status == (3 if "{" in stdin else 0)
    assert not (tmp_path / "home" / "state").exists()


def test_check_in_every_format(run: Run) -> None:
    good = run("licenses", "check", "-", "-o", "json", stdin=request(issue="https://gitlab.example.com/1"))
    bad = run("licenses", "check", "-", "-o", "json", stdin=request(plan="gold", users_count="0"))

    document = as_json(good, "license-decision")
    assert (document["route"], document["accepted"], document["problems"]) == ("legacy", True, [])
    form = document["form"]
    assert isinstance(form, dict)
    assert (form["company"], form["notes"], form["trial"]) == (COMPANY, "https://gitlab.example.com/1", False)
    assert (good.status, bad.status) == (0, 3)
    document = as_json(bad, "license-decision")
    assert (document["accepted"], document["form"], document["request"]) == (False, None, None)

    table = run("licenses", "check", "-", stdin=request(plan="gold", users_count="0")).out
    assert "Not accepted: the request for a legacy license file has 2 problems" in table
    rows = list(
        csv.DictReader(StringIO(run("licenses", "check", "-", "-o", "csv", stdin=request(plan="=1+1")).out))
    )
    assert [row["field"] for row in rows] == ["plan"]
    assert (
        "`premium or" not in run("licenses", "check", "-", "-o", "markdown", stdin=request(plan="@all")).out
    )


@pytest.mark.parametrize(
    ("purpose", "route", "contact", "status"),
    [
        ("self-managed", "legacy", None, 0),
        ("duo-testing", "staging-cloud", "#g_provision", 3),
        ("duo-production", "zero-dollar-subscription", "#sales-support", 3),
        ("", None, None, 3),
    ],
)
def test_route(run: Run, purpose: str, route: str | None, contact: str | None, status: int) -> None:
    ran = run("licenses", "route", "-", "-o", "json", stdin=request(purpose=purpose))

    document = as_json(ran, "license-decision")
    assert (document["route"], document["contact"], ran.status) == (route, contact, status)
    assert document["why"]


def test_route_shows_the_three_answers(run: Run) -> None:
    out = run("licenses", "route", "-", stdin=request(purpose="duo-testing")).out

    assert "ask in: #g_provision" in out
    assert "->  staging-cloud" in out
    assert "zero-dollar-subscription" in out


def test_form_as_table_text_and_csv(run: Run) -> None:
    table = run("licenses", "form", "-", stdin=request())
    text = run("licenses", "form", "-", "--text", stdin=request(name="Jane " * 40 + "Doe"))
    rows = list(csv.reader(StringIO(run("licenses", "form", "-", "-o", "csv", stdin=request()).out)))
    refused = run("licenses", "form", "-", stdin=request(plan="gold"))

    assert "Plan code             ultimate" in table.out
    assert text.out.splitlines()[0] == "Name: " + "Jane " * 40 + "Doe"
    assert len(text.out.splitlines()) == 13
    assert rows[0] == ["key", "field", "value"]
    assert [row[1] for row in rows[1:4]] == ["Name", "Company", "Email"]
    assert (refused.status, "Users count" in refused.out) == (3, False)
    assert run("licenses", "form", "-", "--text", "-o", "json", stdin=request()).status == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Name one request"),
        (("a.yaml", "--issue", "1"), "Name one request"),
        (("missing.yaml",), "No such file"),
        (("-",), "is empty"),
        (("-", "--override-existing"), "needs --reason"),
        (("-", "--reason", "x"), "--override-existing"),
        (("--issue", "0"), "no number of an issue"),
    ],
)
def test_what_can_not_be_asked_is_refused(run: Run, words: tuple[str, ...], said: str) -> None:
    ran = run("licenses", "check", *words)

    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err


def test_settings_decide_domains_zone_and_contacts(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "supops.yaml"
    file.write_text(
        "licenses: {email_domains: [example.org], staging_contact: '#other', timezone: Mars/Olympus}\n"
    )
    ran = run("licenses", "check", "-", stdin=request())
    assert (ran.status, "licenses.timezone" in ran.err) == (2, True)

    file.write_text(file.read_text().replace("Mars/Olympus", "Pacific/Auckland"))
    assert "an address of example.org is needed" in run("licenses", "check", "-", stdin=request()).out
    assert "#other" in run("licenses", "route", "-", stdin=request(purpose="duo-testing")).out


def test_a_license_is_generated_listed_and_inspected(
    run: Run, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    private, public = keys

    made = as_json(generate(run, private, "--output-file", "out/a.lic", "-o", "json"), "license-generated")

    file = tmp_path / "out" / "a.lic"
    assert (made["action"], made["file"]) == ("generated", "out/a.lic")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    entry = made["license"]
    assert isinstance(entry, dict)
    assert (entry["email"], entry["state"], entry["origin"]) == (
        "jane.doe@example.com",
        "running",
        "generated",
    )

    ran = run("licenses", "inspect", str(file), "--public-key", str(public), "--must-be-ours", "-o", "json")
    seen = as_json(ran, "license-inspection")
    assert (ran.status, seen["valid"], seen["issued"]) == (0, True, entry)
    attributes = seen["attributes"]
    assert isinstance(attributes, dict)
    assert attributes["expires_at"] == entry["expires_on"]
    assert attributes["restrictions"] == {"plan": "ultimate", "active_user_count": 10}

    listed = as_json(run("licenses", "list", "-o", "json"), "licenses")
    assert listed["licenses"] == [entry]
    (row,) = csv.DictReader(StringIO(run("licenses", "list", "-o", "csv").out))
    assert (row["sha256"], row["state"]) == (entry["sha256"], "running")
    assert (
        len(json.loads(run("licenses", "list", "--expiring-within", "13w", "-o", "json").out)["licenses"])
        == 1
    )
    for words in (("--email", "JANE.doe@example.com"), ("--state", "running")):
        assert as_json(run("licenses", "list", *words, "-o", "json"), "licenses")["licenses"] == [entry]
    assert "the ledger has no such license" in run("licenses", "list", "--state", "withdrawn").err
    none = run("licenses", "list", "--expiring-within", "0d")
    assert ("none" in none.out, "the ledger has no license" in none.err) == (True, False)
    assert run("licenses", "list", "--expiring-within", "").status == 2
    assert run("licenses", "list", "--expiring-within", "soon").status == 2
    assert "Jane Döe" in run("licenses", "list").out


def test_a_second_one_is_refused_and_can_be_overridden_with_a_reason(
    run: Run, keys: tuple[Path, Path]
) -> None:
    private, _ = keys
    generate(run, private)

    refused = generate(run, private, "--output-file", "b", status=3)
    assert "still has a license" in refused.out
    assert "nothing was signed" in refused.err

    words = ("--output-file", "b", "--override-existing", "--reason", "the laptop was lost", "-o", "csv")
    (row,) = csv.DictReader(StringIO(generate(run, private, *words).out))
    assert (row["reason"], row["file"]) == ("the laptop was lost", "b")
    assert "the laptop was lost" in run("licenses", "list").out


def test_what_was_begun_is_listed_finished_or_withdrawn(
    run: Run, keys: tuple[Path, Path], tmp_path: Path, home: dict[str, str]
) -> None:
    private, public = keys
    generate(run, private, "-f", "a")
    made = (tmp_path / "a").read_bytes()
    (state,) = Path(home["XDG_STATE_HOME"]).rglob("state.db")

    def kill() -> None:
        """Leave the ledger as one who is killed between ledger and file leaves it."""
        with closing(sqlite3.connect(state)) as connection:
            connection.execute("UPDATE licenses SET unwritten = ?", (made.decode(),))
            connection.commit()

    kill()
    listed = run("licenses", "list", "-o", "json")
    (entry,) = json.loads(listed.out)["licenses"]
    assert (entry["state"], entry["file"]) == ("pending", str(tmp_path / "a"))
    assert "license 1 was begun and not finished" in listed.err
    inspected = run("licenses", "inspect", "a", "--public-key", str(public))
    assert (inspected.status, "it was begun, and is not noted as finished" in inspected.out) == (0, True)

    # Once the file is there as it should be, and once all that is there is what the killed one left beside it.
    for name in ("a", ".a.left"):
        kill()
        (tmp_path / "a").rename(tmp_path / name)
        assert "license 1 was begun before" in generate(run, private, "-f", "a").out
        assert [path.name for path in tmp_path.glob("*a*") if path.read_bytes() == made] == ["a"]

    kill()
    words = ("licenses", "withdraw", "1", "--reason", "a typo")
    planned = as_json(run(*words, "--dry-run", "-o", "json"), "license-withdrawn")
    done = as_json(run(*words, "-o", "json"), "license-withdrawn")
    assert (planned["action"], done["action"]) == ("planned", "withdrawn")
    assert done["remarks"] == [f"its file is there, and an instance would take it: delete {tmp_path / 'a'}"]
    assert "Withdrawn before: license 1" in run(*words).out
    (row,) = csv.DictReader(StringIO(run("licenses", "list", "-o", "csv").out))
    assert (row["state"], row["withdrawn_reason"]) == ("withdrawn", "a typo")
    assert "a typo" in run("licenses", "list").out
    assert run("licenses", "inspect", "a", "--public-key", str(public)).status == 3
    generate(run, private, "-f", "b")


def test_a_license_that_was_written_is_withdrawn_only_by_who_says_yes(
    run: Run, keys: tuple[Path, Path]
) -> None:
    private, _ = keys
    generate(run, private)
    words = ("licenses", "withdraw", "1", "--reason", "never handed out")

    asked = run(*words)
    assert (asked.status, "Add --yes" in asked.err) == (2, True)
    assert run(*words, "--yes").status == 0
    for wrong in ("2", "gold"):
        assert run("licenses", "withdraw", wrong, "--reason", "x", "--yes").status == 2
    assert run("licenses", "withdraw", "1", "--reason", " ").status == 2


def test_a_file_that_is_there_is_left_alone(run: Run, keys: tuple[Path, Path], tmp_path: Path) -> None:
    private, _ = keys
    (tmp_path / "a").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")

    for name in ("a", "link", "."):
        assert generate(run, private, "--output-file", name, status=2).out == ""
    assert (tmp_path / "a").read_text() == "mine"
    assert json.loads(run("licenses", "list", "-o", "json").out)["licenses"] == []

    planned = generate(run, private, "--output-file", "a", "--force", "--dry-run")
    assert "a was there already, and would be replaced" in planned.err
    made = generate(run, private, "--output-file", "a", "--force")
    assert "a was there already, and is replaced" in made.err
    assert (tmp_path / "a").read_text() != "mine"
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600


def test_a_dry_run_keeps_nothing(
    run: Run, keys: tuple[Path, Path], tmp_path: Path, home: dict[str, str]
) -> None:
    private, _ = keys
    before = sorted(path.name for path in tmp_path.iterdir())

    ran = generate(run, private, "--dry-run", "-o", "json")

    planned = as_json(ran, "license-generated")
    license_ = planned["license"]
    assert isinstance(license_, dict)
    assert (planned["action"], license_["id"], license_["sha256"]) == ("planned", None, None)
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert not Path(home["XDG_STATE_HOME"]).exists()
    assert json.loads(run("licenses", "list", "-o", "json").out)["licenses"] == []


def test_a_dry_run_finds_out_what_the_real_one_would(
    run: Run, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "request.yaml").write_text(request())
    words = (
        "licenses",
        "generate",
        "request.yaml",
        "--private-key",
        str(keys[0]),
        "--output-file",
        "file/one",
    )

    for ran in (run(*words, "--dry-run"), run(*words)):
        assert ran.status == 1
        assert "file/one can't be written: Not a directory" in ran.err
    assert json.loads(run("licenses", "list", "-o", "json").out)["licenses"] == []


def test_a_name_for_the_file_is_found(run: Run, keys: tuple[Path, Path], tmp_path: Path) -> None:
    generate(run, keys[0])

    assert (tmp_path / f"jane-doe-{in_days(90)}.gitlab-license").is_file()


def test_the_passphrase_comes_from_a_secret_reference(run: Run, tmp_path: Path) -> None:
    (tmp_path / "request.yaml").write_text(request())
    private, _ = write_keys(tmp_path, passphrase=PASSPHRASE)
    words = ("licenses", "generate", "request.yaml", "--private-key", str(private), "--dry-run")

    asked = run(*words)
    assert (asked.status, "no terminal to ask for it on" in asked.err) == (4, True)
    wrong = run(*words, "--passphrase-env", "PASS", env={"PASS": "wrong"})
    assert (wrong.status, "passphrase is another one" in wrong.err) == (4, True)
    assert run(*words, "--passphrase-env", "PASS", env={"PASS": PASSPHRASE}).status == 0
    (tmp_path / "supops.yaml").write_text(
        "licenses: {passphrase: {env: KEY_PASS}, private_key: signing-secret.pem}\n"
    )
    assert run(*words[:3], "--dry-run", env={"KEY_PASS": PASSPHRASE}).status == 0


def test_a_private_key_that_public_key_does_not_belong_to_is_told(
    run: Run, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    private, public = keys
    other = tmp_path / "other.pem"
    other.write_bytes(private_pem(1))
    (tmp_path / "supops.yaml").write_text(f"licenses: {{public_key: {public}}}\n")

    assert "public_key" not in generate(run, private, "--dry-run").err
    assert "another one than licenses.public_key belongs to" in generate(run, other, "--dry-run").err


def test_the_passphrase_is_asked_for_on_a_terminal_and_not_shown(
    home: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "request.yaml").write_text(request())
    private, _ = write_keys(tmp_path, passphrase=PASSPHRASE)
    words = ("licenses", "generate", "request.yaml", "--private-key", str(private), "-f", "a")

    status, shown = run_in_terminal(words, env=home, cwd=tmp_path, typed=f"{PASSPHRASE}\n", after="key: ")

    assert status == 0, shown
    assert "Passphrase of the private key" in shown
    assert (tmp_path / "a").is_file()


def test_the_private_keys_file_is_named_nowhere(run: Run, keys: tuple[Path, Path], tmp_path: Path) -> None:
    private, _ = keys
    (tmp_path / "broken-secret.pem").write_text("hello")
    runs = [
        run("--debug", "-v", "licenses", "generate", "request.yaml", "--private-key", str(file), "-f", "a")
        for file in (
            tmp_path / "broken-secret.pem",
            tmp_path / "missing-secret.pem",
            tmp_path / "dir-secret",
            private,
        )
    ]

    assert [ran.status for ran in runs] == [4, 4, 4, 0]
    for ran in runs:
        assert "-secret" not in ran.out + ran.err.replace(f"{tmp_path}", "")
    assert "-secret" not in run("licenses", "list", "-o", "json").out


def test_without_keys_it_is_said_what_to_do(run: Run, keys: tuple[Path, Path], tmp_path: Path) -> None:
    ran = run("licenses", "generate", "request.yaml")
    assert (ran.status, "supops licenses form" in ran.err) == (2, True)

    ran = run("licenses", "inspect", "request.yaml")
    assert (ran.status, "--public-key" in ran.err) == (2, True)

    ran = run("licenses", "inspect", "request.yaml", "--public-key", str(keys[0]))
    assert (ran.status, "holds a private key" in ran.err) == (2, True)


GOOD = signer().sign(LICENSE)
MALFORMED: dict[str, bytes] = {
    "empty": b"",
    "truncated": GOOD[:500].encode(),
    "another key": signer(1).sign(LICENSE).encode(),
    "not JSON": signer().sealed_bytes(b"hello").encode(),
    "no end": signer().sealed({"licensee": {"Name": "a"}, "issued_at": "2026-11-26"}).encode(),
    "version": signer().sealed({"version": 2}).encode(),
    "several": GOOD.encode() * 2,
    "carriage returns": GOOD.replace("\n", "\r\n").encode(),
    "byte-order mark": b"\xef\xbb\xbf" + GOOD.encode(),
    "text around": b"Hello!\nBEGIN A LICENSE\n" + GOOD.encode() + b"END A LICENSE\nBye\n",
    "no text": b"\xff\xfe\x00",
}


@pytest.mark.parametrize("what", sorted(MALFORMED))
def test_a_malformed_file_gets_a_clear_line_and_status_3(
    run: Run, keys: tuple[Path, Path], tmp_path: Path, what: str
) -> None:
    (tmp_path / "a.lic").write_bytes(MALFORMED[what])

    ran = run("licenses", "inspect", "a.lic", "--public-key", str(keys[1]))

    assert (ran.status, ran.err) == (3, "")
    assert "problem: " in ran.out
    assert "Traceback" not in ran.out


def test_a_file_that_can_not_be_read(run: Run, keys: tuple[Path, Path]) -> None:
    for name in ("missing.lic", "."):
        ran = run("licenses", "inspect", name, "--public-key", str(keys[1]))
        assert (ran.status, ran.out) == (2, "")
        assert "can't be read" in ran.err


def test_a_license_from_standard_input(run: Run, keys: tuple[Path, Path]) -> None:
    private, public = keys
    generate(run, private, "-f", "a")
    del private

    ran = run("licenses", "inspect", "-", "--public-key", str(public), "-o", "csv", stdin=GOOD)

    assert ran.status in (0, 3)
    rows = {(kind, name): value for kind, name, value in csv.reader(StringIO(ran.out))}
    assert rows["attribute", "licensee.Email"] == "jane.doe@example.com"
    assert rows["result", "ledger"] == ""
