"""Comparing: the subscriptions that are wanted with those that are there, before and after something is done. Nobody is asked here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from supops.errors import PlatformError, UsageError
from supops.models.redaction import masked_address
from supops.models.subscriptions import EVENTS, SCOPES, Account, Subscription, Wanted, problems_of

# An address for what has none, such as a sample: it goes nowhere.
NOWHERE = "https://localhost/"


class Verb(StrEnum):
    """What is done with a subscription."""

    KEEP = "keep"
    CREATE = "create"
    REPLACE = "replace"
    DELETE = "delete"
    LEAVE = "leave"


class Outcome(StrEnum):
    """How far an item of a plan has come."""

    PLANNED = "planned"
    DONE = "done"
    FAILED = "failed"
    NOT_TRIED = "not-tried"


@dataclass(frozen=True, slots=True)
class Listing:
    """The subscriptions that could be listed, oldest first.

    Attributes:
        missing: A sentence for each scope that could not be listed.
        scopes: The scopes that were looked at; empty where one subscription was asked for by its id.
    """

    subscriptions: tuple[Subscription, ...]
    missing: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """One subscription of a plan.

    Attributes:
        wanted: How it should be; None where nobody declared it.
        existing: How it is; None where it is not there.
        why: The reason for the verb.
        made: What was created.
        differences: Where the scheduler's answer is not what was asked for; a sentence each.
        outcome: ``PLANNED`` also where nothing is to be done.
        problem: Why it failed.
    """

    verb: Verb
    wanted: Wanted | None
    existing: Subscription | None
    why: str
    made: Subscription | None = None
    differences: tuple[str, ...] = ()
    outcome: Outcome = Outcome.PLANNED
    problem: str = ""

    @property
    def mirrored(self) -> bool | None:
        """Whether what there is now is what was asked for; None where that is not there, or was not asked for."""
        there = self.made is not None or (self.verb is Verb.KEEP and self.wanted is not None)
        return not self.differences if there else None

    @property
    def changes(self) -> bool:
        """Whether something is done."""
        return self.verb in (Verb.CREATE, Verb.REPLACE, Verb.DELETE)

    @property
    def creates(self) -> bool:
        """Whether something is created."""
        return self.verb in (Verb.CREATE, Verb.REPLACE)

    @property
    def deletes(self) -> bool:
        """Whether something that is there goes, if only for a moment."""
        return self.verb in (Verb.REPLACE, Verb.DELETE)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do, in the order that leaves the shortest gaps, and a sentence for each scope that could not be looked at."""

    items: tuple[Item, ...]
    missing: tuple[str, ...] = ()


def compared(declared: Sequence[Wanted], there: Iterable[Subscription], *, prune: bool) -> tuple[Item, ...]:
    """Return what it takes to get from what is there to what is declared.

    Args:
        declared: How it should be, each with an address of its own.
        there: How it is.
        prune: Delete what is there and not declared.

    Returns:
        New ones first, then each replacement, deletions last.
    """
    found = tuple(there)
    by_address = {one.callback_url: one for one in found}
    items = [_item(wanted, by_address.get(wanted.callback_url)) for wanted in declared]
    addresses = {wanted.callback_url for wanted in declared}
    verb, why = (Verb.DELETE, "not declared") if prune else (Verb.LEAVE, "not declared; --prune deletes it")
    items += [Item(verb, None, one, why) for one in found if one.callback_url not in addresses]
    order = [Verb.CREATE, Verb.KEEP, Verb.LEAVE, Verb.REPLACE, Verb.DELETE]
    return tuple(sorted(items, key=lambda item: order.index(item.verb)))


def differences(wanted: Wanted, account: Account, made: Subscription) -> tuple[str, ...]:
    """Return where a subscription is not what was asked for; a sentence each, without the tokens in addresses."""
    asked: list[tuple[str, object, object]] = [
        ("events", sorted(set(wanted.events)), sorted(set(made.events))),
        ("scope", wanted.scope, made.scope),
        ("organization", account.organization, made.organization),
        ("state", "active", made.state),
    ]
    if wanted.scope == "user":
        asked.append(("user", account.uri, made.user))
    if wanted.group:
        asked.append(("group", wanted.group, made.group))
    return (
        *_different_address(wanted.callback_url, made),
        *(f"{name} should be {want!r} and is {got!r}" for name, want, got in asked if want != got),
    )


def not_mirrored(items: Sequence[Item]) -> PlatformError | None:
    """Return the error for answers that are not what was asked for; None where all are."""
    found = [difference for item in items for difference in item.differences]
    if not found:
        return None
    return PlatformError(
        f"Calendly created something else than was asked for: {'; '.join(found)}",
        hint="Look at it with `supops calendly webhooks list`, and delete it if it is of no use.",
    )


def check(wanted: Sequence[Wanted], *, allow_unknown_events: bool = False) -> None:
    """Refuse what can't be, before anybody is asked for it.

    Raises:
        UsageError: Something makes no sense; the message has all of it.
    """
    problems = [
        problem for one in wanted for problem in problems_of(one, allow_unknown_events=allow_unknown_events)
    ]
    if len(problems) == 1:
        raise UsageError(f"{problems[0][:1].upper()}{problems[0][1:]}.")
    if problems:
        raise UsageError("This can't be subscribed to:\n" + "\n".join(f"  {problem}" for problem in problems))


def check_event(event: str) -> None:
    """Refuse an event that there is not.

    Raises:
        UsageError: There is none; the message names the nearest.
    """
    if event not in EVENTS:
        nearest = get_close_matches(event, EVENTS, n=1, cutoff=0.4)
        meant = f"Did you mean {nearest[0]}? " if nearest else ""
        raise UsageError(
            f"There is no event {event!r} that we know of.", hint=f"{meant}Known are {', '.join(EVENTS)}."
        )


def possible_scopes(events: Iterable[str]) -> tuple[str, ...]:
    """Return the scopes that one subscription to all of these events may have. Of an event that is not known, nothing is."""
    known = [EVENTS[event].scopes for event in events if event in EVENTS]
    return tuple(scope for scope in SCOPES if all(scope in scopes for scopes in known))


def sampled_scope(
    event: str, scope: str | None, group: str | None, *, allow_unknown_events: bool = False
) -> str:
    """Return the scope that a sample of an event is asked for: the one that is named, or the first that the event may have.

    Raises:
        UsageError: There is no such event, or it is not delivered to such subscriptions.
    """
    if not allow_unknown_events:
        check_event(event)
    chosen = scope or ("group" if group else possible_scopes([event])[0])
    check([Wanted(NOWHERE, (event,), chosen, group)], allow_unknown_events=allow_unknown_events)
    return chosen


def _item(wanted: Wanted, existing: Subscription | None) -> Item:
    if existing is None:
        return Item(Verb.CREATE, wanted, None, "not there yet")
    if not wanted.is_served_by(existing):
        return Item(Verb.REPLACE, wanted, existing, how_it_differs(wanted, existing))
    if existing.state != "active":
        why = "it is disabled, after a day of failed deliveries, and has to be created again"
        return Item(Verb.REPLACE, wanted, existing, why)
    return Item(Verb.KEEP, wanted, existing, "already as it should be")


def how_it_differs(wanted: Wanted, existing: Subscription) -> str:
    """Return why a subscription to the same address does not do."""
    parts = []
    if set(wanted.events) != set(existing.events):
        parts.append(f"it has the events {', '.join(sorted(existing.events))}")
    if wanted.scope != existing.scope:
        parts.append(f"it has the scope {existing.scope}")
    return " and ".join(parts) or "it is another group's"


def _different_address(asked: str, made: Subscription) -> list[str]:
    if asked == made.callback_url:
        return []
    if masked_address(asked) == made.public_url:
        return [f"callback_url differs from {made.public_url!r} in a part that is not shown"]
    return [f"callback_url should be {masked_address(asked)!r} and is {made.public_url!r}"]
