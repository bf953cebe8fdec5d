"""Checks of the roster's files that every audit relies on (source: domain, "The roster")."""

from collections import defaultdict
from collections.abc import Iterator

from supops.checks.agents import GLOBAL, US_GOVERNMENT
from supops.checks.members import CALENDLY
from supops.checks.registry import Check, Rule
from supops.models.findings import Finding, Severity, Source, Subject
from supops.models.matching import email_key
from supops.models.roster import Member, ProblemKind, Roster, RosterProblem

ROSTER = "roster"
# Wherever somebody is compared with the roster.
EVERYWHERE = (GLOBAL, US_GOVERNMENT, CALENDLY, ROSTER)


def unreadable_file(check: Check, roster: Roster) -> Iterator[Finding]:
    """Report each file that gave no member."""
    yield from _problems(check, roster, ProblemKind.UNREADABLE)


def invalid_value(check: Check, roster: Roster) -> Iterator[Finding]:
    """Report each value that could not be taken as it stands."""
    yield from _problems(check, roster, ProblemKind.INVALID)


def duplicate_entry(check: Check, roster: Roster) -> Iterator[Finding]:
    """Report what two files claim: the same email, or the same user of one Zendesk instance."""
    claims: dict[tuple[str, str], list[Member]] = defaultdict(list)
    for member in roster.members:
        claims["email", email_key(member.email)].append(member)
        for key, identity in member.zendesk.items():
            if identity.id is not None:
                claims[f"zendesk.{key}.id", str(identity.id)].append(member)
    reported: set[tuple[str, str]] = set()
    for (key, value), members in claims.items():
        first = members[0]
        for member in members[1:]:
            # Two files for one person agree on more than one key: the first of them says it all.
            if (first.file, member.file) in reported:
                continue
            reported.add((first.file, member.file))
            line = first.line_of(key)
            yield check.finding(
                Subject(member.name, member.email),
                f"the same {key} as {first.file}:{line}",
                expected="one file for each person",
                actual=f"{key}: {value}",
                source=Source(member.file, member.line_of(key)),
            )


def _problems(check: Check, roster: Roster, kind: ProblemKind) -> Iterator[Finding]:
    members = {member.file: member for member in roster.members}
    for problem in roster.problems:
        if problem.kind is kind:
            yield check.finding(
                _subject(problem, members.get(problem.file)),
                problem.message,
                expected=problem.expected,
                actual=problem.actual,
                source=Source(problem.file, problem.line),
            )


def _subject(problem: RosterProblem, member: Member | None) -> Subject:
    return Subject(member.name, member.email) if member else Subject(problem.file)


RULES: tuple[Rule[Roster], ...] = (
    Rule(
        Check(
            id=str(ProblemKind.UNREADABLE),
            title="A roster file can't be read",
            severity=Severity.HIGH,
            audits=EVERYWHERE,
            what="Each file of the roster is UTF-8 and YAML, holds a mapping, and has a `name` and an `email`.",
            why="Nobody is a member by a file that can't be read: the person is missing from every comparison.",
            remedy="Open the file at the line given and mend it. `supops team check` shows whether it can be read.",
        ),
        unreadable_file,
    ),
    Rule(
        Check(
            id=str(ProblemKind.INVALID),
            title="A value in a roster file has the wrong type",
            severity=Severity.MEDIUM,
            audits=EVERYWHERE,
            what="Each known key holds a value of its type: an id is a whole number, groups are a list, a date is a "
            "date, and no key stands twice in one mapping.",
            why="The value is treated as missing. With an id that is not a number, for example, the member is looked for "
            "by email instead.",
            remedy="Correct the value at the line given. Unknown keys are fine and need no change.",
        ),
        invalid_value,
    ),
    Rule(
        Check(
            id="duplicate-roster-entry",
            title="Two roster files claim the same person",
            severity=Severity.MEDIUM,
            audits=EVERYWHERE,
            what="No two files have the same email, or the same user id for one Zendesk instance.",
            why="One of the files is out of date, and which of them counts is chance.",
            remedy="Remove the file that is out of date, or correct the id that was copied.",
        ),
        duplicate_entry,
    ),
)
