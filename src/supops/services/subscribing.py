"""Subscribing: which events the scheduler sends where, and making it so.

A subscription can't be changed at the scheduler. Another set of events, another key, or a new start after it was disabled means
to delete it and to create it again, with a gap in between, in which events are not delivered.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from supops.errors import Conflict, Forbidden, SupopsError, UsageError
from supops.models.secrets import Secret
from supops.models.subscriptions import Account, Subscription, Wanted
from supops.services.comparing import Item, Listing, Outcome, Plan, Verb, compared, differences, not_mirrored
from supops.services.ports import KeyPlace, Notices, SubscriptionDesk
from supops.services.replacing import Made, Maker, delete

ALL = "all"
UNSIGNED = (
    "there is no signing key: deliveries will be unsigned, and whoever receives them can't tell who sent them. "
    "Name one with --signing-key-env or calendly.signing_key, or have one made with --generate-signing-key."
)
UNSIGNED_INSTEAD = "Those of the one that is replaced may have been signed."
CANT_UPDATE = "Calendly can't change a subscription: it has to be deleted and created again, and events in between are not delivered."
NO_GROUPS_PRUNED = "a group's subscriptions are only looked at where the file has one of that group; those of other groups stay"
NO_GROUPS = "a group's subscriptions can only be listed for a named group: --group URI adds them"
# A scope, and the group where it is a group's.
Corner = tuple[str, str | None]
OWN: tuple[Corner, ...] = (("organization", None), ("user", None))


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Sees to it that the scheduler has the subscriptions that are wanted.

    Attributes:
        signing_key: What the scheduler shall sign deliveries with; None for unsigned ones.
        new_key: Where a key is to be kept that is made for one subscription, and takes the place of `signing_key`.
    """

    desk: SubscriptionDesk
    notices: Notices
    signing_key: Secret | None = None
    new_key: KeyPlace | None = None

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
        corners: Sequence[Corner] = [(scope, group if scope == "group" else None)]
        if scope == ALL:
            corners = [*OWN, *([("group", group)] if group else [])]
            if not group:
                self.notices.note(NO_GROUPS)
        return self._listing(self.desk.account(), corners)

    def list_own(self) -> Listing:
        """List the organisation's subscriptions and the user's own.

        Raises:
            SupopsError: Nothing at all could be listed.
        """
        return self._listing(self.desk.account(), OWN)

    def plan_one(self, wanted: Wanted, *, replace_it: bool = False, has_new_key: bool = False) -> Item:
        """Decide what it takes to have one subscription.

        Args:
            wanted: The subscription.
            replace_it: Whether one that is there with the same address may be replaced.
            has_new_key: Whether the signing key is to be another than before.

        Raises:
            UsageError: It makes no sense, or there is no place for the new signing key.
            Conflict: There is another one with this address, and it may not be replaced.
        """
        plan = self._plan([wanted], prune=False)
        for reason in plan.missing:
            # One subscription is asked for, and of its own scope everything was seen.
            self.notices.detail(f"not looked at: {reason}")
        item = next(item for item in plan.items if item.wanted is wanted)
        if item.verb is Verb.KEEP and has_new_key and replace_it:
            item = replace(item, verb=Verb.REPLACE, why="its signing key is to be another")
        elif item.verb is Verb.KEEP and has_new_key:
            self.notices.note(
                "it keeps the signing key it has, and nobody can see which one that is; --replace gives it this one"
            )
        if item.verb is Verb.REPLACE and not replace_it:
            raise Conflict(
                f"There is a subscription with this address already ({item.existing.id if item.existing else ''}): {item.why}.",
                hint=f"{CANT_UPDATE} --replace does that. To have no gap, create one with another address first, such as the same "
                "with ?v=2, and delete the old one then.",
            )
        self._look_at_key([item])
        return item

    def plan_deletion(self, identity: str) -> tuple[Subscription, Item]:
        """Look at a subscription that is to be deleted.

        Raises:
            NotFound: There is none.
            SupopsError: The scheduler refuses.
        """
        found = self.desk.subscription(identity)
        return found, Item(Verb.DELETE, None, found, "as asked for")

    def plan(self, declared: Sequence[Wanted], *, prune: bool) -> Plan:
        """Compare what is declared with what is there.

        Args:
            declared: How it should be, each with an address of its own.
            prune: Delete what is there and not declared.

        Returns:
            What to do, in the order that leaves the shortest gaps, and what could not be looked at.

        Raises:
            Forbidden: What there is of a declared scope may not be listed; with `prune`, of any.
            SupopsError: The scheduler refuses.
        """
        plan = self._plan(declared, prune=prune)
        if prune and not any(wanted.group for wanted in declared):
            self.notices.note(NO_GROUPS_PRUNED)
        self._look_at_key(plan.items)
        return plan

    def carry_out(self, items: Sequence[Item]) -> tuple[list[Item], SupopsError | None]:
        """Do what the items of a plan say, up to the first that fails, or that the scheduler makes something else of.

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
                # What follows may delete what was to be replaced by this.
                failure = failure or not_mirrored(done[-1:])
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
        if item.wanted is None:
            if item.existing is not None:
                delete(self.desk, self.notices, item.existing)
            return replace(item, outcome=Outcome.DONE)
        account = self.desk.account()
        made = self._made(account, item.wanted, item.existing)
        if not made.is_ours:
            why = "somebody else created it just now, and nobody can see with which signing key"
            return replace(item, verb=Verb.KEEP, existing=made.subscription, why=why)
        found = differences(item.wanted, account, made.subscription)
        return replace(item, made=made.subscription, differences=found, outcome=Outcome.DONE)

    def _made(self, account: Account, wanted: Wanted, old: Subscription | None) -> Made:
        """Create or replace; a new key stays where there may be something that is signed with it, however this ends."""
        # Kept before anything is deleted: where that fails, nothing is missing.
        key = self.new_key.make() if self.new_key else self.signing_key
        maker = Maker(self.desk, self.notices, account, key)
        is_made = False
        try:
            made = maker.replace(old, wanted) if old else maker.create(wanted)
            is_made = made.is_ours
            return made
        finally:
            if self.new_key and not maker.key_may_be_used:
                self.new_key.forget()
            elif self.new_key and is_made:
                self.notices.note(f"the new signing key is kept in {self.new_key.name}")
            elif self.new_key:
                self.notices.warn(f"the new signing key is kept in {self.new_key.name}: it may be in use")

    def _plan(self, declared: Sequence[Wanted], *, prune: bool) -> Plan:
        groups: list[Corner] = [
            ("group", group) for group in sorted({wanted.group for wanted in declared if wanted.group})
        ]
        corners = [*OWN, *groups]
        needed = {(wanted.scope, wanted.group) for wanted in declared}
        listing = self._listing(self.desk.account(), corners, needed=corners if prune else needed)
        return Plan(compared(declared, listing.subscriptions, prune=prune), listing.missing)

    def _look_at_key(self, items: Sequence[Item]) -> None:
        """Before anybody is asked, and in a dry run as well: see that there is a signing key, or will be."""
        if not any(item.creates for item in items):
            return
        if self.new_key:
            self.new_key.check()
        elif self.signing_key is None:
            replaces = any(item.verb is Verb.REPLACE for item in items)
            self.notices.warn(f"{UNSIGNED} {UNSIGNED_INSTEAD}" if replaces else UNSIGNED)

    def _listing(
        self, account: Account, corners: Sequence[Corner], *, needed: Collection[Corner] = ()
    ) -> Listing:
        """List some scopes; what is refused is missing, unless it is needed, or nothing else is left."""
        found: dict[str, Subscription] = {}
        missing: list[str] = []
        for scope, group in corners:
            try:
                found |= {each.uri: each for each in self.desk.subscriptions(account, scope, group)}
            except Forbidden as error:
                of = f"group {group}" if group else scope
                if (scope, group) in needed:
                    error.message = (
                        f"{error.message.rstrip('.')}. Without seeing what there is of the {of}, nothing can be decided about "
                        "what is wanted there."
                    )
                    raise
                missing.append(f"the subscriptions of the {of}: {error.message}")
                if len(missing) == len(corners):
                    raise
        ordered = sorted(found.values(), key=lambda each: (each.created_at, each.uri))
        scopes = tuple(dict.fromkeys(scope for scope, _ in corners))
        return Listing(tuple(ordered), tuple(missing), scopes)
