"""The fields of a license request: what each may hold, and what is said of one that does not (source: domain, 5; interface, "licenses")."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from typing import TypeVar

from supops.models.license_requests import PLANS, Purpose, WrittenRequest
from supops.models.licenses import Problem, person_of
from supops.models.redaction import is_unseen

LONGEST_NAME = 255
LONGEST_EMAIL = 254
MOST_USERS = 1_000_000
SHOWN = 80
ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
HOST = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]"
)
# Rather too much than too little is taken for Duo: "duo_chat", "GitLabDuo". Not what only has these letters in it, such as "individuo".
DUO = re.compile(r"(?:(?<![^\W\d_])|(?<=gitlab)|(?-i:(?<=[a-z])(?=D)))duo", re.IGNORECASE)
CLOUD = re.compile(
    r"code[\W_]*suggestions?|\bai[\W_]*(?:gateway|features?|powered|chat|agents?|assist\w*)|gitlab[\W_]*ai\b|agentic|agent[\W_]*platform"
    r"|cloud[\W_]*(?:connect|licen[cs]|features?|services?)",
    re.IGNORECASE,
)
# The one way to name it and not to mean it; not "without Duo Chat", which says nothing of the rest.
WITHOUT_DUO = re.compile(
    r"\b(?:without|no)\s+(?:any\s+)?(?:gitlab\s+)?duo\b(?:,?\s+(?:or|and|nor)\s+(?:any\s+)?(?:other\s+)?cloud\s+features\b)?"
    r"(?!\s*(?:chat|pro|enterprise|core|workflow|agent|but|then|later|yet)\b)",
    re.IGNORECASE,
)
# Marks that nobody sees, and those above letters.
IGNORED = ("Cf", "Mn")
# What may be without Duo: "an instance without Duo", and not "it is useless without Duo", "I am still without Duo".
PLAIN = re.compile(
    r"(?:^\s*|[^\w\s]\s*|\b(?:managed|hosted|instances?|servers?|installations?|premises?|ultimate|premium|licen[cs]es?"
    r"|features?|used?|only|testing|upgrades?|migrations?|backups?|purposes?)\s+)$",
    re.IGNORECASE,
)
DENIAL = re.compile(r"\b(?:no|not|never|without|cannot|cant|dont|nothing|hardly)\b|n['’]t\b", re.IGNORECASE)
# "a production license is required", and not "needed until our production license runs": between the two are no
# words but these.
BEFORE = (
    "an?|the|our|my|their|real|full|proper|actual|valid|to|be|have|get|use|using|test|tested|testing|run|running"
    "|with|against|on|under|for|it|gitlab|duo|chat"
)
AFTER = "is|are|was|be|it|that|which|really|absolutely|definitely|strictly|clearly|also|therefore|still|here"
PRODUCTION = re.compile(
    rf"\bproduction\s+(?:cloud\s+)?licen[cs]e(?:\s+(?:{AFTER})\b){{0,5}}\s+(?:required|needed|necessary|mandatory|must)\b"
    rf"|\b(?:requires?|needs?|must)(?:\s+(?:{BEFORE})\b){{0,10}}\s+production\s+(?:cloud\s+)?licen[cs]e\b",
    re.IGNORECASE,
)
DOUBT = re.compile(r"\?|\b(?:if|whether|unless|maybe|perhaps|cannot)\b", re.IGNORECASE)
NEGATION = re.compile(r"\b(?:no|not|non|never|without)\b|n['’]t\b", re.IGNORECASE)
SELF_MANAGED = re.compile(r"\bself[\s-]?(?:managed|hosted)\b|\bon[\s-]?prem", re.IGNORECASE)
# What people add to a plan without changing it.
BESIDE_PLAN = frozenset(
    (
        "gitlab",
        "ee",
        "legacy",
        "self",
        "managed",
        "hosted",
        "selfmanaged",
        "plan",
        "tier",
        "license",
        "licence",
    )
)
# Some are called Duo; a name with any of this says more than a name.
MORE_THAN_A_NAME = re.compile(
    r"[^\w\s.'\u2019-]|gitlab|\b(?:for|with|test\w*|licen\w*|chat|pro|enterprise|core|workflow)\b",
    re.IGNORECASE,
)
ADDRESS = re.compile(r"[^\s<>()\[\],;:\"']{1,64}@[^\s<>()\[\],;:\"']{1,254}")
MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
BETWEEN = r"[-/.,\s]{1,3}"
YEAR_FIRST = re.compile(rf"(?<![0-9])([0-9]{{4}}){BETWEEN}([0-9]{{1,2}}){BETWEEN}([0-9]{{1,2}})(?![0-9])")
YEAR_LAST = re.compile(rf"(?<![0-9])([0-9]{{1,2}}){BETWEEN}([0-9]{{1,2}}){BETWEEN}([0-9]{{4}})(?![0-9])")
DAY_MONTH = re.compile(
    rf"(?<![0-9])([0-9]{{1,2}})(?:st|nd|rd|th)?(?:{BETWEEN})?(?:of )?([a-z]{{3,9}}){BETWEEN}([0-9]{{4}})(?![0-9])",
    re.IGNORECASE,
)
MONTH_DAY = re.compile(
    rf"(?<![a-z])([a-z]{{3,9}}){BETWEEN}([0-9]{{1,2}})(?:st|nd|rd|th)?{BETWEEN}([0-9]{{4}})(?![0-9])",
    re.IGNORECASE,
)
LONGEST_GUESSED = 200
# Digits in groups of three, however those are kept apart, or all at once.
NUMBER = re.compile(r"[0-9]{1,3}(?:[,.'\u2019 \u00a0\u2009\u202f_][0-9]{3})+(?![0-9])|[0-9]+")
# What is before or within a number that is no count.
FRACTION = re.compile(r"[-\u2212][0-9]|[0-9][eE][0-9]")
Value = TypeVar("Value")


def iso_date(text: str) -> date | None:
    """Return the day that a text names, as YYYY-MM-DD and in no other way; None where there is no such day."""
    try:
        return date.fromisoformat(text) if ISO_DATE.fullmatch(text) else None
    except ValueError:
        return None


def days_named(text: str) -> tuple[date, ...]:
    """Return the days that a text may name, in whatever spelling; more than one where it can be read in several ways."""
    text = text[:LONGEST_GUESSED]
    found = [(year, month, day) for year, month, day in YEAR_FIRST.findall(text)]
    found += [(text[:4], text[4:6], text[6:])] if re.fullmatch(r"[0-9]{8}", text) else []
    for one, other, year in YEAR_LAST.findall(text):
        found += [(year, one, other), (year, other, one)]
    found += [(year, _month(name), day) for day, name, year in DAY_MONTH.findall(text)]
    found += [(year, _month(name), day) for name, day, year in MONTH_DAY.findall(text)]
    days = (iso_date(f"{year}-{month:0>2}-{day:0>2}") for year, month, day in found)
    return tuple(sorted({day for day in days if day is not None}))


def _month(name: str) -> str:
    """Return the number of a month, by its English name or how that begins; empty for another word."""
    return next(
        (str(number) for number, known in enumerate(MONTHS, 1) if known.startswith(name.casefold())), ""
    )


def one_year_after(day: date) -> date:
    """Return the same day of the next year, which is the last that an end date may be; after 29 February it is 28 February."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return date.max if day.year == date.max.year else day.replace(year=day.year + 1, day=28)


def mentions_duo(text: str) -> bool:
    """Whether a text is about GitLab Duo or other cloud features, which a legacy license has not. In doubt it is."""
    seen = "".join(
        char for char in unicodedata.normalize("NFKD", text) if unicodedata.category(char) not in IGNORED
    )
    without = WITHOUT_DUO.search(seen)
    if without and not DENIAL.search(seen, 0, without.start()) and _is_denied(seen, without):
        seen = f"{seen[: without.start()]} {seen[without.end() :]}"
    return DUO.search(seen) is not None or CLOUD.search(seen) is not None


def _is_denied(text: str, without: re.Match[str]) -> bool:
    """Whether a text denies Duo as a whole: "no Duo" says so where nothing stands before it ("I have no Duo, and want it")."""
    before = text[: without.start()]
    return bool(PLAIN.search(before)) and (without[0][0] in "wW" or not before.rstrip()[-1:].isalnum())


def purpose_of(text: str) -> Purpose | None:
    """Return what a license is wanted for: by the purpose's name, or as people say it; None where that is not clear.

    What mentions Duo or other cloud features is never for a self-managed instance without it, and a production license counts only where it is said to be required.
    """
    named = re.sub(r"[\s_]+", "-", text.strip().casefold())
    if named in set(Purpose):
        return Purpose(named)
    if mentions_duo(text):
        is_denied = NEGATION.search(text) or DOUBT.search(text)
        is_production = PRODUCTION.search(text) is not None and not is_denied
        return Purpose.DUO_PRODUCTION if is_production else Purpose.DUO_TESTING
    return Purpose.SELF_MANAGED if SELF_MANAGED.search(text) else None


@dataclass
class Fields:
    """Reads the fields of one request, and collects what is wrong with them.

    Args:
        email_domains: Those that an address may have, in any case; empty for any.
    """

    written: WrittenRequest
    email_domains: Sequence[str] = ()
    problems: list[Problem] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.problems += self.written.problems

    def name(self) -> str | None:
        """Return the name."""
        return self._read("name", _name, "the person's full name")

    def email(self) -> str | None:
        """Return the email address, one of another domain included."""
        expected = "an email address, such as jo.doe@example.com,"
        email = self._read("email", _email, expected, _addresses)
        if email is None or not self.email_domains:
            return email
        host = email.rpartition("@")[2].casefold()
        if host in {domain.strip().lstrip("@").casefold() for domain in self.email_domains}:
            return email
        known = " or ".join(self.email_domains)
        self._wrong("email", f"an address of {known} is needed, and {shown(email)} is none")
        return email

    def plan(self) -> str | None:
        """Return the plan."""
        text = self._text("plan", "premium or ultimate")
        if text is None:
            return None
        words: list[str] = [
            word for word in re.findall(r"[^\W_]+", text.casefold()) if word not in BESIDE_PLAN
        ]
        if len(words) == 1 and words[0] in PLANS:
            return words[0]
        nearest = get_close_matches(words[0], PLANS, n=1) if len(words) == 1 else []
        meant = f"; did you mean {nearest[0]}?" if nearest else ""
        self._wrong("plan", f"premium or ultimate is expected, not {shown(text)}{meant}")
        return None

    def count(self, key: str, *, least: int, default: int | None = None) -> int | None:
        """Return a whole number; the default where the request does not say."""
        if default is not None and key not in self.written.values and not self._is_told(key):
            return default
        expected = f"a whole number from {least} to {MOST_USERS:,}"

        def read(text: str) -> int | None:
            number = int(text) if re.fullmatch(r"[0-9]{1,7}", text) else -1
            return number if least <= number <= MOST_USERS else None

        return self._read(
            key, read, expected, lambda text: [one for one in _numbers(text) if read(one) is not None]
        )

    def requested_on(self, today: date) -> date | None:
        """Return the day of the request: what the platform says; else what the request says; else today."""
        if self.written.requested_on is not None:
            return self.written.requested_on
        if "requested_on" not in self.written.values and not self._is_told("requested_on"):
            return today
        day = self._day("requested_on", f"{today} or before")
        if day is not None and day > today:
            self._wrong("requested_on", f"{day} is in the future; at the latest it is today, {today}")
        return day

    def end_date(self, today: date, requested_on: date | None) -> date | None:
        """Return the end date: after today, which is when the license starts, and at most one year after the request."""
        latest = one_year_after(requested_on) if requested_on else None
        if latest is not None and latest <= today and not self._is_told("end_date"):
            self._wrong(
                "end_date",
                f"the request of {requested_on} is a year old, and no day is left for it; it has to be made anew",
            )
            return iso_date(self.written.values.get("end_date", "").strip())
        bounds = f"from {date.fromordinal(today.toordinal() + 1)}" + (f" to {latest}" if latest else "")
        day = self._day("end_date", bounds)
        if day is not None and day <= today:
            self._wrong(
                "end_date", f"{day} is not in the future: the license starts today, {today}; a day {bounds}"
            )
        elif day is not None and latest is not None and day > latest:
            self._wrong(
                "end_date",
                f"{day} is more than one year after the request of {requested_on}; at the latest {latest}",
            )
        return day

    def _day(self, key: str, bounds: str) -> date | None:
        return self._read(key, iso_date, f"a day {bounds}, written as YYYY-MM-DD,", days_named)

    def _read(
        self,
        key: str,
        read: Callable[[str], Value | None],
        expected: str,
        near: Callable[[str], Sequence[object]] = lambda _: (),
    ) -> Value | None:
        """Read a field. Where it is not what is expected, what is near is offered, and never taken."""
        text = self._text(key, expected.rstrip(","))
        if text is None:
            return None
        value = read(text)
        if value is None:
            self._wrong(key, f"{expected} is expected, not {shown(text)}{_offered(near(text))}")
        return value

    def _text(self, key: str, expected: str) -> str | None:
        text = self.written.values.get(key, "").strip()
        if text:
            return text
        if not self._is_told(key):
            self._wrong(key, f"is missing: {expected}")
        return None

    def _is_told(self, key: str) -> bool:
        """Whether the reader has said already what is wrong with a field."""
        return any(problem.field == key for problem in self.written.problems)

    def _wrong(self, key: str, message: str) -> None:
        self.problems.append(Problem(key, message))


def shown(text: str) -> str:
    """Return a text from outside as messages quote it: short, and on one line."""
    line = " ".join(text.split())
    return f"'{line[:SHOWN]}...'" if len(line) > SHOWN else f"'{line}'"


def mention_beside(written: WrittenRequest) -> str | None:
    """Return a text that mentions GitLab Duo or other cloud features, and is neither purpose nor plan nor title, which decide about the route."""
    values = written.values
    name = values.get("name", "")
    texts = [
        *written.other,
        *(text for key, text in values.items() if key not in ("purpose", "plan", "email", "name")),
        *([name] if MORE_THAN_A_NAME.search(name) else []),
    ]
    return next((text for text in texts if mentions_duo(text)), None)


def _offered(near: Sequence[object]) -> str:
    if not near:
        return ""
    return (
        f"; did you mean {near[0]}?" if len(near) == 1 else f"; that could be {' or '.join(map(str, near))}"
    )


def _numbers(text: str) -> Sequence[str]:
    """Return the number in a text, such as ``1,000`` or ``10 users``; none where there are several, or one that is no count."""
    found = NUMBER.findall(text[:LONGEST_GUESSED])
    is_one = len(found) == 1 and not FRACTION.search(text)
    return [re.sub("[^0-9]", "", found[0])] if is_one else ()


def _addresses(text: str) -> Sequence[str]:
    """Return the address in a text, such as ``Jo <jo@example.com>``; none where there are several."""
    found = {address.rstrip(".") for address in ADDRESS.findall(text[:LONGEST_EMAIL])}
    return [address for address in found if _email(address)] if len(found) == 1 else ()


def is_of(text: str, person: str) -> bool:
    """Whether a text is an address of a person, or has one in it that is; see `person_of`."""
    return person in map(person_of, (text, *_addresses(text)))


def _name(text: str) -> str | None:
    name = " ".join(text.split())
    is_name = (
        len(name) <= LONGEST_NAME
        and "@" not in name
        and not any(map(is_unseen, name))
        and any(char.isalpha() for char in name)
    )
    return name if is_name else None


def _email(text: str) -> str | None:
    local, _, host = text.rpartition("@")
    fits = len(text) <= LONGEST_EMAIL and len(local) <= 64
    return text if fits and LOCAL.fullmatch(local) and HOST.fullmatch(host) else None
