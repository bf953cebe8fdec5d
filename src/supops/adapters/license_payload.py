"""The innermost layer of a license file: what it says, as JSON (source: licenses, 3 and 4).

GitLab's own reader guesses at dates, takes an unreadable end date for none, and restrictions of the wrong kind for no restrictions: a license
without an end, or without a limit. So nothing is guessed here, and the end date is required.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from supops.errors import UsageError
from supops.models.licenses import License

FLAGS = (
    "cloud_licensing_enabled",
    "offline_cloud_licensing_enabled",
    "auto_renew_enabled",
    "seat_reconciliation_enabled",
    "operational_metrics_enabled",
    "generated_from_customers_dot",
    "generated_from_cancellation",
)
PLANS = ("starter", "premium", "ultimate")
ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# An instance reads larger ones, but none has so many users.
LARGEST_COUNT = 2**31 - 1
# Far more than a license has.
MOST_LEVELS = 32
MOST_DIGITS = 100
# Keys that a message names.
MOST_NAMED = 5
Attributes = dict[str, object]


def attributes_of(content: License) -> Attributes:
    """Return what a license file says, its keys in the order in which GitLab writes them."""
    days = {
        "notify_admins_at": content.notify_admins,
        "notify_users_at": content.notify_users,
        "block_changes_at": content.block_changes,
    }
    restrictions: Attributes = {"plan": content.plan}
    counts = {
        "active_user_count": content.users,
        "previous_user_count": content.previous_users,
        "trueup_quantity": content.trueup,
    }
    restrictions |= {key: count for key, count in counts.items() if count is not None}
    return {
        "version": 1,
        "licensee": {"Name": content.name, "Company": content.company, "Email": content.email},
        "issued_at": content.starts.isoformat(),
        "expires_at": content.expires.isoformat(),
        **{key: day.isoformat() for key, day in days.items() if day is not None},
        **dict.fromkeys(FLAGS, False),
        "restrictions": restrictions,
    }


def to_json(attributes: Mapping[str, object]) -> bytes:
    """Return attributes as JSON in UTF-8, without white space.

    Raises:
        UsageError: A text is none that UTF-8 has.
    """
    text = json.dumps(attributes, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise UsageError(
            "The license has a text with half a character in it, which no file can hold."
        ) from None


class NotJson(Exception):
    """The bytes are no JSON object whose meaning is clear; the message says why."""


class Unclear(NotJson):
    """They are JSON, and not to be taken: several objects, a key twice, a number that is none, too deep."""


def from_json(data: bytes, what: str) -> Attributes:
    """Return a JSON object.

    Args:
        data: The bytes.
        what: What they are, for the message: ``the content``.

    Raises:
        NotJson: They are another thing.
    """
    twice: dict[str, None] = {}

    def whole(pairs: list[tuple[str, object]]) -> Attributes:
        found = dict(pairs)
        if len(found) < len(pairs):
            counted = Counter(key for key, _ in pairs)
            twice.update({key: None for key, times in counted.items() if times > 1})
        return found

    def constant(text: str) -> object:
        raise Unclear(f"{what} has {text} in it, which is no JSON")

    def integer(text: str) -> int:
        if len(text) > MOST_DIGITS:
            raise Unclear(f"{what} has a number with {len(text):,} digits in it")
        return int(text)

    def fraction(text: str) -> float:
        if math.isinf(float(text)):
            raise Unclear(f"{what} has {_cut(text)} in it, a number that is too large")
        return float(text)

    try:
        found = json.loads(
            data.decode(),
            object_pairs_hook=whole,
            parse_constant=constant,
            parse_int=integer,
            parse_float=fraction,
        )
    except UnicodeDecodeError:
        raise NotJson(f"{what} is no text in UTF-8") from None
    except json.JSONDecodeError as error:
        if error.msg == "Extra data" and error.doc[error.pos : error.pos + 1] == "{":
            raise Unclear(f"{what} is several licenses, one after the other: take them apart") from None
        raise NotJson(f"{what} is not JSON ({error.msg})") from None
    except RecursionError:
        raise Unclear(f"{what} is nested too deep") from None
    if not isinstance(found, dict):
        raise NotJson(f"{what} is JSON, but no object")
    if twice:
        keys = ", ".join(_cut(json.dumps(key)) for key in list(twice)[:MOST_NAMED])
        raise Unclear(f"{what} has {'a key' if len(twice) == 1 else 'keys'} twice: {keys}")
    _check_values(found, what)
    return found


def _check_values(found: Attributes, what: str) -> None:
    level: list[object] = [found]
    for _ in range(MOST_LEVELS):
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
    if level:
        raise Unclear(f"{what} is nested too deep: more than {MOST_LEVELS} levels")
    try:
        json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise Unclear(f"{what} has half a character in a text, which UTF-8 has not") from None


@dataclass
class Content:
    """Reads what a license file says, and collects what is wrong with it."""

    attributes: Attributes
    problems: list[str] = field(default_factory=list)

    def license(self) -> License | None:
        """Return the license; None where there are problems."""
        version = self.attributes.get("version", 1)
        if isinstance(version, bool) or version != 1:
            self.problems.append(f"its version is {_shown(version)}, and only 1 is known")
        licensee = self._object("licensee", "says for whom it is")
        starts = self._day("issued_at", "when it starts")
        expires = self._day(
            "expires_at", "when it ends: an instance would take it for a license without an end"
        )
        others = {key: self._day(key) for key in ("notify_admins_at", "notify_users_at", "block_changes_at")}
        self._check_flags()
        if starts and expires and expires <= starts:
            self.problems.append(
                f"it ends on {expires}, and does not start before that: its start is {starts}"
            )
        person = {key: self._person(licensee, key) for key in ("Name", "Company", "Email")}
        restrictions = self._restrictions()
        plan = self._plan(restrictions)
        users, previous, trueup = (
            self._count(restrictions, key)
            for key in ("active_user_count", "previous_user_count", "trueup_quantity")
        )
        if self.problems or starts is None or expires is None:
            return None
        return License(
            person["Name"],
            person["Company"],
            person["Email"],
            starts,
            expires,
            plan,
            users,
            previous,
            trueup,
            others["notify_admins_at"],
            others["notify_users_at"],
            others["block_changes_at"],
        )

    def _object(self, key: str, why: str) -> Attributes:
        value = self.attributes.get(key)
        if isinstance(value, dict) and value:
            return value
        said = f"its {key} is {_shown(value)}" if key in self.attributes else f"it has no {key}"
        self.problems.append(f"{said}; that {why}")
        return {}

    def _person(self, licensee: Attributes, key: str) -> str:
        value = licensee.get(key, "")
        if isinstance(value, str):
            return value
        self.problems.append(f"its licensee's {key} is {_shown(value)}, and no text")
        return ""

    def _day(self, key: str, required: str = "") -> date | None:
        value = self.attributes.get(key)
        if value is None:
            if required:
                self.problems.append(f"it has no {key}, which says {required}")
            return None
        try:
            if isinstance(value, str) and ISO_DATE.fullmatch(value):
                return date.fromisoformat(value)
        except ValueError:
            pass
        consequence = f"; it says {required}" if required else ""
        self.problems.append(f"its {key} is {_shown(value)}, and no day written as YYYY-MM-DD{consequence}")
        return None

    def _check_flags(self) -> None:
        for key in FLAGS:
            value = self.attributes.get(key, False)
            if not isinstance(value, bool) and value is not None:
                self.problems.append(f"its {key} is {_shown(value)}, and neither true nor false")
        if self.attributes.get(FLAGS[1]) is True and self.attributes.get(FLAGS[0]) is not True:
            self.problems.append(f"its {FLAGS[1]} is true, and its {FLAGS[0]} is not")

    def _restrictions(self) -> Attributes:
        value = self.attributes.get("restrictions", {})
        if isinstance(value, dict):
            return value
        self.problems.append(
            f"its restrictions are {_shown(value)}: an instance would take it for a license without a limit"
        )
        return {}

    def _plan(self, restrictions: Attributes) -> str:
        plan = restrictions.get("plan", PLANS[0])
        if isinstance(plan, str) and plan in PLANS:
            return plan
        self.problems.append(f"its plan is {_shown(plan)}, and none of {', '.join(PLANS)}")
        return ""

    def _count(self, restrictions: Attributes, key: str) -> int | None:
        value = restrictions.get(key)
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_COUNT:
            return value
        self.problems.append(f"its {key} is {_shown(value)}, and no number of users")
        return None


def _shown(value: object) -> str:
    if isinstance(value, dict | list):
        return "a list" if isinstance(value, list) else "an object" if value else "empty"
    return _cut(json.dumps(value))


def _cut(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}..."
