"""Running the slots of schedules, as the commands that they stand for."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from supops.errors import ExitCode, SupopsError
from supops.models.deliveries import Delivery, Outcome, State
from supops.models.schedules import CommandEnd, Schedule, Slot
from supops.services.inbox_ports import CommandRunner, Inbox
from supops.services.ports import Clock
from supops.services.processing import CantHeal
from supops.services.scheduling import SCHEDULES, HasCommand, delivery_of

LONGEST_REASON = 500
# Within about ten minutes.
TRIES_IF_INCOMPLETE = 6
INCOMPLETE = re.compile(r"(?:^|.*\s)incomplete:\s*(?P<reason>\S.*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SlotRun:
    """What became of a slot that somebody asked to run.

    Attributes:
        ran: False where it was done, or given up by somebody, before.
    """

    slot: Slot
    delivery: Delivery
    ran: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotDesk:
    """Runs a slot here and now, by the same way as a worker.

    Attributes:
        process: Processes the delivery with a number.
        wait: Called, with the delivery, while somebody else works on it or on another slot of the schedule.
    """

    inbox: Inbox
    clock: Clock
    process: Callable[[int], datetime | None]
    wait: Callable[[Delivery], None]

    def run(self, slot: Slot, *, again: bool) -> SlotRun:
        """Run a slot, unless that was done before.

        Args:
            slot: Which.
            again: Run it although it was done.
        """
        known = self.inbox.find(slot.key)
        if known is None:
            self.inbox.add([delivery_of(slot, self.clock.now())])
            known = self._stored(slot)
        elif known.state in (State.DONE, State.DISCARDED) and not again:
            return SlotRun(slot, known, ran=False)
        elif known.state is not State.RUNNING:
            self.inbox.replay([known.id], now=self.clock.now())
        while True:
            self.process(known.id)
            now = self._stored(slot)
            begun = now.attempts > 0 and now.state is not State.RUNNING
            if begun or now.state in (State.DONE, State.DEAD, State.DISCARDED):
                return SlotRun(slot, now, ran=True)
            self.wait(now)

    def _stored(self, slot: Slot) -> Delivery:
        found = self.inbox.find(slot.key)
        if found is None:
            raise SupopsError(f"The slot {slot.key} has gone from the store.")
        return found


def run_exit_code(run: SlotRun) -> ExitCode:
    """Decide what a pipeline is told."""
    return ExitCode.DONE if run.delivery.state is State.DONE else ExitCode.ERROR


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotHandler:
    """Does what a stored slot asks for.

    The command is that of this version, whatever the store says: what is in the store can name a slot, and no command.

    Attributes:
        tries: After so many a slot that fails is given up.
    """

    runner: CommandRunner
    has_command: HasCommand
    tries: int = TRIES_IF_INCOMPLETE
    schedules: tuple[Schedule, ...] = SCHEDULES

    def __call__(self, delivery: Delivery) -> Outcome:
        """Run the command to its end.

        Raises:
            CantHeal: The command line makes no sense, or there is no such slot.
            SupopsError: It failed, or is incomplete, and may not the next time.
        """
        slot = self._slot(delivery)
        if not self.has_command(slot.words):
            raise SupopsError(
                f"this version of supops lacks `{slot.command}`; a worker of a newer one may have it"
            )
        end = self.runner.run(slot.words)
        # What a plan or a token never shows is missing each time, and is no reason to give up what was done.
        enough = min(TRIES_IF_INCOMPLETE, self.tries)
        is_as_good_as_it_gets = end.status == ExitCode.INCOMPLETE and delivery.attempts >= enough
        if end.status not in (ExitCode.DONE, ExitCode.FINDINGS) and not is_as_good_as_it_gets:
            text = f"`{slot.command}` ended with exit status {end.status}{_meaning(end.status)}{_last_words(end)}"
            raise CantHeal(text) if end.status == ExitCode.USAGE else SupopsError(text)
        result = {
            "schedule": slot.schedule.name,
            "slot": slot.label,
            "command": slot.command,
            "exit_status": end.status,
            "stdout": end.stdout,
            "stderr": end.stderr,
        }
        missing = _last_words(end) if end.status == ExitCode.INCOMPLETE else ""
        return Outcome(f"exit {int(end.status)}{_meaning(end.status)}{missing}", json.dumps(result))

    def _slot(self, delivery: Delivery) -> Slot:
        for schedule in self.schedules:
            if schedule.lock_key == delivery.lock_key:
                slot = schedule.slot(delivery.key.removeprefix(f"{schedule.lock_key}:"))
                if slot is None:
                    raise CantHeal(f"the schedule {schedule.name} has no such slot")
                return slot
        raise SupopsError(f"this version of supops has no schedule {delivery.event[:60]!r}")


def _meaning(status: int) -> str:
    if status < 0:
        return ": a signal ended it"
    meanings: Mapping[int, str] = {
        ExitCode.FINDINGS: ": findings",
        ExitCode.USAGE: ": wrong usage or settings",
        ExitCode.CREDENTIALS: ": a credential is missing or refused",
        ExitCode.INCOMPLETE: ": incomplete",
        ExitCode.INTERRUPTED: ": interrupted",
    }
    return meanings.get(status, "")


def _last_words(end: CommandEnd) -> str:
    """Return what a command said of its failure: what is missing, its error, or the last that it said."""
    said = [line.strip() for text in (end.stdout, end.stderr) for line in text.splitlines() if line.strip()]
    errors = [place for place, line in enumerate(said) if line.startswith("error:")]
    text = " ".join(said[errors[-1] :] if errors else said[-2:])
    if end.status == ExitCode.INCOMPLETE:
        # The same may be told in the result and beside it.
        found = (INCOMPLETE.fullmatch(line) for line in said)
        missing = dict.fromkeys(match["reason"] for match in found if match)
        told = [*missing, *(said[place] for place in errors)]
        # A long one leaves room for the others.
        room = LONGEST_REASON // max(1, len(told))
        text = "; ".join(one if len(one) <= room else f"{one[: room - 5]} ..." for one in told) or text
    return f": {text[:LONGEST_REASON]}" if text else ""
