"""Faults that can be switched on: what real platforms do on bad days."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path

STATUSES = ("409", "429", "500", "502", "503", "504")
KINDS = (*STATUSES, "slow", "truncated", "reset", "expired", "redirect", "html", "empty", "quota")
# Of the loopback network, but not the address that the sandbox listens on.
ELSEWHERE = "http://127.0.0.2:9/"


@dataclass(slots=True)
class Fault:
    """One way to fail, and when.

    Attributes:
        kind: A status (``429``, ``500``, ...); ``slow``: answers late; ``truncated``: says more bytes than it sends; ``reset``:
            closes the connection without an answer; ``expired``: 401 as for an expired token; ``redirect``: 302 to another
            host; ``html``: a sign-in page with status 200; ``empty``: 404 without a body;
            ``quota``: 403 as Google answers above its limits.
        platform: Such as ``zendesk-global``; ``*`` for all.
        path: Pattern for the path, such as ``/api/v2/users*``.
        method: Pattern for the method.
        after: How many matching requests go well first.
        times: How often it happens; None for always.
        seconds: How late a ``slow`` answer is.
        retry_after: Value of the Retry-After header; None for none.
        to: Where a ``redirect`` leads.
        acts: Whether the platform first does what it is asked, so that only its answer fails.
        flag: It happens only while there is this file; None for always.
    """

    kind: str
    platform: str = "*"
    path: str = "*"
    method: str = "*"
    after: int = 0
    times: int | None = None
    seconds: float = 1.0
    retry_after: str | None = None
    to: str = ELSEWHERE
    acts: bool = False
    flag: Path | None = None

    def matches(self, platform: str, method: str, path: str) -> bool:
        """Whether a request is one of those that may fail this way."""
        return (
            fnmatchcase(platform, self.platform)
            and fnmatchcase(method, self.method)
            and fnmatchcase(path, self.path)
            and (self.flag is None or self.flag.exists())
        )


@dataclass(slots=True)
class Faults:
    """The faults that are switched on. Threads may share it."""

    _active: list[Fault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, *faults: Fault) -> None:
        """Switch faults on."""
        with self._lock:
            self._active += faults

    def clear(self) -> None:
        """Switch all faults off."""
        with self._lock:
            self._active.clear()

    def next_for(self, platform: str, method: str, path: str) -> Fault | None:
        """Return how this request fails; None when it does not."""
        with self._lock:
            for fault in self._active:
                if not fault.matches(platform, method, path):
                    continue
                if fault.after > 0:
                    fault.after -= 1
                elif fault.times is None:
                    return fault
                elif fault.times > 0:
                    fault.times -= 1
                    return fault
        return None


def parse_faults(text: str) -> list[Fault]:
    """Read faults from one line, as the variable ``SUPOPS_DEMO_FAULTS`` has them.

    Args:
        text: Faults separated by ``;``, each ``platform:kind`` and options ``name=value`` separated by ``:``, such as
            ``zendesk-global:503:path=/api/v2/users*:times=2:retry_after=1``. A value may contain ``:`` after ``to=``.

    Raises:
        ValueError: A part is not understood; the message names it.
    """
    return [_parse_fault(part.strip()) for part in text.split(";") if part.strip()]


def _parse_fault(text: str) -> Fault:
    text, _, target = text.partition(":to=")
    platform, _, rest = text.partition(":")
    kind, *options = rest.split(":")
    if kind not in KINDS:
        raise ValueError(f"no such fault in {text!r}: known are {', '.join(KINDS)}")
    fault = Fault(kind, platform, to=target or ELSEWHERE)
    for option in options:
        _set_option(fault, option)
    return fault


def _set_option(fault: Fault, option: str) -> None:
    name, _, value = option.partition("=")
    try:
        if name in ("path", "method", "retry_after"):
            setattr(fault, name, value)
        elif name in ("after", "times"):
            setattr(fault, name, int(value))
        elif name == "seconds":
            fault.seconds = float(value)
        elif name == "acts":
            fault.acts = bool(int(value))
        else:
            raise ValueError
    except ValueError:
        raise ValueError(f"not understood in a fault: {option!r}") from None


def as_list(faults: Iterable[Fault]) -> list[Fault]:
    """Return copies, so that using them up does not change what the caller holds."""
    return [replace(fault) for fault in faults]
