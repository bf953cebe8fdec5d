"""Settings from file and environment: where each came from, and all mistakes at once."""

from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supops.config import THREE_WAYS, Config, candidates, check_answer, load, private_ca
from supops.errors import ConfigError, ExitCode
from supops.models.secrets import SecretRef
from supops.render.settings import settings_file
from supops.setting_keys import all_keys
from supops.setting_types import seconds_of
from supops.settings import json_schema

CONTRACT = """\
roster:
  path: ./support-team
zendesk:
  global:
    url: https://example.zendesk.com
    oauth: {client_id: supops, client_secret: {env: ZD_GLOBAL_SECRET}, scope: users:read}
    api_token: {email: bot@example.com, token: {env: ZD_TOKEN}}
    access_token: {env: ZD_ACCESS_TOKEN}
    roster_key: main
    light_agent_role_id: 360004984553
    admin_role_id: 360004957599
    allowed_admins: [owner@example.com]
  us-government:
    url: https://example-federal.zendesk.com
calendly:
  url: https://api.calendly.com
  token: {env: CALENDLY_API_TOKEN}
  signing_key: {env: CALENDLY_SIGNING_KEY}
google:
  credentials: {env: SERVICE_CREDS}
  subject: null
  api_endpoint: null
calendars:
  backend: google
  folder: ./calendars
  us-government: {name: US Government Support, id: usgov@group.calendar.google.com}
  global: {name: GitLab Support, id: support@group.calendar.google.com}
gitlab:
  url: https://gitlab.com
  token: {env: GL_TOKEN}
  audits_project: support-readiness/system-audits
  issues_project: cust-support-ops/issue-tracker
  licenses_project: cust-support-ops/issue-tracker
  group: support-readiness
waivers: ./waivers.yaml
receiver: {host: 127.0.0.1, port: 8080, path: /calendly}
queue: {url: null}
"""


def write(folder: Path, text: str) -> Path:
    file = folder / "supops.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def mistakes(folder: Path, text: str, **environ: str) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        load(write(folder, text), environ)
    assert raised.value.exit_code == ExitCode.USAGE
    return [line.strip().replace(f"{folder}/", "") for line in raised.value.message.splitlines()[1:]]


def test_the_whole_contract_is_understood(tmp_path: Path) -> None:
    config = load(write(tmp_path, CONTRACT), {})

    zendesk = config.settings.zendesk
    assert zendesk.global_ is not None
    assert zendesk.global_.oauth is not None
    assert zendesk.global_.oauth.client_secret == SecretRef(env="ZD_GLOBAL_SECRET")
    assert zendesk.global_.allowed_admins == ("owner@example.com",)
    assert zendesk.us_government is not None
    assert zendesk.us_government.light_agent_role_id == 360008074111
    assert zendesk.us_government.admin_role_id == 360016820032
    assert zendesk.us_government.roster_key == "us-federal"
    assert config.settings.calendars.us_government.id == "usgov@group.calendar.google.com"
    assert config.settings.queue.url is None
    assert config.origins["zendesk.global.url"] == f"{tmp_path}/supops.yaml:5"
    assert "zendesk.us-government.admin_role_id" not in config.origins


def test_paths_are_relative_to_the_file_that_names_them(tmp_path: Path) -> None:
    file = write(tmp_path, "roster: {path: ./team}\nwaivers: /etc/w.yaml\ngitlab: {token: {file: secret}}")
    config = load(file, {"SUPOPS_CALENDARS__FOLDER": "here"})

    assert config.settings.roster.path == str(tmp_path / "team")
    assert config.settings.waivers == "/etc/w.yaml"
    assert config.settings.gitlab.token == SecretRef(file=str(tmp_path / "secret"))
    assert config.settings.calendars.folder == "here"


def test_the_environment_overrides_the_file_key_by_key(tmp_path: Path) -> None:
    environ = {
        "SUPOPS_ZENDESK__GLOBAL__URL": "https://other.zendesk.com/",
        "SUPOPS_ZENDESK__US_GOVERNMENT__ALLOWED_ADMINS": "a@example.com, b@example.com",
        "SUPOPS_ZENDESK__GLOBAL__OAUTH__CLIENT_SECRET__FILE": "/run/secret",
        "SUPOPS_RECEIVER__PORT": "9000",
        "SUPOPS_WAIVERS": "",
    }

    config = load(write(tmp_path, CONTRACT), environ)

    zendesk = config.settings.zendesk
    assert zendesk.global_ is not None
    assert zendesk.global_.url == "https://other.zendesk.com"
    assert zendesk.global_.oauth is not None
    assert zendesk.global_.oauth.client_secret == SecretRef(file="/run/secret")
    assert zendesk.us_government is not None
    assert zendesk.us_government.allowed_admins == ("a@example.com", "b@example.com")
    assert config.settings.receiver.port == 9000
    assert config.settings.waivers == str(tmp_path / "waivers.yaml")
    assert config.origins["receiver.port"] == "SUPOPS_RECEIVER__PORT"


def test_the_environment_alone_is_enough() -> None:
    environ = {
        "SUPOPS_ROSTER__PATH": "/team",
        "SUPOPS_ZENDESK__GLOBAL__URL": "https://example.zendesk.com",
        "SUPOPS_ZENDESK__GLOBAL__ACCESS_TOKEN__ENV": "ZD_ACCESS_TOKEN",
        "SUPOPS_CONFIG": "",
    }

    config = load(None, environ)

    assert config.settings.zendesk.global_ is not None
    assert config.settings.zendesk.global_.access_token == SecretRef(env="ZD_ACCESS_TOKEN")


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    text = """\
roster:
  pth: ./support-team
zendesk:
  global:
    ulr: https://example.zendesk.com
    admin_role_id: abc
    oauth: {client_id: supops, client_secret: hunter2}
  us-gov: {}
calendars: {backend: outlook}
receiver: {port: 99999, host: [a]}
receiver: {}
queue: {url: "postgresql://u:hunter2@db/x"}
gitlab: nothing
"""
    found = mistakes(
        tmp_path,
        text,
        SUPOPS_GITLAB__TOKEN="hunter2",
        SUPOPS_WAIVER="x",
        SUPOPS_ROSTER__MAX_AGE="soon",
        SUPOPS_VERSION="1",
        SUPOPS_DEMO="1",
    )

    assert found == [
        "supops.yaml:11  receiver: stands twice",
        "supops.yaml:2  roster.pth: is no setting; did you mean path?",
        "SUPOPS_ROSTER__MAX_AGE  roster.max_age: expected a number and one of s, m, h, d, w, such as 1h, found 'soon'",
        "supops.yaml:8  zendesk.us-gov: is no setting; did you mean us-government?",
        "supops.yaml:5  zendesk.global.ulr: is no setting; did you mean url?",
        "supops.yaml:5  zendesk.global: needs the key `url`: address of the instance",
        "supops.yaml:7  zendesk.global.oauth.client_secret: expected a reference to the secret: {env: NAME}, {file: PATH} or "
        "{keyring: NAME}; a secret itself is refused",
        "supops.yaml:6  zendesk.global.admin_role_id: expected a whole number of at least 1, found 'abc'",
        "supops.yaml:9  calendars.backend: expected google or ics, found 'outlook'",
        "supops.yaml:13  gitlab: expected a mapping of keys to values",
        "supops.yaml:10  receiver.host: expected a text without a password in it, found a list or a mapping",
        "supops.yaml:10  receiver.port: expected a whole number from 1 to 65535, found '99999'",
        "supops.yaml:12  queue.url: expected a text without a password in it",
        "SUPOPS_WAIVER  is no setting; did you mean SUPOPS_WAIVERS?",
    ]
    assert "hunter2" not in "".join(found)


@pytest.mark.parametrize(
    "secret",
    [
        "hunter2",
        "[hunter2]",
        "{envv: X}",
        "{env: X, file: Y}",
        "{env: [X]}",
        "{env: ''}",
        "{}",
        "{env: {a: b}}",
    ],
)
def test_only_one_reference_stands_in_a_secrets_place(tmp_path: Path, secret: str) -> None:
    (found,) = mistakes(tmp_path, f"gitlab: {{token: {secret}}}")

    assert "expected a reference to the secret" in found


@pytest.mark.parametrize("path", ['"a\\0b"', "~nobody-at-all-here/b"])
def test_what_can_be_no_path_is_refused_and_a_private_one_not_shown(tmp_path: Path, path: str) -> None:
    found = mistakes(
        tmp_path, f"waivers: {path}\nlicenses: {{private_key: {path}}}\ngitlab: {{token: {{file: {path}}}}}\n"
    )

    told = {one.split("  ")[1].partition(", found")[0] for one in found}
    secret = "gitlab.token: expected a reference to the secret: {env: NAME}, {file: PATH} or {keyring: NAME}"
    assert told == {"waivers: expected a path", "licenses.private_key: expected a path", secret}
    (private,) = (one for one in found if "private_key" in one)
    assert "found" not in private


def test_a_secret_itself_is_refused_in_the_environment_too_and_not_repeated(tmp_path: Path) -> None:
    (found,) = mistakes(tmp_path, "gitlab: {token: {env: GL_TOKEN}}", SUPOPS_GITLAB__TOKEN="hunter2")

    assert found == (
        "SUPOPS_GITLAB__TOKEN  gitlab.token: a secret itself is refused here; "
        "set SUPOPS_GITLAB__TOKEN__ENV to the name of the variable that holds it"
    )


@pytest.mark.parametrize(
    "url",
    [
        "http://example.zendesk.com",
        "example.zendesk.com",
        "https://",
        "https://u:p@example.zendesk.com",
        "http://127.0.0.1.evil.example.com",
        "http://localhost.evil.example.com",
        "ftp://example.com",
        "http://[",
    ],
)
def test_addresses_without_tls_or_with_a_password_are_refused(tmp_path: Path, url: str) -> None:
    (found,) = mistakes(tmp_path, f"calendly: {{url: '{url}'}}")

    assert "expected an https:// address" in found


@pytest.mark.parametrize(
    "url", ["https://x.example.com/", "http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:1"]
)
def test_tls_and_loopback_are_fine(tmp_path: Path, url: str) -> None:
    assert load(write(tmp_path, f"calendly: {{url: '{url}'}}"), {}).settings.calendly.url == url.rstrip("/")


def test_both_ways_to_the_roster_exclude_each_other(tmp_path: Path) -> None:
    (found,) = mistakes(tmp_path, "roster: {path: a, git: b}")

    assert found == "supops.yaml:1  roster.git: and roster.path exclude each other; keep one of them"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: [", "supops.yaml:1 is not YAML"),
        ("- a", "holds no mapping"),
        ("a: b: c", "supops.yaml:1 is not YAML"),
    ],
)
def test_a_file_that_is_no_settings_file(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        load(write(tmp_path, text), {})


def test_a_file_that_is_named_and_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="There is no settings file .*, which --config names"):
        load(tmp_path / "nothing.yaml", {})
    with pytest.raises(ConfigError, match="which SUPOPS_CONFIG names"):
        load(None, {"SUPOPS_CONFIG": str(tmp_path / "nothing.yaml")})


def test_the_order_of_the_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))

    assert candidates(Path("a"), {"SUPOPS_CONFIG": "b"}) == [("--config", Path("a"))]
    assert candidates(None, {"SUPOPS_CONFIG": "b"}) == [("SUPOPS_CONFIG", Path("b"))]
    assert candidates(None, {}) == [
        ("this folder", Path("supops.yaml")),
        ("your configuration", tmp_path / "supops" / "supops.yaml"),
    ]


def test_without_any_settings_the_three_ways_are_named() -> None:
    config = Config(load(None, {"SUPOPS_CONFIG": ""}).settings, {}, None, "")

    assert config.missing("zendesk.global").hint == THREE_WAYS


def test_a_missing_section_is_named_with_its_file(tmp_path: Path) -> None:
    error = load(write(tmp_path, "roster: {path: x}"), {}).missing("zendesk.global")

    assert error.message == f"{tmp_path}/supops.yaml has no zendesk.global, which this command needs."


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("5m", 300), ("1h", 3600), ("2d", 172800), ("1w", 604800)]
)
def test_durations(text: str, seconds: int) -> None:
    assert seconds_of(text) == seconds


def test_every_key_has_a_description_and_a_default_or_an_example() -> None:
    for key in all_keys().values():
        assert key.description, key.name
        if key.kind != "section":
            assert key.default is not None or key.example, key.name


def test_the_schema_accepts_the_contract_and_refuses_literals() -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)

    validator.validate(
        {"gitlab": {"token": {"env": "GL_TOKEN"}}, "zendesk": {"global": {"url": "https://x"}}}
    )
    mistakes: tuple[dict[str, object], ...] = (
        {"gitlab": {"token": "x"}},
        {"gitlab": {"token": {}}},
        {"gitlabb": {}},
        {"zendesk": {"global": {}}},
    )
    for wrong in mistakes:
        assert not validator.is_valid(wrong)


def test_the_written_file_holds_the_answers_and_every_other_key_as_a_comment(tmp_path: Path) -> None:
    answers = {"roster.path": "./team", "zendesk.global.url": "https://x.zendesk.com"}

    config = load(write(tmp_path, settings_file(answers)), {})

    assert config.origins.keys() == answers.keys()
    text = settings_file(answers)
    for key in all_keys().values():
        assert f"{key.path[-1]}:" in text


def test_the_written_file_works_with_every_comment_mark_taken_away(tmp_path: Path) -> None:
    lines = settings_file({"roster.path": "./team"}).splitlines()
    text = "\n".join(
        line.replace("# ", "", 1) if line.lstrip().startswith("# ") else line for line in lines[3:]
    )

    found = mistakes(tmp_path, text)

    # roster.git stands beside roster.path; there is nothing else wrong with it.
    assert [line.partition("  ")[2] for line in found] == [
        "roster.git: and roster.path exclude each other; keep one of them"
    ]


@pytest.mark.parametrize(
    ("name", "answer", "written"),
    [
        ("roster.path", "./team", "./team"),
        ("roster.path", "my team: #1", '"my team: #1"'),
        ("zendesk.global.url", "https://x.zendesk.com", "https://x.zendesk.com"),
        ("zendesk.global.oauth.client_secret", "ZD_SECRET", "{env: ZD_SECRET}"),
    ],
)
def test_answers_are_written_as_yaml(name: str, answer: str, written: str) -> None:
    assert check_answer(name, answer) == written


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("zendesk.global.url", "x.zendesk.com"),
        ("zendesk.global.oauth.client_secret", "s3cr3t-with-dashes"),
        ("roster.path", " "),
    ],
)
def test_answers_that_can_not_stand_are_refused_and_secrets_not_repeated(name: str, answer: str) -> None:
    with pytest.raises(ConfigError) as raised:
        check_answer(name, answer)

    assert "s3cr3t" not in raised.value.message


def test_private_cas_come_from_the_usual_variables() -> None:
    assert private_ca({"REQUESTS_CA_BUNDLE": "/a", "SSL_CERT_FILE": "/b"}) == Path("/b")
    assert private_ca({"SSL_CERT_FILE": ""}) is None


@given(st.binary(max_size=200))
def test_any_bytes_give_settings_or_the_one_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    file = tmp_path_factory.mktemp("config") / "supops.yaml"
    file.write_bytes(data)
    try:
        load(file, {})
    except ConfigError as error:
        assert error.message
