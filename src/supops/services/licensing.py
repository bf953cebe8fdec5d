"""Licensing: decide about requests, sign license files, and say what a file is worth (source: domain, 5; licenses, 5)."""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo

from supops.errors import ExitCode, SupopsError
from supops.models.license_requests import Decision, Held, Override, WrittenRequest
from supops.models.licenses import Generated, Inspection, Issued, License, Opened, Origin, person_of
from supops.services.license_fields import iso_date
from supops.services.license_ports import (
    FormReader,
    Ledger,
    LicenseReader,
    LicenseSigner,
    RequestTracker,
)
from supops.services.license_rules import Rules, decide, license_of, unwanted

# A license lasts a year at most: what was asked for before that is over. The month is for requests that waited.
LOOKING_BACK = timedelta(days=366 + 31)
SHORTEST_SEARCH = 3


def fingerprint(data: bytes) -> str:
    """Return the SHA-256 of a license file: with line feeds only, and exactly one at the end (source: licenses, 5)."""
    text = data.replace(b"\r\n", b"\n").rstrip(b"\n") + b"\n"
    return hashlib.sha256(text).hexdigest()


@dataclass(frozen=True, slots=True)
class Licenser:
    """Decides about requests.

    Args:
        rules: The organisation's.
        ledger: What was issued.
        now: The present time.
        zone: Of the organisation: it decides which day it is.
        completed_label: Of requests that got their license.
    """

    rules: Rules
    ledger: Ledger
    now: Callable[[], datetime]
    zone: tzinfo
    completed_label: str

    @property
    def today(self) -> date:
        """The day that it is for the organisation."""
        return self.now().astimezone(self.zone).date()

    def decide(
        self,
        written: WrittenRequest,
        *,
        earlier: Sequence[Held] = (),
        override: Override | None = None,
        today: date | None = None,
        but: str = "",
    ) -> Decision:
        """Decide about a request.

        Args:
            written: The request.
            earlier: What the tracker tells of the person's licenses.
            override: See `Override`.
            today: The day that counts as today; None for the day that it is.
            but: The fingerprint of a license in the ledger that does not count: the one that is being handed out.

        Raises:
            SupopsError: The ledger can't be read.
        """
        day = today or self.today
        held = [*self._held(written, day, but), *earlier]
        return decide(written, self.rules, today=day, held=held, override=override)

    def _held(self, written: WrittenRequest, day: date, but: str) -> list[Held]:
        email = written.values.get("email", "")
        entries = self.ledger.entries(email) if email else ()
        return [
            Held(f"the ledger (license {one.id}{_for(one.issue)})", one.expires)
            for one in entries
            if one.is_running_on(day) and one.sha256 != but
        ]

    def earlier(
        self, written: WrittenRequest, tracker: RequestTracker, read: FormReader, *, iid: int
    ) -> tuple[tuple[Held, ...], tuple[str, ...]]:
        """Look for earlier requests of the same person in the tracker.

        Returns:
            The licenses that were given for them and are not expired; and remarks about those that are still open.

        Raises:
            SupopsError: The tracker refuses, or can't be reached; the ledger can't be read.
        """
        email = written.values.get("email", "")
        person = person_of(email)
        if not person.partition("@")[0]:
            return (), ()
        day = self.today
        # Of what the ledger knows, it tells itself.
        recorded = {one.issue for one in self.ledger.entries(email)}
        since = datetime.combine(day, time(), self.zone) - LOOKING_BACK
        held, remarks = [], []
        for issue in tracker.mentioning(_searched(person), since):
            other = read(issue)
            if issue.iid == iid or person_of(other.values.get("email", "")) != person:
                continue
            if issue.web_url in recorded:
                continue
            end = iso_date(other.values.get("end_date", ""))
            if self.completed_label.casefold() not in map(str.casefold, issue.labels):
                if not issue.is_closed:
                    remarks.append(f"another request of the same person is open: {issue.web_url}")
            elif end is None:
                remarks.append(f"until when the license of {issue.web_url} runs can't be told: look there")
            elif day < end:
                held.append(Held(f"the request {issue.web_url}, which was completed", end))
        return tuple(held), tuple(remarks)

    def generate(
        self, decision: Decision, signer: LicenseSigner, *, by: str, write: Callable[[str], str] | None
    ) -> Generated:
        """Sign a license for an accepted request, and record it. Before it is handed out it is read back and compared.

        Args:
            decision: An accepted one.
            signer: Has the key.
            by: Who issues it.
            write: Writes the file, and returns where; None for a dry run.

        Raises:
            StillRunning: Somebody else issued one to the same person meanwhile.
            SupopsError: It could not be signed, recorded or written; nothing is left of it.
        """
        request = decision.request
        if request is None or not decision.is_accepted:
            raise ValueError("not accepted")
        content = license_of(request, self.rules, today=self.today)
        text = signer.sign(content)
        opened = signer.reader().read(text.encode())
        if opened.license != content or opened.problems or opened.oddities:
            raise SupopsError(
                "The license was signed, but reads back as another one. It was not written and not recorded.",
                hint="Look whether the private key is damaged; else this is a bug.",
            )
        reason = decision.override.reason if decision.override else ""
        issued = self.entry(content, text.encode(), request.issue, by, Origin.GENERATED, reason)
        if write is None:
            self.ledger.check()
            return Generated(issued, "", text, is_recorded=False)
        # First the ledger: a license that nobody knows of would be worse than an entry without a file.
        recorded = self.ledger.add(issued, today=self.today)
        try:
            where = write(text)
        except BaseException:
            self.ledger.withdraw(recorded)
            raise
        return Generated(recorded, where, text)

    def entry(
        self, content: License, data: bytes, issue: str, by: str, origin: Origin, reason: str
    ) -> Issued:
        """Return the ledger's entry for a license."""
        return Issued(
            0,
            fingerprint(data),
            content.name,
            content.email,
            content.plan,
            content.users,
            content.starts,
            content.expires,
            issue,
            self.now(),
            by,
            origin,
            reason,
        )

    def inspect(self, data: bytes, reader: LicenseReader) -> Inspection:
        """Say what a license file is worth. Whether it was issued by us is answered by the ledger alone: what decodes proves nothing.

        Raises:
            SupopsError: The ledger can't be read.
        """
        opened, today, sha256 = reader.read(data), self.today, fingerprint(data)
        issued = self.ledger.find(sha256)
        problems = [*opened.problems, *opened.oddities]
        remarks = []
        if opened.license is not None:
            problems += _dates(opened.license, today)
            if issued is None:
                remarks.append(self._unknown(opened))
            remarks += unwanted(opened.attributes)
            if opened.license.users is None:
                remarks.append("it has no limit of users")
        return Inspection(sha256, opened, today, issued, tuple(problems), tuple(remarks))

    def _unknown(self, opened: Opened) -> str:
        if opened.oddities:
            near = self.ledger.find(fingerprint(opened.text.encode()))
            if near is not None:
                return f"without what is odd about it, it is license {near.id} of the ledger"
        return "it is not in the ledger: that it can be read is no proof that its content is what was issued"

    def listed(self, *, expiring_within: timedelta | None = None) -> tuple[Issued, ...]:
        """List what was issued, the first to expire first: all, or what runs now and expires within a time.

        Raises:
            SupopsError: The ledger can't be read.
        """
        day = self.today
        found = self.ledger.entries()
        if expiring_within is not None:
            last = day + expiring_within
            found = tuple(one for one in found if one.is_running_on(day) and one.expires <= last)
        return tuple(sorted(found, key=lambda one: (one.expires, one.name.casefold(), one.id)))


def with_remarks(decision: Decision, remarks: Sequence[str]) -> Decision:
    """Return a decision with more to know."""
    return replace(decision, remarks=(*decision.remarks, *remarks))


def exit_code(decision: Decision) -> ExitCode:
    """Return 0 where a legacy license may be made, else 3."""
    return ExitCode.DONE if decision.is_accepted else ExitCode.FINDINGS


def inspection_exit_code(inspection: Inspection, *, must_be_ours: bool) -> ExitCode:
    """Return 0 for a license that is valid today, and issued by us where that is asked for; else 3."""
    good = inspection.is_valid and (inspection.issued is not None or not must_be_ours)
    return ExitCode.DONE if good else ExitCode.FINDINGS


def _searched(person: str) -> str:
    """Return what to search for: the longest word of the address. Marks between words may be escaped where it is written."""
    words = re.findall(r"[a-z0-9]+", person.partition("@")[0])
    longest = max(words, key=len, default="")
    return longest if len(longest) >= SHORTEST_SEARCH else person


def _for(issue: str) -> str:
    return f", for {issue}" if issue else ""


def _dates(content: License, today: date) -> list[str]:
    if today < content.starts:
        return [f"it is not valid yet: it starts on {content.starts}"]
    if content.expires <= today:
        return [f"it expired on {content.expires}"]
    return []
