"""Stands in for `supops.adapters.license_file`, `license_ledger`, `gitlab_license_requests` and `license_forms`."""

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime

from supops.errors import Conflict, NotFound, SupopsError
from supops.models.license_requests import RequestIssue, RequestNote
from supops.models.licenses import Issued, License, Opened, Withdrawal, person_of
from supops.services.license_ports import (
    Ledger,
    LicenseReader,
    LicenseSigner,
    RequestTracker,
    StillRunning,
)


class FakeReader(LicenseReader):
    """Reads what `FakeSigner` writes: JSON."""

    def read(self, data: bytes) -> Opened:
        try:
            text = data.decode().replace("\r\n", "\n")
            said = json.loads(text)
            days = ("starts", "expires", "notify_admins", "notify_users", "block_changes")
            dates = {key: date.fromisoformat(said[key]) for key in days if said[key]}
            content = License(**(said | dates))
        except (ValueError, KeyError, TypeError, RecursionError):
            return Opened(None, problems=("it is no license",))
        return Opened(
            content, said, oddities=("its lines end with a carriage return",) * (b"\r" in data), text=text
        )


@dataclass
class FakeSigner(LicenseSigner):
    """Writes licenses as JSON.

    Attributes:
        damages: Whether what it writes reads back as something else.
    """

    damages: bool = False

    def sign(self, content: License) -> str:
        if self.damages:
            content = replace(content, users=None)
        return json.dumps(asdict(content), default=str) + "\n"

    def reader(self) -> LicenseReader:
        return FakeReader()


@dataclass
class FakeLedger(Ledger):
    """Licenses in memory.

    Attributes:
        error: Raised when something is to be recorded.
    """

    kept: list[Issued] = field(default_factory=list)
    error: SupopsError | None = None
    next_id: int = 1
    texts: dict[int, str] = field(default_factory=dict)

    def check(self) -> None:
        if self.error:
            raise self.error

    def add(self, issued: Issued, *, today: date, unwritten: str = "") -> Issued:
        self.check()
        if not issued.reason and any(one.is_running_on(today) for one in self.entries(issued.email)):
            raise StillRunning("the person has one")
        if self.find(issued.sha256):
            raise Conflict("it is there already")
        entry = replace(issued, id=self.next_id, is_pending=bool(unwritten), withdrawn=None)
        self.next_id += 1
        self.kept.append(entry)
        self.texts[entry.id] = unwritten
        return entry

    def unwritten(self, issued: Issued) -> str:
        return self.texts.get(issued.id, "")

    def confirm(self, issued: Issued, file: str) -> Issued:
        known = self._known(issued)
        if known.withdrawn:
            raise Conflict("it was withdrawn")
        return self._change(replace(known, file=file, is_pending=False))

    def withdraw(self, issued: Issued, withdrawal: Withdrawal) -> Issued:
        known = self._known(issued)
        if known.withdrawn:
            return known
        return self._change(replace(known, is_pending=False, withdrawn=withdrawal))

    def _known(self, issued: Issued) -> Issued:
        return next(one for one in self.kept if one.id == issued.id)

    def _change(self, issued: Issued) -> Issued:
        self.kept = [issued if one.id == issued.id else one for one in self.kept]
        self.texts[issued.id] = ""
        return issued

    def entries(self, email: str | None = None) -> tuple[Issued, ...]:
        return tuple(one for one in self.kept if email is None or person_of(one.email) == person_of(email))

    def find(self, sha256: str) -> Issued | None:
        return next((one for one in self.kept if one.sha256 == sha256), None)


# As PostgreSQL's full-text search takes a text apart: an address or a host is one word.
WORD = re.compile(r"[a-z0-9][\w.-]*@[\w-]+(?:\.[\w-]+)+|[a-z0-9][\w-]*(?:\.[\w-]+)+|[^\W_]+", re.IGNORECASE)


def words(text: str) -> list[str]:
    """The words of a text that a tracker's search knows."""
    return [word.casefold() for word in WORD.findall(text)]


@dataclass
class Broken:
    """How a call fails, once.

    Attributes:
        error: Such as a `KeyboardInterrupt`, where the process ends there.
        acts: Whether what was asked for is done all the same, as where the network breaks before the answer.
    """

    call: str
    error: BaseException
    acts: bool = False


class FakeRequests(RequestTracker):
    """Requests in memory.

    Attributes:
        user: Whose credential it is.
        members: Usernames of the team.
    """

    def __init__(
        self,
        issues: Iterable[RequestIssue] = (),
        *,
        user: str = "support-bot",
        members: Iterable[str] = ("support-bot", "maria-delgado"),
    ) -> None:
        self.user = user
        self.members = frozenset(members)
        self.issues = {one.iid: one for one in issues}
        self.written: dict[int, list[RequestNote]] = {}
        self.spent: dict[int, list[str]] = {}
        self.calls: list[str] = []
        self.broken: list[Broken] = []
        self._next = 1

    def issue(self, iid: int) -> RequestIssue:
        if iid not in self.issues:
            raise NotFound(f"there is no issue {iid}")
        return self.issues[iid]

    def mentioning(self, text: str, since: datetime) -> tuple[RequestIssue, ...]:
        wanted = words(text)
        found = [
            one
            for one in self.issues.values()
            if all(any(word.startswith(begun) for word in words(one.description)) for begun in wanted)
        ]
        return _since(since, found)

    def made_by(self, username: str, since: datetime) -> tuple[RequestIssue, ...]:
        return _since(since, [one for one in self.issues.values() if one.author == username])

    def notes(self, issue: RequestIssue) -> tuple[RequestNote, ...]:
        return tuple(self.written.get(self.issue(issue.iid).iid, ()))

    def me(self) -> str:
        return self.user

    def team(self) -> frozenset[str]:
        return self.members

    def comment(self, issue: RequestIssue, body: str) -> None:
        broken = self._called("comment")
        self._note(issue, body, system=False)
        _fail(broken)

    def spend(self, issue: RequestIssue, duration: str) -> None:
        broken = self._called("spend")
        self.spent.setdefault(issue.iid, []).append(duration)
        self._note(issue, f"added {duration} of time spent", system=True)
        _fail(broken)

    def finish(self, issue: RequestIssue, label: str) -> RequestIssue:
        broken = self._called("finish")
        known = self.issue(issue.iid)
        scope = label.rpartition("::")[0]
        kept = [one for one in known.labels if not scope or one.rpartition("::")[0] != scope]
        self.issues[issue.iid] = replace(known, labels=(*kept, label), is_closed=True)
        _fail(broken)
        return self.issues[issue.iid]

    def _note(self, issue: RequestIssue, body: str, *, system: bool) -> None:
        note = RequestNote(self._next, body, self.user, system)
        self.written.setdefault(self.issue(issue.iid).iid, []).append(note)
        self._next += 1

    def _called(self, call: str) -> Broken | None:
        """Fail now, or return how to fail afterwards."""
        self.calls.append(call)
        broken = next((one for one in self.broken if one.call == call), None)
        if broken is not None:
            self.broken.remove(broken)
            if not broken.acts:
                raise broken.error
        return broken


def _since(since: datetime, issues: list[RequestIssue]) -> tuple[RequestIssue, ...]:
    return tuple(sorted((one for one in issues if one.created_at >= since), key=lambda one: one.created_at))


def _fail(broken: Broken | None) -> None:
    if broken is not None:
        raise broken.error
