"""Licensing: decide about requests, sign license files, and say what a file is worth (source: domain, 5; licenses, 5)."""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo

from supops.errors import ExitCode, SupopsError, UsageError
from supops.models.license_requests import Decision, Held, Override, RequestIssue, WrittenRequest
from supops.models.licenses import (
    Generated,
    Inspection,
    Issued,
    License,
    Opened,
    Origin,
    State,
    Withdrawal,
    person_of,
)
from supops.services.license_fields import Fields, days_named, is_of
from supops.services.license_ports import (
    FormReader,
    Ledger,
    LicenseReader,
    LicenseSigner,
    RequestTracker,
)
from supops.services.license_rules import Rules, decide, license_of, understood, unwanted

# A license lasts a year at most: what was asked for before that is over. The month is for requests that waited.
LOOKING_BACK = timedelta(days=366 + 31)
# Shorter ones begin too many words.
SHORTEST_SEARCH = 3
NUMBER = re.compile(r"[0-9]{1,9}")
# As many digits as the list shows, or more.
SHA256 = re.compile(r"[0-9a-f]{12,64}")


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
        email = written.values.get("email", "")
        entries = self.ledger.entries(email) if email else ()
        running = [one for one in entries if one.is_running_on(day) and one.sha256 != but]
        begun = self._begun(written, day, running)
        held = [*(_held(one) for one in running if one is not begun), *earlier]
        decision = decide(written, self.rules, today=day, held=held, override=override)
        if begun is None:
            return decision
        said = f"license {begun.id} was begun for this request on {begun.starts} and not finished: to generate it finishes that one"
        return with_remarks(replace(decision, begun=begun), (said,))

    def _begun(self, written: WrittenRequest, day: date, running: Sequence[Issued]) -> Issued | None:
        """Return what was begun for this very request, and not finished: it does not speak against it."""
        fields = Fields(written, self.rules.email_domains)
        asked = understood(fields, day)
        if asked is None or len(fields.problems) > len(written.problems):
            return None
        wanted = (asked.name, asked.email, asked.plan, asked.users_count, asked.end_date, asked.issue)
        return next(
            (
                one
                for one in running
                if one.is_pending
                and wanted == (one.name, one.email, one.plan, one.users, one.expires, one.issue)
            ),
            None,
        )

    def earlier(
        self,
        written: WrittenRequest,
        tracker: RequestTracker,
        read: FormReader,
        *,
        issue: RequestIssue,
        is_answered: bool = False,
    ) -> tuple[tuple[Held, ...], tuple[str, ...]]:
        """Look for earlier requests of the same person in the tracker.

        Args:
            written: The request.
            tracker: Where it is.
            read: Reads descriptions.
            issue: The request's own. Where it was completed itself, its license counts, whoever's ledger it is in.
            is_answered: Whether that license is being handed out: then it does not count.

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
        found = {one.iid: one for text in _searched(person) for one in tracker.mentioning(text, since)}
        if issue.author:
            # A search by words finds no address that is written in a way of its own.
            found |= {one.iid: one for one in tracker.made_by(issue.author, since)}
        held, remarks = [], []
        for one in sorted(found.values(), key=lambda one: (one.created_at, one.iid)):
            other = read(one)
            is_completed = self.completed_label.casefold() in map(str.casefold, one.labels)
            if one.iid == issue.iid and (is_answered or not is_completed):
                continue
            if not is_of(other.values.get("email", ""), person):
                continue
            if one.link in recorded:
                continue
            # What was completed by hand may say it in any spelling, or in one with two meanings.
            end = max(days_named(other.values.get("end_date", "")), default=None)
            if not is_completed:
                if not one.is_closed:
                    remarks.append(f"another request of the same person is open: {one.web_url}")
            elif end is None:
                remarks.append(f"until when the license of {one.web_url} runs can't be told: look there")
            elif day < end:
                held.append(Held(f"the request {one.web_url}, which was completed", end, one.link))
        return tuple(held), tuple(remarks)

    def generate(
        self,
        decision: Decision,
        signer: LicenseSigner,
        *,
        by: str,
        file: str,
        write: Callable[[str], object] | None,
    ) -> Generated:
        """Sign a license for an accepted request, and record it. Before it is handed out it is read back and compared.

        It is in the ledger, text included, before it is written, and pending until it is. Whoever is interrupted repeats it, and the very license that
        was begun is finished: of one request there are never two.

        Args:
            decision: An accepted one.
            signer: Has the key.
            by: Who issues it.
            file: Where it is written to.
            write: Writes the file; None for a dry run. Where the same is there already, that is as good.

        Raises:
            StillRunning: Somebody else issued one to the same person meanwhile.
            SupopsError: It could not be signed, recorded or written.
        """
        request, begun = decision.request, decision.begun
        if request is None or not decision.is_accepted:
            raise ValueError("not accepted")
        if request.end_date <= self.today:
            # Somebody may take until after midnight to find the passphrase.
            raise SupopsError(
                f"Meanwhile it is {self.today}, and the end date {request.end_date} is not in the future any more: nothing was signed.",
                hint="The request needs a later end date.",
            )
        content = license_of(request, self.rules, today=begun.starts if begun else self.today)
        text = self.ledger.unwritten(begun) if begun else signer.sign(content)
        opened = signer.reader().read(text.encode())
        if opened.license != content or opened.problems or opened.oddities:
            raise _misread(begun)
        reason = decision.override.reason if decision.override else ""
        issued = begun or self.entry(content, text.encode(), request.issue, by, Origin.GENERATED, reason)
        if write is None:
            self.ledger.check()
            return Generated(issued, file, text, is_recorded=False, was_begun=begun is not None)
        recorded = begun or self.ledger.add(replace(issued, file=file), today=self.today, unwritten=text)
        try:
            write(text)
        except SupopsError as error:
            error.hint = f"{error.hint} {_unfinished(recorded)}".lstrip()
            raise
        return Generated(self.ledger.confirm(recorded, file), file, text, was_begun=begun is not None)

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
            elif issued.withdrawn:
                one = issued.withdrawn
                problems.append(f"it was withdrawn by {one.by} on {one.at.date()}: {one.reason}")
            elif issued.is_pending:
                remarks.append(f"it was begun, and is not noted as finished: {_unfinished(issued)}")
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

    def named(self, text: str) -> Issued:
        """Return the license that a number of the ledger names, or a fingerprint, or how that begins.

        Raises:
            UsageError: There is none, or more than one, or it is no such name.
            SupopsError: The ledger can't be read.
        """
        said = text.strip().casefold()
        if NUMBER.fullmatch(said):
            found = [one for one in self.ledger.entries() if one.id == int(said)]
        elif SHA256.fullmatch(said):
            found = [one for one in self.ledger.entries() if one.sha256.startswith(said)]
        else:
            raise UsageError(
                f"{text[:80]!r} is no number of a license, and no SHA-256.",
                hint="`supops licenses list` shows both; of a SHA-256, the first 12 digits will do.",
            )
        if len(found) != 1:
            many = f"{len(found)} licenses that begin with" if found else "no license"
            raise UsageError(f"The ledger has {many} {said}.", hint="`supops licenses list` shows them.")
        return found[0]

    def withdraw(self, issued: Issued, *, by: str, reason: str, dry_run: bool = False) -> Issued:
        """Note that a license does not count: its person may be given another one. The entry stays.

        Returns:
            The entry as it is now, or for a dry run would be; of one that was withdrawn before, as it was.

        Raises:
            SupopsError: It was not noted.
        """
        if issued.withdrawn:
            return issued
        withdrawal = Withdrawal(self.now(), by, reason)
        if dry_run:
            self.ledger.check()
            return replace(issued, is_pending=False, withdrawn=withdrawal)
        return self.ledger.withdraw(issued, withdrawal)

    def listed(
        self,
        *,
        expiring_within: timedelta | None = None,
        email: str | None = None,
        state: State | None = None,
    ) -> tuple[Issued, ...]:
        """List what was issued, the first to expire first.

        Args:
            expiring_within: Only what runs now and expires within this time.
            email: Only what was issued to this person; see `person_of`.
            state: Only what is so today.

        Raises:
            SupopsError: The ledger can't be read.
        """
        day = self.today
        found = self.ledger.entries(email)
        if state is not None:
            found = tuple(one for one in found if one.state_on(day) is state)
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


def _searched(person: str) -> tuple[str, ...]:
    """Return what to search for: words are found by how they begin, and which words an address is depends on how it is written.

    It is one word as it is; what stands before a plus sign is a word of its own; and so is each part, where the marks between are escaped. The
    whole is always searched for: of its parts, common English words are never found.
    """
    local = person.partition("@")[0]
    longest = max(re.findall(r"[a-z0-9]+", local), key=len, default="")
    return tuple(dict.fromkeys((person, *(one for one in (local, longest) if len(one) >= SHORTEST_SEARCH))))


def _held(one: Issued) -> Held:
    about = f", for {one.issue}" if one.issue else ""
    about += f"; it was begun and not finished: {_unfinished(one)}" if one.is_pending else ""
    return Held(f"the ledger (license {one.id}{about})", one.expires, one.issue, one)


def _unfinished(one: Issued) -> str:
    return f"generate the same request again, or `supops licenses withdraw {one.id}`"


def _misread(begun: Issued | None) -> SupopsError:
    if begun is None:
        return SupopsError(
            "The license was signed, but reads back as another one. It was not written and not recorded.",
            hint="Look whether the private key is damaged; else this is a bug.",
        )
    return SupopsError(
        f"License {begun.id} was begun for this request, but with another key, or as another license, or it was finished meanwhile.",
        hint=f"`supops licenses list` shows it. Another one can be made after: supops licenses withdraw {begun.id} --reason TEXT",
    )


def _dates(content: License, today: date) -> list[str]:
    if today < content.starts:
        return [f"it is not valid yet: it starts on {content.starts}"]
    if content.expires <= today:
        return [f"it expired on {content.expires}"]
    return []
