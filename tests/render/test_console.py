"""What goes where, and in which colours."""

import time
from io import StringIO

import pytest

from supops.errors import SupopsError
from supops.render import console
from supops.render.console import Terminal


class Tty(StringIO):
    def isatty(self) -> bool:
        return True


def terminal(*, tty: bool = False, **options: bool | dict[str, str]) -> tuple[Terminal, StringIO, StringIO]:
    out, err = (Tty(), Tty()) if tty else (StringIO(), StringIO())
    environ = options.pop("environ", {})
    assert isinstance(environ, dict)
    return Terminal(out, err, environ=environ, **options), out, err  # type: ignore[arg-type]


def test_nothing_but_the_result_is_on_stdout() -> None:
    speaker, out, err = terminal(debug=True)

    speaker.note("a note")
    speaker.warn("a warning")
    speaker.detail("a detail")
    speaker.debug("a request")
    speaker.error(SupopsError("it failed", hint="mend it"))

    assert out.getvalue() == ""
    assert err.getvalue().splitlines() == [
        "a note",
        "warning: a warning",
        "a detail",
        "debug: a request",
        "error: it failed",
        "mend it",
    ]


def test_quiet_leaves_warnings_and_errors() -> None:
    speaker, _, err = terminal(quiet=True, verbose=True)

    speaker.note("a note")
    speaker.detail("a detail")
    speaker.warn("a warning")

    assert err.getvalue() == "warning: a warning\n"


def test_details_are_for_who_asked() -> None:
    for options, expected in (({}, ""), ({"verbose": True}, "a detail\n")):
        speaker, _, err = terminal(**options)
        speaker.detail("a detail")
        assert err.getvalue() == expected


@pytest.mark.parametrize(
    ("options", "colored"),
    [
        ({"tty": True}, True),
        ({"tty": False}, False),
        ({"tty": True, "color": False}, False),
        ({"tty": True, "environ": {"NO_COLOR": "1"}}, False),
        ({"tty": True, "environ": {"TERM": "dumb"}}, False),
    ],
)
def test_colours(options: dict[str, bool], colored: bool) -> None:
    speaker, _, err = terminal(**options)

    speaker.warn("careful")

    assert speaker.color is colored
    assert ("\x1b" in err.getvalue()) is colored


def test_messages_can_not_move_the_cursor() -> None:
    speaker, _, err = terminal()

    speaker.warn("a\x1b[2Jb")

    assert err.getvalue() == "warning: a\\x1b[2Jb\n"


def test_a_bar_appears_on_a_terminal_after_a_while_and_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "SECONDS_BEFORE_PROGRESS", 0.01)
    speaker, out, err = terminal(tty=True)

    with speaker.task("Zendesk Global", item="agent") as task:
        task.advance(0, total=5)
        time.sleep(0.02)
        task.advance(items=1200)

    assert "Zendesk Global" in err.getvalue()
    assert "1 page, 1,200 agents" in err.getvalue()
    assert out.getvalue() == ""


def test_what_is_done_at_the_same_time_has_bars_below_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "SECONDS_BEFORE_PROGRESS", 0)
    speaker, _, err = terminal(tty=True)

    with speaker.task("Projects", item="project") as first, speaker.task("Tokens", item="token") as second:
        first.advance(items=1)
        second.advance(items=2)
        time.sleep(0.2)
    with speaker.task("Afterwards", item="agent") as third:
        third.advance()
        time.sleep(0.2)

    shown = err.getvalue()
    assert "Projects" in shown
    assert "2 tokens" in shown
    assert "Afterwards" in shown


@pytest.mark.parametrize("options", [{"tty": False}, {"tty": True, "quiet": True}, {"tty": True}])
def test_no_bar_in_a_pipe_when_quiet_or_when_it_is_quick(options: dict[str, bool]) -> None:
    speaker, _, err = terminal(**options)

    with speaker.task("Zendesk Global", item="agent") as task:
        task.advance(items=1)

    assert err.getvalue() == ""
