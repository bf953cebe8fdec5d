"""Which license a request is for, whether it may be made, and what to enter for it (source: domain, 5)."""

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from supops.models.license_requests import (
    Decision,
    FormField,
    Held,
    LicenseRequest,
    Override,
    Purpose,
    WrittenRequest,
    number_of,
)
from supops.models.licenses import COMPANY, License, Problem, Route
from supops.services.license_fields import Fields, mention_beside, mentions_duo, purpose_of, shown

# After the end, an instance takes pushes for two weeks more (source: licenses, 3).
PUSHES_GO_ON = timedelta(days=14)
UNWANTED = re.compile(
    r"^trial|^trueup_(?:from|to)$|^subscription|^add_?on|^reconciliation|_enabled$|^generated_from_|cloud",
    re.IGNORECASE,
)
PURPOSES = (
    "self-managed (without GitLab Duo), duo-testing, or duo-production where a production license is required"
)
ANOTHER = "another one can be made with --override-existing --reason TEXT"
MENTIONED = (
    "another part of the request mentions GitLab Duo or other cloud features ({}), which a legacy license has not; if the license "
    "is not for those, take that text out of the request"
)


@dataclass(frozen=True, slots=True)
class Rules:
    """What an organisation decides for itself.

    Attributes:
        email_domains: Those that an address may have; empty for any.
        company: Of every license.
        staging_contact: Where a staging cloud license is asked for.
        orders_contact: Where a $0 subscription is asked for.
    """

    email_domains: tuple[str, ...] = ()
    company: str = COMPANY
    staging_contact: str = "#g_provision"
    orders_contact: str = "#sales-support"


@dataclass(frozen=True, slots=True)
class Routed:
    """Where a request goes.

    Attributes:
        route: None where the request does not say what the license is for.
        contact: Where to ask; None where it is made here.
        problem: Why no license is made here; None where one is.
    """

    route: Route | None
    why: str
    contact: str | None
    problem: Problem | None


def route(written: WrittenRequest, rules: Rules) -> Routed:
    """Decide which kind of license a request is for.

    What mentions Duo or other cloud features in purpose, plan or title never gets a legacy license, whatever else it says; a $0 subscription is only
    for what says that a production license is required.
    """
    text = written.values.get("purpose", "")
    purpose = purpose_of(text) if text else None
    elsewhere = [
        name
        for name, said in (("plan", written.values.get("plan", "")), ("title", written.title))
        if mentions_duo(said)
    ]
    if purpose in (None, Purpose.SELF_MANAGED) and elsewhere:
        return _staging(
            f"the {elsewhere[0]} mentions GitLab Duo or other cloud features, which a legacy license has not",
            rules,
        )
    if purpose is Purpose.DUO_PRODUCTION:
        why = "testing GitLab Duo where a production cloud license is required takes a $0 subscription, through Order Management"
        return Routed(Route.ZERO_DOLLAR, why, rules.orders_contact, _refusal(why, rules.orders_contact))
    if purpose is Purpose.DUO_TESTING:
        return _staging(
            "GitLab Duo and other cloud features can't be tested with a legacy license; they take a staging cloud license",
            rules,
        )
    if purpose is Purpose.SELF_MANAGED:
        why = (
            "Premium or Ultimate on a self-managed instance, without GitLab Duo, takes a legacy license file"
        )
        return Routed(Route.LEGACY, why, None, None)
    said = f"{PURPOSES} is expected, not {shown(text)}" if text else f"is missing: {PURPOSES}"
    return Routed(None, "the request does not say what the license is for", None, Problem("purpose", said))


def _staging(why: str, rules: Rules) -> Routed:
    return Routed(Route.STAGING_CLOUD, why, rules.staging_contact, _refusal(why, rules.staging_contact))


def _refusal(why: str, contact: str) -> Problem:
    return Problem("purpose", f"{why}; ask in {contact}")


def decide(
    written: WrittenRequest,
    rules: Rules,
    *,
    today: date,
    held: Sequence[Held] = (),
    override: Override | None = None,
) -> Decision:
    """Decide whether a legacy license may be made. All problems are told at once.

    Args:
        written: The request.
        rules: The organisation's.
        today: In the organisation's time zone; the license would start then.
        held: Licenses that the person still has.
        override: Set where somebody decided that those do not matter. Nothing else is overridden.
    """
    routed = route(written, rules)
    remarks = _remarks(written, routed)
    fields = Fields(written, rules.email_domains)
    request = understood(fields, today)
    if routed.route not in (Route.LEGACY, None):
        told_so = (routed.problem,) if routed.problem else ()
        return Decision(
            routed.route, routed.why, routed.contact, told_so, remarks, request, link=written.issue
        )
    told = {problem.field for problem in fields.problems}
    if routed.problem and "purpose" not in told:
        fields.problems.append(routed.problem)
    mention = mention_beside(written)
    if mention is not None:
        fields.problems.append(Problem("purpose", MENTIONED.format(shown(mention))))
    if override is None:
        fields.problems += [_still_held(one, written.issue) for one in held]
    problems = tuple(fields.problems)
    accepted = request is not None and not problems
    return Decision(
        routed.route,
        routed.why,
        routed.contact,
        problems,
        remarks,
        request,
        form_of(request, rules, today=today) if request and accepted else (),
        tuple(held),
        override if held else None,
        link=written.issue,
    )


def _still_held(held: Held, link: str) -> Problem:
    """Say what a running license means for a request; to whoever made it without our numbers, and without other people's requests."""
    expires, issued = held.expires, held.issued
    told = f"a license for this address runs until {expires}; the next one can be made from that day on. If it is needed before, say why"
    is_own = bool(link) and held.issue == link
    if not is_own or (issued is not None and issued.is_pending):
        said = f"the person still has a license until {expires}, by {held.where}; the next one may be made from that day on"
        return Problem("email", said, told)
    if issued is None:
        said = f"this request was completed already, and its license runs until {expires}; {ANOTHER}"
        return Problem("email", said, told)
    number = number_of(link)
    if not issued.file or number is None:
        return Problem("email", f"this request has license {issued.id}, until {expires}; {ANOTHER}", told)
    command = f"supops licenses complete --issue {number} --license {shlex.quote(issued.file)}"
    return Problem(
        "email", f"this request has license {issued.id} ({issued.file}), until {expires}: `{command}`", told
    )


def understood(fields: Fields, today: date) -> LicenseRequest | None:
    """Read all fields of a request; None where one of them is missing, or no such value. What the rules forbid is a problem, and read all the same."""
    name, email, plan = fields.name(), fields.email(), fields.plan()
    users = fields.count("users_count", least=1)
    previous = fields.count("previous_users_count", least=0, default=0)
    trueup = fields.count("trueup_count", least=0, default=0)
    requested_on = fields.requested_on(today)
    # From a day in the future nothing is counted.
    end_date = fields.end_date(today, requested_on if requested_on and requested_on <= today else None)
    if name is None or email is None or plan is None or users is None or previous is None or trueup is None:
        return None
    if requested_on is None or end_date is None:
        return None
    return LicenseRequest(
        name, email, plan, users, previous, trueup, end_date, requested_on, fields.written.issue
    )


def _remarks(written: WrittenRequest, routed: Routed) -> tuple[str, ...]:
    remarks = list(written.remarks)
    said = written.values.get("requested_on")
    if written.requested_on is not None and said and said != written.requested_on.isoformat():
        remarks.append(
            f"the request names {shown(said)} as its day; the issue was created on {written.requested_on}, and that counts"
        )
    if routed.route is Route.LEGACY and not written.issue:
        remarks.append("no issue is named, so the notes of the form stay blank")
    return tuple(remarks)


def form_of(request: LicenseRequest, rules: Rules, *, today: date) -> tuple[FormField, ...]:
    """Return every field of the administration form with the value to enter, in the form's order."""
    return (
        FormField("name", "Name", request.name),
        FormField("company", "Company", rules.company),
        FormField("email", "Email", request.email),
        FormField("users_count", "Users count", request.users_count),
        FormField("previous_users_count", "Previous users count", request.previous_users_count),
        FormField("trueup_count", "Trueup count", request.trueup_count),
        FormField("plan_code", "Plan code", request.plan),
        FormField("start_date", "Start date", today.isoformat()),
        FormField("end_date", "End date", request.end_date.isoformat()),
        FormField("trial", "Trial", value=False),
        FormField("subscription_id", "Subscription ID", ""),
        FormField("subscription_name", "Subscription name", ""),
        FormField("notes", "Notes", request.issue),
    )


def license_of(request: LicenseRequest, rules: Rules, *, today: date) -> License:
    """Return the license for a request.

    Counts of 0 are left out: their mere presence makes an instance compare them with its own history (source: licenses, 4).
    """
    return License(
        request.name,
        rules.company,
        request.email,
        today,
        request.end_date,
        request.plan,
        request.users_count,
        previous_users=request.previous_users_count or None,
        trueup=request.trueup_count or None,
        block_changes=request.end_date + PUSHES_GO_ON,
    )


def differences(content: License, request: LicenseRequest, rules: Rules) -> tuple[Problem, ...]:
    """Say in what a license is not what was asked for."""
    wanted = license_of(request, rules, today=content.starts)
    pairs: list[tuple[str, object, object]] = [
        ("name", _folded(content.name), _folded(wanted.name)),
        ("email", content.email.casefold(), wanted.email.casefold()),
        ("plan", content.plan, wanted.plan),
        ("users_count", content.users, wanted.users),
        ("previous_users_count", content.previous_users or 0, wanted.previous_users or 0),
        ("trueup_count", content.trueup or 0, wanted.trueup or 0),
        ("end_date", content.expires, wanted.expires),
    ]
    found = [
        Problem(
            key,
            f"the file says {shown(str(said if said is not None else 'no limit'))}, the request {shown(str(asked))}",
        )
        for key, said, asked in pairs
        if said != asked
    ]
    if content.company != wanted.company:
        found.append(
            Problem(
                "license", f"its company is {shown(content.company)}, and should be {shown(wanted.company)}"
            )
        )
    if content.starts < request.requested_on:
        found.append(
            Problem("license", f"it starts on {content.starts}, before the request of {request.requested_on}")
        )
    return tuple(found)


def unwanted(attributes: Mapping[str, object]) -> tuple[str, ...]:
    """Say what a license has that one for a team member has not: a trial, a cloud license, a subscription, add-ons."""
    inner = attributes.get("restrictions")
    found = [*attributes.items(), *(inner.items() if isinstance(inner, dict) else ())]
    return tuple(
        f"its {key} is set, and should be absent or false"
        for key, value in found
        if UNWANTED.search(key) and value not in (None, "", False, [], {}, 0)
    )


def _folded(name: str) -> str:
    import unicodedata

    return " ".join(unicodedata.normalize("NFC", name).split())
