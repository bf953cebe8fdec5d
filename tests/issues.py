"""What tests of the issue flow share: everything in memory, and issues by the names that people have for their labels."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from supops.models.work import WorkIssue
from supops.models.work_moves import Moved, Plan
from supops.models.workflow import Flow, Verb
from supops.render.issue_comments import IssueComments
from supops.services.flow_default import default_flow
from supops.services.ports import Clock
from supops.services.work_applying import Applier
from supops.services.work_asking import Asked, understood
from supops.services.work_linting import Linter
from supops.services.work_moving import Mover
from supops.services.work_reading import Desk, Dossier
from supops.services.work_review import Dequeuer, Reviewer
from supops.services.work_viewing import Viewer
from tests.fakes.console import FakeNotices
from tests.fakes.parallel import one_by_one
from tests.fakes.work import FakeWork

WORDING = IssueComments()
BUG = ("RequestType::Bug", "Priority::2", "Customer::Support")
FEATURE = ("RequestType::Feature", "Priority::3", "Customer::Finance")
ADMINISTRATIVE = ("RequestType::Administrative", "Priority::4", "Customer::People")
GAMEPLAN = "## Gameplan\n\n1. Do it."
BLUEPRINT = "## Technical blueprint\n\nSee !12."


def stage(name: str) -> str:
    return f"Stage::{name}"


@dataclass
class TrackerClock(Clock):
    """The clock of the fake tracker."""

    tracker: FakeWork

    def now(self) -> datetime:
        return self.tracker.time


@dataclass
class Office:
    """A flow on a fake tracker; nothing is kept between commands but what the tracker keeps."""

    tracker: FakeWork = field(default_factory=FakeWork)
    flow: Flow = field(default_factory=default_flow)
    notices: FakeNotices = field(default_factory=FakeNotices)

    @property
    def desk(self) -> Desk:
        return Desk(self.tracker, self.flow, TrackerClock(self.tracker))

    @property
    def mover(self) -> Mover:
        return Mover(self.desk, WORDING)

    def dossier(self, iid: int) -> Dossier:
        return self.desk.dossier(iid)

    def applier(self, *, dry_run: bool = False, desk: Desk | None = None) -> Applier:
        return Applier(desk or self.desk, self.notices, dry_run=dry_run)

    def plan(self, iid: int, verb: Verb | None = None, target: str = "", **asked: Any) -> Plan:
        desk = self.desk
        given = understood(desk, Asked(**asked), WORDING)
        return Mover(desk, WORDING).plan(desk.dossier(iid), given, verb=verb, target=target)

    def move(
        self, iid: int, verb: Verb | None = None, target: str = "", *, dry_run: bool = False, **asked: Any
    ) -> Moved:
        return self.applier(dry_run=dry_run).apply(self.plan(iid, verb, target, **asked))

    def moves(self, iid: int) -> dict[tuple[str, str], list[str]]:
        """Return what each move lacks, by verb and target."""
        options = self.mover.options(self.dossier(iid))
        return {
            (one.move.verb, one.move.target): [missing.need for missing in one.missing] for one in options
        }

    def dequeuer(self, *, dry_run: bool = False) -> Dequeuer:
        desk = self.desk
        return Dequeuer(desk, Mover(desk, WORDING), self.applier(dry_run=dry_run, desk=desk), one_by_one)

    def reviewer(self, *, dry_run: bool = False, closes: bool = True) -> Reviewer:
        desk = self.desk
        applier = self.applier(dry_run=dry_run, desk=desk)
        return Reviewer(desk, Mover(desk, WORDING), applier, one_by_one, closes)

    def rules(self, iid: int | None = None) -> list[str]:
        """Return the rules that lint finds broken, of one issue or of all."""
        found = Linter(self.desk, one_by_one).lint().findings
        return [one.rule for one in found if one.issue and iid in (None, one.issue.iid)]

    @property
    def viewer(self) -> Viewer:
        return Viewer(self.desk, one_by_one)

    def issue(self, iid: int) -> WorkIssue:
        return self.tracker.kept[iid]

    def bodies(self, iid: int) -> list[str]:
        return [one.body for one in self.tracker.comments[iid]]

    def stages(self, iid: int) -> tuple[str, ...]:
        return self.flow.stages_of(self.issue(iid).labels)
