"""``supops team``, ``config``, ``doctor``, ``demo``, and help."""

import json
import re
from pathlib import Path

import pytest

from supops import __version__
from supops.cli import GROUPS
from supops.sandbox.people import PEOPLE
from tests.cli.golden import assert_golden
from tests.cli.schemas import validate
from tests.cli.terminal import run_in_terminal
from tests.conftest import Run


def test_version(run: Run) -> None:
    for words in (("--version",), ("-q", "--version")):
        assert run(*words).out == f"supops {__version__}\n"


@pytest.mark.parametrize("words", [("--help",), ("-h",)])
def test_help_names_every_group(run: Run, words: tuple[str, ...]) -> None:
    ran = run(*words)

    assert ran.status == 0
    for group in GROUPS:
        assert f"  {group} " in ran.out


@pytest.mark.parametrize("group", GROUPS)
def test_what_the_root_says_of_a_group_is_what_the_group_says(run: Run, group: str) -> None:
    _, _, text = GROUPS[group]

    assert text in " ".join(run(group, "--help").out.split())


def test_team_list(run: Run) -> None:
    ran = run("--demo", "team", "list", "-o", "json")

    members = json.loads(ran.out)
    validate(members, "supops.roster-1.json")
    assert ran.status == 0
    assert "3 of the roster's files can't be read" in ran.err
    assert len(members["members"]) == len(PEOPLE)
    assert run("--demo", "team", "list").out.startswith("Members (41)\n")


def test_team_show(run: Run) -> None:
    ran = run("--demo", "team", "show", "MARIA.delgado@example.com", "-o", "json")

    (member,) = json.loads(ran.out)["members"]
    validate(json.loads(ran.out), "supops.member-1.json")
    assert member["us_government_agent"] is True
    assert member["source"] == {"file": "amer-e/maria-delgado.yaml", "line": 1}
    assert_golden("team-show.txt", run("--demo", "team", "show", "maria.delgado@example.com").out)


def test_team_show_of_somebody_with_two_files(run: Run) -> None:
    ran = run("--demo", "team", "show", "soojin.kim@example.com")

    assert "warning: 2 files claim this email" in ran.err


def test_team_show_of_nobody(run: Run) -> None:
    ran = run("--demo", "team", "show", "nobody@example.com")

    assert ran.status == 1
    assert "Nobody in the roster has the email nobody@example.com" in ran.err


def test_team_check(run: Run) -> None:
    ran = run("--demo", "team", "check")

    assert ran.status == 3
    assert_golden("team-check-pipe.txt", ran.out)
    validate(json.loads(run("--demo", "team", "check", "-o", "json").out), "supops.roster-check-1.json")
    assert run("--demo", "team", "check", "--fail-on", "never").status == 0


def test_team_us_government(run: Run) -> None:
    ran = run("--demo", "team", "us-government", "-o", "csv")

    names = {line.split(",")[0] for line in ran.out.splitlines()[1:]}
    assert names == {
        "Maria Delgado",
        "Hannah Lindqvist",
        "Isaac Moreno",
        "Noah Schmidt",
        "Priya Raman",
        "Umar Farouk",
    }


def test_config_show_tells_where_each_value_is_from_and_no_secret(run: Run, tmp_path: Path) -> None:
    (tmp_path / "supops.yaml").write_text("gitlab:\n  token: {env: GL_TOKEN}\n  group: team\n")
    env = {"GL_TOKEN": "hunter2", "SUPOPS_GITLAB__GROUP": "other"}

    ran = run("config", "show", "-o", "json", env=env)
    validate(json.loads(ran.out), "supops.config-1.json")
    settings = {one["key"]: one for one in json.loads(ran.out)["settings"]}
    assert settings["gitlab.group"] | {"variable": ""} == {
        "key": "gitlab.group",
        "value": "other",
        "origin": "SUPOPS_GITLAB__GROUP",
        "variable": "",
    }
    assert settings["gitlab.token"]["value"] == {"env": "GL_TOKEN"}
    assert settings["gitlab.token"]["origin"] == "supops.yaml:2"
    assert settings["gitlab.url"]["origin"] == "default"

    table = run("config", "show", env=env).out
    assert "******** (environment variable GL_TOKEN, set)" in table
    assert "hunter2" not in table + ran.out


def test_config_path(run: Run, tmp_path: Path) -> None:
    (tmp_path / "supops.yaml").write_text("")

    paths = json.loads(run("config", "path", "-o", "json").out)

    validate(paths, "supops.config-paths-1.json")
    assert paths["used"] == "supops.yaml"


def test_config_schema_is_json(run: Run) -> None:
    assert json.loads(run("config", "schema").out)["title"] == "supops settings"


def test_config_init_takes_defaults_without_a_terminal_and_never_overwrites(run: Run, tmp_path: Path) -> None:
    ran = run("config", "init")
    assert ran.status == 0
    assert "supops.yaml is written" in ran.err
    written = (tmp_path / "supops.yaml").read_text()
    assert "url: https://example.zendesk.com" in written

    again = run("config", "init")
    assert again.status == 2
    assert "is there already, and is not overwritten" in again.err
    assert (tmp_path / "supops.yaml").read_text() == written
    assert run("config", "show").status == 0


def test_config_init_asks_on_a_terminal(home: dict[str, str], tmp_path: Path) -> None:
    typed = "./people\nnot-an-address\nhttps://acme.zendesk.com\n\nMY_SECRET\n"

    status, screen = run_in_terminal(("config", "init", "mine.yaml"), env=home, cwd=tmp_path, typed=typed)

    assert status == 0
    assert "zendesk.global.url takes an https:// address" in screen
    written = (tmp_path / "mine.yaml").read_text()
    for line in (
        "path: ./people",
        "url: https://acme.zendesk.com",
        "client_id: supops",
        "client_secret: {env: MY_SECRET}",
    ):
        assert f"  {line}  #" in written


def test_doctor_is_content_with_the_embedded_world(run: Run) -> None:
    ran = run("--demo", "doctor", "-o", "json")

    report = json.loads(ran.out)
    validate(report, "supops.health-1.json")
    assert ran.status == 0
    assert [check["name"] for check in report["checks"]] == [
        "settings",
        "roster",
        "Zendesk Global",
        "Zendesk US Government",
        "Calendly",
        "GitLab",
        "calendar US Government Support",
        "calendar GitLab Support",
        "license ledger",
        "license rules",
        "license keys",
        "license requests",
    ]
    facts = {check["name"]: check["facts"] for check in report["checks"]}
    assert (
        facts["license keys"] == "private key: RSA, 2,048 bits; public key: RSA, 2,048 bits, its other half"
    )
    assert facts["license rules"] == "addresses of example.com; days of UTC"
    assert facts["license requests"].endswith("issue-tracker, the user is an Owner, scope api")


def test_doctor_says_of_a_license_key_what_is_wrong_and_not_where_it_is(run: Run, tmp_path: Path) -> None:
    (tmp_path / "supops.yaml").write_text("licenses: {private_key: a-secret-place.pem}\n")
    (tmp_path / "a-secret-place.pem").write_text("hello")

    ran = run("--debug", "doctor")

    assert ran.status == 4
    assert re.search(r"^license keys +fails +The private key can't be understood", ran.out, re.MULTILINE)
    shown = ran.out + ran.err + run("config", "show").out + run("config", "show", "-o", "json").out
    assert "secret-place" not in shown
    assert "******** (set; not shown)" in shown


@pytest.mark.parametrize(("fault", "status"), [("expired", 4), ("500", 1)])
def test_doctor_tells_what_fails_and_what_to_do(run: Run, fault: str, status: int) -> None:
    ran = run("--demo", "doctor", env={"SUPOPS_DEMO_FAULTS": f"zendesk-global:{fault}"})

    assert ran.status == status
    assert re.search(r"^Zendesk Global +fails", ran.out, re.MULTILINE)


def test_doctor_without_settings(run: Run) -> None:
    ran = run("doctor")

    assert ran.status == 1
    assert "Three ways on: supops config init write a settings file to fill in; supops --config" in ran.out


@pytest.mark.thorough
def test_the_tour(run: Run) -> None:
    ran = run("demo")

    assert ran.status == 0
    assert "$ supops --demo audit zendesk --instance us-government" in ran.out
    assert "(exit status 3: done, and there are findings)" in ran.out


def test_what_is_changed_in_the_embedded_world_lasts_until_reset(run: Run, home: dict[str, str]) -> None:
    run("--demo", "team", "list")
    folder = Path(home["XDG_STATE_HOME"]) / "supops" / "demo"
    (folder / "support-team" / "amer-w" / "victor-chen.yaml").unlink()

    def names() -> str:
        return run("--demo", "team", "list").out

    assert "Victor Chen" not in names()
    assert run("demo", "reset").status == 0
    assert "Victor Chen" in names()
    assert run("demo", "reset").status == 0
    assert "nothing to forget" in run("demo", "reset").err


def test_the_demo_needs_no_settings_and_sees_none(run: Run, tmp_path: Path) -> None:
    (tmp_path / "supops.yaml").write_text("nonsense: true\n")
    env = {"SUPOPS_ZENDESK__GLOBAL__URL": "https://real.example.com", "SUPOPS_DEMO": "1"}

    assert run("team", "list", env=env).status == 0
