"""Subscribing: which events the scheduler sends where, and making it so.

A subscription can't be changed at the scheduler. Another set of events, another key, or a new start after it was disabled means
to delete it and to create it again, with a gap in between, in which events are not delivered.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from enum import StrEnum

from supops.errors import Conflict, Forbidden, NetworkError, PlatformError, SupopsError, UsageError
from supops.models.redaction import masked_address
from supops.models.secrets import Secret
from supops.models.subscriptions import EVENTS, Account, Subscription, Wanted, problems_of
from supops.services.ports import Notices, SubscriptionDesk

ALL = "all"
UNSIGNED = (
    "there is no signing key: deliveries will be unsigned, and whoever receives them can't tell who sent them. "
    "Name one with --signing-key-env or calendly.signing_key, or have one made with --generate-signing-key."
)
CANT_UPDATE = "Calendly can't change a subscription: it has to be deleted and created again, and events in between are not delivered."


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
    """The subscriptions that could be listed, oldest first, and a sentence for each scope that could not."""

    subscriptions: tuple[Subscription, ...]
    missing: tuple[str, ...] = ()


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
    def changes(self) -> bool:
        """Whether something is done."""
        return self.verb in (Verb.CREATE, Verb.REPLACE, Verb.DELETE)

    @property
    def deletes(self) -> bool:
        """Whether something that is there goes, if only for a moment."""
        return self.verb in (Verb.REPLACE, Verb.DELETE)


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Sees to it that the scheduler has the subscriptions that are wanted.

    Attributes:
        signing_key: What the scheduler shall sign deliveries with; None for unsigned ones.
    """

    desk: SubscriptionDesk
    notices: Notices
    signing_key: Secret | None = None

    def list_scope(self, scope: str = ALL, group: str | None = None) -> Listing:
        """List the subscriptions of a scope, or of all: the organisation's, the user's own, and those of the group that is named.

        Raises:
            UsageError: The scope is a group's, and no group is named.
            SupopsError: Nothing at all could be listed.
        """
        if scope == "group" and not group:
            raise UsageError(
                "A group's subscriptions can only be listed for a named group.", hint="Add --group URI."
            )
        return self._listing(self.desk.account(), scope, group)

    def plan_one(self, wanted: Wanted, *, replace_it: bool = False, has_new_key: bool = False) -> Item:
        """Decide what it takes to have one subscription.

        Args:
            wanted: The subscription.
            replace_it: Whether one that is there with the same address may be replaced.
            has_new_key: Whether the signing key is to be another than before.

        Raises:
            UsageError: It makes no sense.
            Conflict: There is another one with this address, and it may not be replaced.
        """
        item = next(item for item in self.plan([wanted], prune=False) if item.wanted is wanted)
        if item.verb is Verb.KEEP and has_new_key and replace_it:
            return replace(item, verb=Verb.REPLACE, why="its signing key is to be another")
        if item.verb is Verb.KEEP and has_new_key:
            self.notices.note(
                "it keeps the signing key it has, and nobody can see which one that is; --replace gives it this one"
            )
        if item.verb is Verb.REPLACE and not replace_it:
            raise Conflict(
                f"There is a subscription with this address already ({item.existing.id if item.existing else ''}): {item.why}.",
                hint=f"{CANT_UPDATE} --replace does that. To have no gap, create one with another address first, such as the same "
                "with ?v=2, and delete the old one then.",
            )
        return item

    def plan(self, declared: Sequence[Wanted], *, prune: bool) -> list[Item]:
        """Compare what is declared with what is there.

        Args:
            declared: How it should be, each with an address of its own.
            prune: Delete what is there and not declared.

        Returns:
            What to do, in the order that leaves the shortest gaps: new ones first, then each replacement, deletions last.

        Raises:
            SupopsError: The scheduler refuses; with `prune`, also where not all that is there could be listed.
        """
        account = self.desk.account()
        groups = sorted({wanted.group for wanted in declared if wanted.group})
        there = {
            one.uri: one
            for group in (*groups, None)
            for one in self._listing(account, ALL, group, whole=prune).subscriptions
        }
        by_address = {one.callback_url: one for one in there.values()}
        items = [_item(wanted, by_address.get(wanted.callback_url)) for wanted in declared]
        addresses = {wanted.callback_url for wanted in declared}
        for one in there.values():
            if one.callback_url not in addresses:
                verb = Verb.DELETE if prune else Verb.LEAVE
                items.append(
                    Item(verb, None, one, "not declared" if prune else "not declared; --prune deletes it")
                )
        order = [Verb.CREATE, Verb.KEEP, Verb.LEAVE, Verb.REPLACE, Verb.DELETE]
        return sorted(items, key=lambda item: order.index(item.verb))

    def carry_out(self, items: Sequence[Item]) -> tuple[list[Item], SupopsError | None]:
        """Do what the items of a plan say, up to the first that fails.

        Returns:
            Each item with what became of it, and the error; None where all was done.
        """
        done: list[Item] = []
        failure: SupopsError | None = None
        for item in items:
            if failure is not None and item.changes:
                done.append(replace(item, outcome=Outcome.NOT_TRIED))
                continue
            try:
                done.append(self.apply(item))
            except SupopsError as error:
                failure = error
                done.append(replace(item, outcome=Outcome.FAILED, problem=error.message))
        return done, failure

    def apply(self, item: Item) -> Item:
        """Do what an item says, and look whether the scheduler's answer is what was asked for.

        Raises:
            SupopsError: The scheduler refuses; where that left a gap, the message says so.
        """
        if not item.changes:
            return item
        account = self.desk.account() if item.wanted else None
        if item.existing and item.deletes:
            self.desk.delete(item.existing)
        if item.wanted is None or account is None:
            return replace(item, outcome=Outcome.DONE)
        try:
            made = self._create(item.wanted, account)
        except SupopsError as error:
            if item.existing:
                error.message = (
                    f"{error.message.rstrip('.')}. {self._put_back(item.existing, account, error)}"
                )
            raise
        differences = _differences(item.wanted, account, made)
        return replace(item, made=made, differences=differences, outcome=Outcome.DONE)

    def _put_back(self, old: Subscription, account: Account, error: SupopsError) -> str:
        """Create a subscription again that was deleted to make room for one that could not be created; say what is so now."""
        gone = f"The one that was to be replaced is deleted: nothing is delivered to {old.public_url} now."
        if isinstance(error, NetworkError):
            return "The one that was to be replaced is deleted, and whether the new one was created is not known."
        if old.scope == "user" and old.user != account.uri:
            return gone
        try:
            self.desk.create(
                Wanted(old.callback_url, old.events, old.scope, old.group), account, self.signing_key
            )
        except SupopsError:
            return gone
        key = "with the signing key that is given now" if self.signing_key else "without a signing key"
        return f"The one that was to be replaced was put back, {key}."

    def delete(self, subscription: Subscription) -> None:
        """Delete one subscription.

        Raises:
            SupopsError: The scheduler refuses.
        """
        self.desk.delete(subscription)

    def _create(self, wanted: Wanted, account: Account) -> Subscription:
        try:
            return self.desk.create(wanted, account, self.signing_key)
        except NetworkError:
            # It may have been created although no answer arrived: look before anybody tries again.
            there = self._listing(account, ALL, wanted.group).subscriptions
            made = next((one for one in there if wanted.is_served_by(one)), None)
            if made is None:
                raise
            self.notices.note("the answer was lost, but the subscription was created")
            return made
        except Conflict as error:
            error.hint = "It belongs to another user or group, or to an app: this token can't see it. Delete it there, or use another address."
            raise

    def _listing(self, account: Account, scope: str, group: str | None, *, whole: bool = False) -> Listing:
        """List one scope, or all; what is refused is missing, unless the whole is asked for."""
        scopes = [scope] if scope != ALL else ["organization", "user", *(["group"] if group else [])]
        found: dict[str, Subscription] = {}
        missing: list[str] = []
        for one in scopes:
            try:
                found |= {each.uri: each for each in self.desk.subscriptions(account, one, group)}
            except Forbidden as error:
                missing.append(f"the subscriptions of the {one}: {error.message}")
                if len(missing) == len(scopes) or whole:
                    raise
        ordered = sorted(found.values(), key=lambda each: (each.created_at, each.uri))
        return Listing(tuple(ordered), tuple(missing))


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


def not_mirrored(items: Sequence[Item]) -> PlatformError | None:
    """Return the error for answers that are not what was asked for; None where all are."""
    differences = [difference for item in items for difference in item.differences]
    if not differences:
        return None
    return PlatformError(
        f"Calendly created something else than was asked for: {'; '.join(differences)}",
        hint="Look at it with `supops calendly webhooks list`, and delete it if it is of no use.",
    )


def _item(wanted: Wanted, existing: Subscription | None) -> Item:
    if existing is None:
        return Item(Verb.CREATE, wanted, None, "not there yet")
    if not wanted.is_served_by(existing):
        return Item(Verb.REPLACE, wanted, existing, _how_it_differs(wanted, existing))
    if existing.state != "active":
        why = "it is disabled, after a day of failed deliveries, and has to be created again"
        return Item(Verb.REPLACE, wanted, existing, why)
    return Item(Verb.KEEP, wanted, existing, "already as it should be")


def _how_it_differs(wanted: Wanted, existing: Subscription) -> str:
    parts = []
    if set(wanted.events) != set(existing.events):
        parts.append(f"it has the events {', '.join(sorted(existing.events))}")
    if wanted.scope != existing.scope:
        parts.append(f"it has the scope {existing.scope}")
    return " and ".join(parts) or "it is another group's"


def _differences(wanted: Wanted, account: Account, made: Subscription) -> tuple[str, ...]:
    asked: list[tuple[str, object, object]] = [
        ("callback_url", masked_address(wanted.callback_url), masked_address(made.callback_url)),
        ("events", sorted(set(wanted.events)), sorted(set(made.events))),
        ("scope", wanted.scope, made.scope),
        ("organization", account.organization, made.organization),
        ("state", "active", made.state),
    ]
    if wanted.scope == "user":
        asked.append(("user", account.uri, made.user))
    if wanted.group:
        asked.append(("group", wanted.group, made.group))
    return tuple(f"{name} should be {want!r} and is {got!r}" for name, want, got in asked if want != got)
