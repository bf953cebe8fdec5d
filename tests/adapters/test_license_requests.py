"""Requests as people write them, in YAML and in JSON."""

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supops.adapters.license_requests import parse_request, read_request
from supops.errors import UsageError
from supops.models.licenses import Problem
from supops.services.license_fields import mentions_duo
from tests.licenses import VALUES

YAML = "".join(f"{key}: {value}\n" for key, value in VALUES.items())


@pytest.mark.parametrize(
    "text",
    [
        YAML,
        "\ufeff" + YAML,
        YAML.replace("\n", "\r\n"),
        "# A request\n---\n" + YAML.replace("end_date", "End-Date").replace("users_count", "Users Count"),
        YAML.replace("2027-06-30", "'2027-06-30'").replace("10", '"10"'),
        json.dumps(VALUES),
        json.dumps(VALUES | {"users_count": 10}, indent=2),
        "\ufeff" + json.dumps(VALUES, ensure_ascii=False),
        json.dumps({**VALUES, "issue": None, "trueup_count": ""}),
        "{" + ", ".join(f"{key}: {value}" for key, value in VALUES.items()) + "}",
    ],
)
def test_a_request_is_read_in_every_way_of_writing_it(text: str) -> None:
    read = parse_request(text.encode(), "request")

    assert read.values == VALUES
    assert (read.problems, read.remarks) == ((), ())


def test_numbers_and_days_stay_what_they_are_in_the_file() -> None:
    read = parse_request(b"users_count: 010\ntrueup_count: 1_0\nend_date: 2027-06-30 \nplan: NO\n", "a")

    assert read.values == {
        "users_count": "010",
        "trueup_count": "1_0",
        "end_date": "2027-06-30",
        "plan": "NO",
    }
    assert parse_request(b'{"users_count": 1e1, "trueup_count": 1.0}', "a").values == {
        "users_count": "1e1",
        "trueup_count": "1.0",
    }


def test_characters_beyond_the_first_plane_in_json() -> None:
    assert parse_request(b'{"name": "Jo \\ud83d\\ude00"}', "a").values == {"name": "Jo \U0001f600"}


@pytest.mark.parametrize(
    "text", ["plan: [ultimate]\n", "plan: {a: b}\n", '{"plan": ["ultimate"]}', '{"plan": {"a": 1}}']
)
def test_a_value_that_is_no_single_one_is_told(text: str) -> None:
    (problem,) = parse_request(text.encode(), "a").problems

    assert problem.field == "plan"
    assert "single value" in problem.message


@pytest.mark.parametrize(
    "text", ["plan: a\nplan: b\n", '{"plan": "a", "plan": "b"}', '{"plan": "a", "Plan": "b"}']
)
def test_a_key_that_stands_twice_is_told(text: str) -> None:
    (problem,) = parse_request(text.encode(), "a").problems

    assert (problem.field, problem.message[:12]) == ("plan", "stands twice")


def test_keys_that_mean_nothing_are_problems_with_the_nearest_one() -> None:
    read = parse_request(b"user_count: 3\nseats: 3\npurpos: x\ncomment: for Duo\n", "a")

    assert [(problem.field, problem.message[:49]) for problem in read.problems] == [
        ("user_count", "means nothing here; did you mean users_count?"),
        ("seats", "means nothing here; did you mean users_count?"),
        ("purpos", "means nothing here; did you mean purpose?"),
        ("comment", "means nothing here; known are name, email, plan, "),
    ]
    many = parse_request(json.dumps({f"a{number}": 1 for number in range(1_000)}).encode(), "a").problems
    assert (len(many), many[-1]) == (21, Problem("request", "has 980 more keys that mean nothing here"))


@pytest.mark.parametrize(
    "text",
    [
        "comment: for Duo\n",
        "gitlab_duo: true\n",
        "extra: {a: [{b: Duo}]}\n",
        "extra: [{duo: yes}]\n",
        "name: [Jane, for Duo]\n",
        '{"extra": {"a": [1, {"b": "GitLab Duo"}]}}',
        '{"extra": {"duo": null}}',
        '{"plan": "ultimate", "plan": "Duo"}',
    ],
)
def test_all_that_is_written_is_kept_for_who_looks_for_duo(text: str) -> None:
    assert any(mentions_duo(one) for one in parse_request(text.encode(), "a").other)
    assert not any(mentions_duo(one) for one in parse_request(b"gitlab_duo: false\n", "a").other)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"hello", "no keys and values"),
        (b"- a\n", "no keys and values"),
        (b"[1]", "no keys and values"),
        (b"a: b: c", "a:1 makes no sense"),
        (b"a: 'b", "makes no sense"),
        (b"\xff\xfe\xfd", "makes no sense"),
        (b"a: &x [*x]", "makes no sense"),
        (b"{" * 5_000, "makes no sense"),
        (b"name: Jo\n---\nname: Kim\n", "a:2 makes no sense: a second document"),
        (b"<<: {name: Jo}\n", "merge keys"),
        (
            b"a: &a [x]\nb: &b [*a, *a]\n"
            + b"".join(
                b"%c: &%c [%s]\n" % (n + 1, n + 1, b", ".join([b"*%c" % n] * 9)) for n in range(98, 110)
            ),
            "more than 200,000",
        ),
    ],
)
def test_what_is_no_request_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse_request(data, "a")


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    with suppress(UsageError):
        parse_request(data, "a")


def test_files_that_can_not_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        read_request(str(tmp_path / "missing.yaml"))
    with pytest.raises(UsageError, match="Is a directory"):
        read_request(str(tmp_path))
    (tmp_path / "empty.yaml").write_text(" \n")
    with pytest.raises(UsageError, match="is empty"):
        read_request(str(tmp_path / "empty.yaml"))
    (tmp_path / "large.yaml").write_bytes(b"a: b\n" * 100_000)
    with pytest.raises(UsageError, match="larger than"):
        read_request(str(tmp_path / "large.yaml"))
