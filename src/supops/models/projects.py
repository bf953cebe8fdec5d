"""Projects on GitLab: who may change their default branch, and how merge requests are approved (source: domain, "Projects")."""

from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Literal

Prevention = Literal["prevented", "allowed", "any"]
OnPush = Literal["removed", "kept", "any"]
MostToMerge = Literal["nobody", "maintainers", "developers", "any"]
MostToPush = Literal["nobody", "bot_users", "maintainers", "developers", "any"]


class Level(StrEnum):
    """Whom a role lets do something to a branch. Who is named (a user, a group, a deploy key) has no level here."""

    NOBODY = "nobody"
    DEVELOPERS = "developers"
    MAINTAINERS = "maintainers"
    ADMINS = "admins"


@dataclass(frozen=True, slots=True)
class Access:
    """Somebody who may do something to a protected branch: everybody with a role, or one user, group or deploy key.

    Attributes:
        level: The role; None where one user, group or deploy key is meant, and for a role that is not known here.
        username: Of the one user that is meant.
        title: As the platform says it for people: ``Maintainers``.
    """

    title: str
    level: Level | None = None
    username: str | None = None


@dataclass(frozen=True, slots=True)
class Protection:
    """A protected branch, or all branches whose names match a pattern.

    Attributes:
        name: A branch, or a pattern with ``*``.
        merge: Who may merge into it.
        push: Who may push to it.
    """

    name: str
    merge: tuple[Access, ...]
    push: tuple[Access, ...]

    def covers(self, branch: str) -> bool:
        """Whether a branch is protected by this. Nothing but ``*`` has a meaning in the pattern."""
        return fnmatchcase(branch, self.name.replace("[", "[[]").replace("?", "[?]"))


@dataclass(frozen=True, slots=True)
class Approvals:
    """How merge requests of a project are approved: always so that True is the careful answer, and None is not known.

    Attributes:
        author_prevented: Nobody approves a merge request of their own.
        committers_prevented: Nobody approves what they have committed to.
        overrides_prevented: Approval rules can't be changed in a merge request.
        removed_on_push: All approvals are gone when a commit is added.
    """

    author_prevented: bool | None = None
    committers_prevented: bool | None = None
    overrides_prevented: bool | None = None
    removed_on_push: bool | None = None


@dataclass(frozen=True, slots=True)
class Project:
    """A project as lists show it.

    Attributes:
        path: With its groups: ``support-readiness/tools/zendesk-apps``.
        default_branch: None where there is none yet, or no repository.
    """

    id: int
    path: str
    web_url: str
    default_branch: str | None = None


@dataclass(frozen=True, slots=True)
class ProjectListing:
    """The projects of a group and its subgroups.

    Attributes:
        archived: Paths of those that are archived, which are not among the projects.
    """

    projects: tuple[Project, ...]
    archived: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProjectState:
    """A project's settings.

    Attributes:
        protections: None where they could not be read.
        missing: One sentence for each part that could not be read, without the project's name.
    """

    project: Project
    protections: tuple[Protection, ...] | None = ()
    approvals: Approvals = Approvals()
    missing: tuple[str, ...] = ()

    def covering(self, branch: str) -> tuple[Protection, ...]:
        """The protections that cover a branch. Where there are several, whoever one of them lets through is let through."""
        return tuple(one for one in self.protections or () if one.covers(branch))


@dataclass(frozen=True, slots=True)
class Expected:
    """What every project is expected to have, by the names of `gitlab.expected`. ``any`` leaves a setting unchecked.

    Attributes:
        merge: The most who may merge into the default branch. Whatever lets fewer people through is as good.
        push: The most who may push to it.
    """

    author_approval: Prevention = "prevented"
    committer_approval: Prevention = "prevented"
    rule_overrides: Prevention = "prevented"
    approvals_on_push: OnPush = "removed"
    merge: MostToMerge = "maintainers"
    push: MostToPush = "bot_users"
