"""Diagnosing: whether the settings, the roster and the platforms are ready for work."""

from collections.abc import Callable, Sequence
from datetime import tzinfo

from supops.errors import CredentialError, ExitCode, SupopsError
from supops.models.health import Health
from supops.models.roster import Roster
from supops.services.license_ports import Ledger
from supops.services.license_rules import Rules
from supops.services.ports import Probe

# More than this, and signatures and tokens that carry a time are refused.
CLOCK_TOLERANCE_SECONDS = 60.0


def examine(name: str, look: Callable[[], str]) -> Health:
    """Look at one thing. What goes wrong becomes a problem with its remedy."""
    try:
        return Health(name, look())
    except SupopsError as error:
        return Health(
            name,
            problem=error.message,
            remedy=error.hint,
            is_credential_problem=isinstance(error, CredentialError),
        )


def roster_facts(roster: Roster) -> str:
    """Return how much of the roster can be read."""
    problems = f", {len(roster.problems)} problems: see `supops team check`" if roster.problems else ""
    return f"{len(roster.members)} members{problems}"


def platform_facts(probe: Probe) -> str:
    """Return what a platform says to its credential.

    Raises:
        SupopsError: It refuses, or the clocks differ so much that signed times would be refused.
    """
    contact = probe.contact()
    if contact.clock_skew is not None and abs(contact.clock_skew) > CLOCK_TOLERANCE_SECONDS:
        raise SupopsError(
            f"this machine's clock is {contact.clock_skew:+.0f} s off the platform's",
            hint="Set the clock (NTP): signatures and tokens with a time in them will be refused.",
        )
    return contact.facts


def ledger_facts(ledger: Ledger) -> str:
    """Return how much is in the ledger of licenses, which was found to be writable.

    Raises:
        SupopsError: It can't be read, or nothing could be recorded.
    """
    ledger.check()
    entries = ledger.entries()
    begun = sum(one.is_pending for one in entries)
    unfinished = f", {begun} of them begun and not finished: see `supops licenses list`" if begun else ""
    return f"{len(entries):,} license{'' if len(entries) == 1 else 's'}{unfinished}"


def rule_facts(rules: Rules, zone: tzinfo) -> str:
    """Return for whom licenses may be made, and in which time zone a day is a day."""
    domains = ", ".join(rules.email_domains)
    whose = f"addresses of {domains}" if domains else "any address: licenses.email_domains is not set"
    return f"{whose}; days of {zone}"


def exit_code(healths: Sequence[Health]) -> ExitCode:
    """Decide what a pipeline is told: a refused credential before anything else that fails."""
    if any(health.is_credential_problem for health in healths):
        return ExitCode.CREDENTIALS
    return ExitCode.ERROR if any(health.problem for health in healths) else ExitCode.DONE
