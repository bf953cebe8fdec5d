"""Checks of what a roster file says, beyond whether it can be read (source: domain, "The roster")."""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache

from supops.checks.registry import Check, Rule
from supops.checks.roster import ROSTER
from supops.models.findings import Finding, Severity, Source, Subject
from supops.models.matching import name_key
from supops.models.roster import Member, Roster

REGIONS = ("AMER-W", "AMER-C", "AMER-E", "APAC", "EMEA")
FOCUSES = (
    "Onboarding",
    "SaaS",
    "License and Renewals",
    "Self-Managed",
    "Operations",
    "Management",
    "US Federal",
    "ASE",
)
ASE = "ASE"
ASE_INSTANCES = ("global", "us-federal")
LEVELS = range(1, 4)
PERCENT_SUM = 100
# Thirds are written as 33.3: what is this close to 100 was meant to be 100.
PERCENT_TOLERANCE = 0.5
CALENDLY = re.compile(r"https://(?i:calendly\.com)/[^/?#\s]+/?(?P<more>[^/?#\s].*|[?#].+)?")
EMAIL = re.compile(r"[^@\s<>\"(),;:]+@[^@\s<>\"(),;:.]+(\.[^@\s<>\"(),;:.]+)+")


def _at(check: Check, member: Member, key: str, message: str, expected: str, actual: object) -> Finding:
    return check.finding(
        Subject(member.name, member.email),
        f"{message}; expected {expected}",
        expected=expected,
        actual=str(actual),
        source=Source(member.file, member.line_of(key)),
    )


def bad_percentages(check: Check, roster: Roster) -> Iterator[Finding]:
    """Find shares of focuses, or of an ASE focus's organisations, that do not sum to 100."""
    for member in roster.members:
        shares = [focus.percentage for focus in member.focuses]
        yield from _sum(check, member, "focuses", "the percentages of the focuses", shares)
        for place, focus in enumerate(member.focuses):
            shares = [organization.percentage for organization in focus.organizations]
            key = f"focuses.{place}.organizations"
            yield from _sum(
                check, member, key, f"the percentages of the organizations of {focus.name}", shares
            )


def _sum(check: Check, member: Member, key: str, what: str, shares: list[float | None]) -> Iterator[Finding]:
    if not shares:
        return
    if None in shares:
        yield _at(
            check, member, key, f"{what} are not all there", "a percentage for each", f"{key}: one is missing"
        )
        return
    known = [share for share in shares if share is not None]
    total = sum(known)
    if abs(total - PERCENT_SUM) > PERCENT_TOLERANCE or min(known) < 0:
        yield _at(check, member, key, f"{what} sum to {total:g}", "100", f"{key}: {total:g}")


def unknown_focus(check: Check, roster: Roster) -> Iterator[Finding]:
    """Find focuses whose name is not one of the eight, or whose ASE instance is neither of the two."""
    for member in roster.members:
        for place, focus in enumerate(member.focuses):
            key = f"focuses.{place}.name"
            if focus.name not in FOCUSES:
                message = f"{focus.name!r} is no focus" if focus.name else "a focus has no name"
                yield _at(
                    check, member, key, message, _nearest(focus.name or "", FOCUSES), focus.name or "nothing"
                )
            elif focus.name == ASE and focus.zendesk not in (None, *ASE_INSTANCES):
                key = f"focuses.{place}.zendesk"
                message = f"{focus.zendesk!r} is no Zendesk instance of an ASE focus"
                yield _at(check, member, key, message, " or ".join(ASE_INSTANCES), focus.zendesk)


def unknown_region(check: Check, roster: Roster) -> Iterator[Finding]:
    """Find regions that are not one of the five."""
    for member in roster.members:
        if member.region is not None and member.region not in REGIONS:
            message = f"{member.region!r} is no region"
            yield _at(check, member, "region", message, _nearest(member.region, REGIONS), member.region)


def bad_timezone(check: Check, roster: Roster) -> Iterator[Finding]:
    """Find time zones that are not in the IANA database."""
    for member in roster.members:
        zone = member.tzdata_timezone
        if zone is not None and zone not in _timezones():
            message = f"{zone!r} is no time zone"
            nearest = get_close_matches(zone, _timezones(), n=1, cutoff=0.85)
            expected = nearest[0] if nearest else "an IANA time zone such as Europe/Berlin"
            yield _at(check, member, "tzdata_timezone", message, expected, zone)


@cache
def _timezones() -> frozenset[str]:
    from zoneinfo import available_timezones

    return frozenset(zone for zone in available_timezones() if "/" in zone) | {"UTC"}


def bad_calendly_url(check: Check, roster: Roster) -> Iterator[Finding]:
    """Find Calendly addresses that are not the main page of one person."""
    for member in roster.members:
        if member.calendly is None:
            continue
        page = CALENDLY.fullmatch(member.calendly)
        if page is None:
            message = f"{member.calendly} is not the page of a person"
        elif page["more"]:
            message = f"{member.calendly} is the page of one event"
        else:
            continue
        yield _at(check, member, "calendly", message, "https://calendly.com/<person>", member.calendly)


def bad_email(check: Check, roster: Roster) -> Iterator[Finding]:
    """Find emails that are no email, or an alias."""
    for member in roster.members:
        local, _, domain = member.email.partition("@")
        if not EMAIL.fullmatch(member.email):
            yield _at(check, member, "email", f"{member.email!r} is no email", "name@domain", member.email)
        elif "+" in local:
            official = f"{local.partition('+')[0]}@{domain}"
            yield _at(check, member, "email", f"{member.email} is an alias", official, member.email)


def bad_level(check: Check, roster: Roster) -> Iterator[Finding]:
    """Find levels of knowledge outside 1 to 3."""
    for member in roster.members:
        for list_key, skills in (
            ("knowledge_areas", member.knowledge_areas),
            ("product_categories", member.product_categories),
        ):
            for place, skill in enumerate(skills):
                if skill.level not in LEVELS:
                    key = f"{list_key}.{place}.level"
                    message = f"the level of {skill.name} is not 1, 2 or 3"
                    level = "nothing" if skill.level is None else skill.level
                    # With the name: a member may have several findings of this check, and each is another one.
                    yield _at(check, member, key, message, "1, 2 or 3", f"{skill.name}: {level}")


def unknown_manager(check: Check, roster: Roster) -> Iterator[Finding]:
    """Find managers whose name is nobody's, but nearly somebody's.

    A name that is near nobody's is no finding: the manager of the team's head is not in the roster.
    """
    names = {name_key(member.name): member.name for member in roster.members}
    folded = {name.casefold(): name for name in names}
    for member in roster.members:
        if member.reports_to is None or name_key(member.reports_to) in names:
            continue
        nearest = get_close_matches(name_key(member.reports_to).casefold(), folded, n=1, cutoff=0.85)
        if nearest:
            message = f"reports_to is nobody's name: {member.reports_to!r}"
            yield _at(check, member, "reports_to", message, names[folded[nearest[0]]], member.reports_to)


def _nearest(value: str, known: tuple[str, ...]) -> str:
    matches = get_close_matches(value, known, n=1, cutoff=0.5)
    return f"{matches[0]}, or another of: {', '.join(known)}" if matches else f"one of: {', '.join(known)}"


def _check(key: str, title: str, severity: Severity, what: str, why: str, remedy: str) -> Check:
    return Check(key, title, severity, (ROSTER,), what, why, remedy)


RULES: tuple[Rule[Roster], ...] = (
    Rule(
        _check(
            "roster-percentages",
            "Percentages do not sum to 100",
            Severity.MEDIUM,
            "The percentages of a member's focuses sum to 100, and so do those of the organizations of an ASE focus. Half "
            "a percent either way is taken as rounding.",
            "Capacity is planned from these shares.",
            "Correct the shares in the roster file.",
        ),
        bad_percentages,
    ),
    Rule(
        _check(
            "roster-focus",
            "A focus is not known",
            Severity.MEDIUM,
            f"Each focus is one of: {', '.join(FOCUSES)}. The `zendesk` of an ASE focus is {' or '.join(ASE_INSTANCES)}.",
            "Whoever looks for all members with a focus misses the one whose focus is misspelt. For `US Federal` that "
            "decides which calendar a booking goes to.",
            "Use the spelling given.",
        ),
        unknown_focus,
    ),
    Rule(
        _check(
            "roster-region",
            "A region is not known",
            Severity.LOW,
            f"`region` is one of {', '.join(REGIONS)}.",
            "Members with another region are in nobody's rotation.",
            "Use one of the five.",
        ),
        unknown_region,
    ),
    Rule(
        _check(
            "roster-timezone",
            "A time zone is not known",
            Severity.LOW,
            "`tzdata_timezone` is an Area/Location of the IANA time zone database.",
            "Working hours can't be computed from a zone that does not exist.",
            "Look the name up in the IANA database; it is a place such as Europe/Berlin, never an abbreviation.",
        ),
        bad_timezone,
    ),
    Rule(
        _check(
            "roster-calendly",
            "The Calendly address is not a person's main page",
            Severity.LOW,
            "`calendly` is the https address of the person's main page on calendly.com, never of one event.",
            "Customers who follow it see one kind of meeting only, or nothing once that event is gone.",
            "Remove what follows the person's name in the address.",
        ),
        bad_calendly_url,
    ),
    Rule(
        _check(
            "roster-email",
            "The email is not the official one",
            Severity.MEDIUM,
            "`email` is an email address, and not an alias: it has no `+` part.",
            "Members are matched by their official email. An alias matches nobody.",
            "Write the official address.",
        ),
        bad_email,
    ),
    Rule(
        _check(
            "roster-level",
            "A level is not 1, 2 or 3",
            Severity.LOW,
            "Each knowledge area and product category has a level from 1 to 3.",
            "Whoever looks for experts by level misses this one.",
            "Give the level as 1, 2 or 3.",
        ),
        bad_level,
    ),
    Rule(
        _check(
            "roster-manager",
            "The manager's name is misspelt",
            Severity.LOW,
            "`reports_to` is the `name` of a member. Only a name that is nearly a member's is reported: the manager of the "
            "team's head is not in the roster.",
            "Reports by manager leave this member out.",
            "Use the name as it stands in the manager's own file.",
        ),
        unknown_manager,
    ),
)
