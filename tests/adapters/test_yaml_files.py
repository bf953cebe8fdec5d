"""YAML as people write it by hand, and as nobody should."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supops.adapters.yaml_files import MAX_BYTES, Mapping, Scalar, Sequence, YamlError, read_yaml


def texts(data: bytes) -> dict[str, str]:
    node = read_yaml(data)
    assert isinstance(node, Mapping)
    return {key: value.text for key, value in node.items.items() if isinstance(value, Scalar)}


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"a: NO", "NO"),
        (b"a: 0800", "0800"),
        (b"a: 2021-05-03", "2021-05-03"),
        (b"a: 'x'", "x"),
        (b"\xef\xbb\xbfa: x", "x"),
        ("a: Zoë".encode("utf-16"), "Zoë"),
        ("a: Zoë".encode(), "Zoë"),
        (b"a: x # why", "x"),
        (b"a: |\n  x\n", "x\n"),
        (b"!!str a: !!python/object:os.system x", "x"),
    ],
)
def test_scalars_stay_the_text_that_they_are(data: bytes, value: str) -> None:
    assert texts(data) == {"a": value}


def test_yaml_1_2_that_libyaml_refuses() -> None:
    node = read_yaml(b"oauth: {scope: users:read, x: 1}")

    assert isinstance(node, Mapping)
    oauth = node.items["oauth"]
    assert isinstance(oauth, Mapping)
    assert oauth.items["scope"] == Scalar("users:read", 1, plain=True)


def test_lines_count_from_one() -> None:
    node = read_yaml(b"# first\na:\n  - x\n  - y\n")

    assert isinstance(node, Mapping)
    assert node.key_lines == {"a": 2}
    items = node.items["a"]
    assert isinstance(items, Sequence)
    assert [item.line for item in items.items] == [3, 4]


def test_the_first_of_repeated_keys_counts_and_the_others_are_told() -> None:
    node = read_yaml(b"a: 1\nb: 2\na: 3\n")

    assert isinstance(node, Mapping)
    assert texts(b"a: 1\nb: 2\na: 3\n") == {"a": "1", "b": "2"}
    assert node.repeated == [("a", 3)]


def test_aliases_stand_for_what_they_name() -> None:
    node = read_yaml(b"a: &one x\nb: *one\nc: &two [y]\nd: *two\n")

    assert isinstance(node, Mapping)
    assert node.items["b"] == Scalar("x", 2, plain=True)
    assert node.items["d"] == node.items["c"]


@pytest.mark.parametrize("data", [b"", b"# nothing\n", b"\n\n", b"---\n...\n# no"])
def test_nothing(data: bytes) -> None:
    node = read_yaml(data)

    assert node is None or (isinstance(node, Scalar) and node.is_null)


@pytest.mark.parametrize("text", ["", "~", "null", "Null", "NULL"])
def test_null(text: str) -> None:
    node = read_yaml(f"a: {text}".encode())

    assert isinstance(node, Mapping)
    value = node.items["a"]
    assert isinstance(value, Scalar)
    assert value.is_null


@pytest.mark.parametrize(
    ("data", "line", "message"),
    [
        (
            b'a: 1\nb: "x\n',
            3,
            "unexpected end of stream, while scanning a quoted scalar that begins in line 2",
        ),
        (b"a:\n\t- x\n", 2, "cannot start any token"),
        (b"a: 1\nb: \xe9\n", 2, "not UTF-8"),
        (b"a: 1\nb: \x07\n", 2, "control character"),
        (b"a: 1\n---\nb: 2\n", 2, "second document"),
        (b"a: *x", 1, "not defined before"),
        (b"a: &x [*x]", 1, "inside of what it stands for"),
        (b"a: 1\n<<: {b: 2}", 2, "merge keys"),
        (b"? [a]\n: b", 1, "key must be a single value"),
        (b"[" * 100_000, 1, "nested more than 50 deep"),
        (b"- " * 100_000, 1, "nested more than 50 deep"),
        (b"a" * (MAX_BYTES + 1), 1, "larger than 256 KiB"),
    ],
)
def test_what_is_no_yaml_is_told_with_its_line(data: bytes, line: int, message: str) -> None:
    with pytest.raises(YamlError) as raised:
        read_yaml(data)

    assert message in raised.value.message
    assert raised.value.line == line
    assert "\n" not in raised.value.message


def test_repetition_by_aliases_is_bounded() -> None:
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]

    with pytest.raises(YamlError, match="more than 200,000 values"):
        read_yaml("\n".join(lines).encode())


@given(
    st.binary(max_size=200)
    | st.text(max_size=200).map(str.encode)
    | st.text("ab:-[]{}&*!|>'\"#\n\t ?,", max_size=60).map(str.encode)
)
def test_any_bytes_give_a_value_or_the_one_error(data: bytes) -> None:
    try:
        read_yaml(data)
    except YamlError as error:
        assert error.line >= 1
