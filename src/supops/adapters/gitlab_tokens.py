"""GitLab's access tokens: of users, and below one group (source: platforms, G-4)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from threading import Lock

import msgspec
from gitlab.utils import EncodedId

from supops.adapters.answers import MAX_IN_FLIGHT
from supops.adapters.gitlab import WHOSE, GitLabConnection, User
from supops.adapters.gitlab_pages import read_all
from supops.adapters.gitlab_projects import GROUP_HINT, group_projects
from supops.adapters.parallel import in_parallel
from supops.errors import Forbidden, NetworkError, NotFound, RateLimited, SupopsError, Unauthorized
from supops.models.tokens import Token, TokenKind, TokenListing
from supops.services.audit_ports import TokenDirectory
from supops.services.ports import Progress

ACTIVE = {"state": "active"}
# So many are named in a sentence; of the others only how many there are.
NAMED = 5
ROLES = {
    TokenKind.PROJECT: "the token's user has to be a Maintainer there",
    TokenKind.GROUP: "the token's user has to be an Owner there",
}


class _Token(msgspec.Struct):
    id: int
    name: str
    scopes: list[str] = []
    active: bool = True
    revoked: bool = False
    created_at: datetime | None = None
    last_used_at: datetime | None = None
    expires_at: date | None = None


class _Group(msgspec.Struct):
    id: int
    full_path: str


@dataclass(frozen=True, slots=True)
class _Place:
    """Something that tokens belong to.

    Attributes:
        owner: Username, or path.
        user_id: Of the user whose personal tokens are meant.
    """

    kind: TokenKind
    owner: str
    path: str
    user_id: int | None = None


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a place showed: its tokens, or why not. A refusal has no reason of its own."""

    place: _Place
    tokens: tuple[Token, ...] = ()
    is_refused: bool = False
    problem: str = ""


class GitLabTokens(TokenDirectory):
    """The tokens below one group.

    Args:
        group: Its path.
    """

    def __init__(self, gitlab: GitLabConnection, group: str, *, progress: Progress) -> None:
        self._gitlab = gitlab
        self._group = group
        self._progress = progress
        self._lock = Lock()
        self._is_accepted = False

    def list_tokens(self, usernames: Sequence[str]) -> TokenListing:
        """See `supops.services.audit_ports.TokenDirectory`. Each project is asked, several at once."""
        missing: list[str] = []
        with self._progress.task("GitLab", item="token") as task:
            places = [*self._of_users(usernames, missing), *self._of_group()]
            task.advance(0, total=len(places))
            seen: list[_Seen] = []
            for one in in_parallel(self._look, places, limit=MAX_IN_FLIGHT):
                task.advance(items=len(one.tokens))
                seen.append(one)
        tokens = {token.id: token for one in seen for token in one.tokens}
        return TokenListing(
            tuple(sorted(tokens.values(), key=lambda token: token.id)), (*missing, *_unread(seen))
        )

    def _of_users(self, usernames: Sequence[str], missing: list[str]) -> Iterator[_Place]:
        for name in dict.fromkeys(usernames):
            number = self._gitlab.user_id(name)
            if number is None:
                missing.append(
                    f"the personal tokens of {name} could not be read: GitLab knows no such user. Check gitlab.bot_users"
                )
            else:
                yield _Place(TokenKind.PERSONAL, name, "/personal_access_tokens", number)

    def _of_group(self) -> Iterator[_Place]:
        path = f"/groups/{EncodedId(self._group)}"
        try:
            top = self._gitlab.get(path, _Group, purpose=f"look at the group {self._group}")
        except NotFound as error:
            error.hint = GROUP_HINT
            raise
        below = read_all(
            self._gitlab,
            f"/groups/{top.id}/descendant_groups",
            _Group,
            purpose=f"list the subgroups of {self._group}",
        )
        for group in {one.id: one for one in (top, *below)}.values():
            yield _Place(TokenKind.GROUP, group.full_path, f"/groups/{group.id}/access_tokens")
        for project in group_projects(self._gitlab, self._group, seen=lambda _items, _pages: None):
            owner = project.path_with_namespace
            yield _Place(TokenKind.PROJECT, owner, f"/projects/{project.id}/access_tokens")

    def _look(self, place: _Place) -> _Seen:
        """Read the tokens of one place. What concerns all places is raised."""
        query = ACTIVE if place.user_id is None else {**ACTIVE, "user_id": str(place.user_id)}
        purpose = f"list the {place.kind} tokens of {place.owner}"
        try:
            found = read_all(self._gitlab, place.path, _Token, purpose=purpose, query=query)
        except Unauthorized:
            self._insist_on_being_accepted()
            return _Seen(place, is_refused=True)
        except (Forbidden, NotFound):
            return _Seen(place, is_refused=True)
        except (NetworkError, RateLimited):
            raise
        except SupopsError as error:
            return _Seen(place, problem=error.message)
        # Older versions of GitLab don't know the state that is asked for.
        return _Seen(place, tuple(_token(place, one) for one in found if one.active and not one.revoked))

    def _insist_on_being_accepted(self) -> None:
        """Tell a token that is not accepted from one that may not see these: GitLab answers both with 401.

        Raises:
            Unauthorized: It is not accepted.
        """
        with self._lock:
            if not self._is_accepted:
                self._gitlab.get("/user", User, purpose=WHOSE)
                self._is_accepted = True


def _token(place: _Place, one: _Token) -> Token:
    return Token(
        place.kind,
        one.id,
        one.name,
        place.owner,
        tuple(one.scopes),
        one.created_at,
        one.last_used_at,
        one.expires_at,
    )


def _unread(seen: Iterable[_Seen]) -> Iterator[str]:
    """Say what could not be read: a sentence for each user, and one for all projects or groups with the same reason."""
    places = sorted(seen, key=lambda one: one.place.owner)
    for one in places:
        if one.is_refused and one.place.kind is TokenKind.PERSONAL:
            yield (
                f"the personal tokens of {one.place.owner} could not be read: only a token of that user's own, or of an administrator, "
                "sees them (gitlab.token)"
            )
    for kind in (TokenKind.GROUP, TokenKind.PROJECT):
        refused = [one.place.owner for one in places if one.is_refused and one.place.kind is kind]
        if refused:
            yield f"the tokens of {_counted(refused, kind)} could not be read: {ROLES[kind]}"
    for one in places:
        if one.problem:
            yield f"the {one.place.kind} tokens of {one.place.owner} could not be read: {one.problem}"


def _counted(paths: Sequence[str], kind: TokenKind) -> str:
    more = len(paths) - NAMED
    named = ", ".join(paths[:NAMED]) + (f" and {more:,} more" if more > 0 else "")
    return f"{len(paths):,} {kind}{'' if len(paths) == 1 else 's'} ({named})"
