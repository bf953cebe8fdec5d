"""Replacing: to create a subscription, to delete one, and both, so that afterwards it is known what is so, or said that it is not.

Only a refusal is a definite no. After anything else, such as an answer that was lost or makes no sense, the scheduler is asked
what there is. To create once more is safe: an address is taken once.
"""

from dataclasses import dataclass

from supops.errors import (
    Conflict,
    CredentialError,
    NotFound,
    RateLimited,
    Rejected,
    SupopsError,
    Unsure,
    UsageError,
)
from supops.models.secrets import Secret
from supops.models.subscriptions import Account, Subscription, Wanted
from supops.services.comparing import how_it_differs
from supops.services.ports import Notices, SubscriptionDesk

REFUSALS = (CredentialError, UsageError, NotFound, Conflict, RateLimited, Rejected)
TRIES = 2
LOOK = "`supops calendly webhooks list` shows what there is."


@dataclass(frozen=True, slots=True)
class Made:
    """A subscription that is there now, and whether it was made by us, or by somebody else at the same time."""

    subscription: Subscription
    is_ours: bool = True


@dataclass(slots=True)
class Maker:
    """Makes one subscription.

    Attributes:
        key: What its deliveries shall be signed with.
        key_may_be_used: Whether there may be a subscription that is signed with the key.
        deleted: URI of the one that was deleted, which a list may still show for a moment.
    """

    desk: SubscriptionDesk
    notices: Notices
    account: Account
    key: Secret | None
    key_may_be_used: bool = False
    deleted: str = ""

    def create(self, wanted: Wanted) -> Made:
        """Create a subscription.

        Raises:
            Unsure: Whether it was created is not known.
            SupopsError: It was not created.
        """
        try:
            return self._create(wanted)
        except SupopsError:
            raise
        except BaseException:
            self.notices.warn(
                f"this ended early, and whether the subscription was created is not known. {LOOK}"
            )
            raise

    def replace(self, old: Subscription, wanted: Wanted) -> Made:
        """Delete a subscription, and create another with the same address; where that fails, create the old one again.

        Raises:
            SupopsError: As `create`; the message says what became of the old one.
        """
        try:
            delete(self.desk, self.notices, old)
            self.deleted = old.uri
            return self._create_in_place_of(old, wanted)
        except SupopsError:
            raise
        except BaseException:
            self.notices.warn(
                f"this ended early: the subscription that was to be replaced may be deleted, and nothing be delivered to {old.public_url}. "
                f"{had(old)} {again(old)} {LOOK}"
            )
            raise

    def _create_in_place_of(self, old: Subscription, wanted: Wanted) -> Made:
        gone = f"The one that was to be replaced is deleted. {had(old)}"
        try:
            return self._create(wanted)
        except (Conflict, Unsure) as error:
            # Something may be in its place now, or is: another of the same address would be refused.
            error.message = f"{error.message.rstrip('.')}. {gone}"
            if isinstance(error, Unsure):
                error.hint = f"{error.hint} {again(old)}".strip()
            raise
        except SupopsError as error:
            late = self._put_back(old, wanted, error)
            if late is None:
                raise
            return late

    def _put_back(self, old: Subscription, wanted: Wanted, error: SupopsError) -> Made | None:
        """Create a subscription again that was deleted for nothing, and let the error say what is so now.

        Returns:
            The one that was wanted, where it turns out to have been made after all.
        """
        said = f"The one that was to be replaced is deleted: nothing is delivered to {old.public_url} now. {had(old)}"
        how = f"with the signing key from {self.key.origin}" if self.key else "without a signing key"
        try:
            if old.scope != "user" or old.user == self.account.uri:
                back = self._create(Wanted(old.callback_url, old.events, old.scope, old.group))
                if wanted.is_served_by(back.subscription):
                    return back
                error.message = (
                    f"{error.message.rstrip('.')}. The one that was to be replaced was put back, {how}."
                )
                return None
        except Conflict:
            found = self._look(wanted)
            if found is not None and wanted.is_served_by(found):
                return Made(found)
        except Unsure:
            said = f"The one that was to be replaced is deleted, and whether it could be put back is not known. {had(old)}"
        except SupopsError as second:
            self.notices.detail(f"it could not be put back: {second.message}")
        error.message = f"{error.message.rstrip('.')}. {said}"
        error.hint = f"{error.hint}\n{again(old)}".strip()
        return None

    def _create(self, wanted: Wanted) -> Made:
        doubt: SupopsError | None = None
        for _ in range(TRIES):
            could_be_used, self.key_may_be_used = self.key_may_be_used, True
            try:
                return Made(self.desk.create(wanted, self.account, self.key))
            except Conflict as error:
                self.key_may_be_used = could_be_used
                return self._taken(wanted, error, doubt)
            except REFUSALS:
                self.key_may_be_used = could_be_used
                raise
            except SupopsError as error:
                found = self._look_after(wanted, error)
                if found is not None:
                    self.notices.note("the answer was lost, but the subscription was created")
                    return Made(found)
                doubt = error
        if doubt is None:
            raise ValueError(TRIES)
        doubt.message = (
            f"{doubt.message.rstrip('.')}. It was looked at what there is: the subscription was not created."
        )
        raise doubt

    def _taken(self, wanted: Wanted, error: Conflict, doubt: SupopsError | None) -> Made:
        """Find out who has the address that was refused; after a doubtful try, it may be us."""
        found = self._look_after(wanted, doubt) if doubt else self._look(wanted)
        if found is not None and (doubt or wanted.is_served_by(found)):
            return Made(found, is_ours=doubt is not None)
        if doubt:
            raise Unsure(
                f"{doubt.message.rstrip('.')}. Then its address was taken, and whether by the subscription that was to be created is not "
                "known.",
                hint=LOOK,
            ) from doubt
        if found is not None:
            error.hint = (
                f"Another was created with this address just now: {how_it_differs(wanted, found)}. {LOOK}"
            )
        else:
            error.hint = (
                "It belongs to another user or group, or to an app, or this token may not list it. Delete it there, or use another "
                "address."
            )
        raise error

    def _look_after(self, wanted: Wanted, doubt: SupopsError) -> Subscription | None:
        try:
            return self._listed(wanted)
        except SupopsError as error:
            raise Unsure(
                f"{doubt.message.rstrip('.')}. Whether the subscription was created is not known, for what there is could not be "
                f"looked at: {error.message}",
                hint=f"{doubt.hint}\n{LOOK}".strip(),
            ) from doubt

    def _look(self, wanted: Wanted) -> Subscription | None:
        try:
            return self._listed(wanted)
        except SupopsError as error:
            self.notices.detail(f"it could not be looked at what there is: {error.message}")
            return None

    def _listed(self, wanted: Wanted) -> Subscription | None:
        there = self.desk.subscriptions(self.account, wanted.scope, wanted.group)
        there = tuple(one for one in there if one.uri != self.deleted)
        return next((one for one in there if one.callback_url == wanted.callback_url), None)


def delete(desk: SubscriptionDesk, notices: Notices, old: Subscription) -> None:
    """Delete a subscription.

    Raises:
        Unsure: Whether it is deleted is not known.
        SupopsError: It is not deleted.
    """
    try:
        desk.delete(old)
    except REFUSALS:
        raise
    except SupopsError as error:
        try:
            desk.subscription(old.uri)
        except NotFound:
            notices.note("the answer was lost, but the subscription is deleted")
            return
        except SupopsError:
            raise Unsure(
                f"{error.message.rstrip('.')}. The subscription to {old.public_url} may be deleted. {had(old)}",
                hint=f"{error.hint}\n{LOOK} {again(old)}".strip(),
            ) from error
        error.message = f"{error.message.rstrip('.')}. The subscription is still there."
        raise


def had(one: Subscription) -> str:
    """Return what it takes to make a subscription again, as a sentence. The address is told without its tokens."""
    group = f" of the group {one.group}" if one.group else ""
    return f"It had the events {', '.join(one.events)} and the scope {one.scope}{group}."


def again(one: Subscription) -> str:
    """Return how a subscription that is lost is made again."""
    events = " ".join(f"--event {event}" for event in one.events)
    group = f" --group {one.group}" if one.group else ""
    return (
        f"Where it is gone, create it again: supops calendly webhooks create --url ADDRESS {events} "
        f"--scope {one.scope}{group}"
    )
