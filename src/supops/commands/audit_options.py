"""What the commands that run audits share: their options, and how an audit is carried out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from supops.commands.options import AuditFormat, FailOn, Result, deliver
from supops.errors import UsageError

if TYPE_CHECKING:
    from supops.services.conducting import Conducted
    from supops.wiring import Wiring

DURATION = re.compile(r"[1-9][0-9]{0,5}[smhdw]")

AuditFormatOption = Annotated[AuditFormat, typer.Option("--output", "-o", help="How to show the result.")]
FileIssueOption = Annotated[
    bool,
    typer.Option(
        "--file-issue",
        help="File the result as a confidential issue in gitlab.audits_project: one for each audit and quarter.",
    ),
]
SaveOption = Annotated[
    bool, typer.Option("--save/--no-save", help="Store the run, so that later ones can be compared with it.")
]
DryFilingOption = Annotated[
    bool,
    typer.Option(
        "--dry-run", help="Run the audit, show what would be filed, and change nothing: nothing is stored."
    ),
]
AsOfOption = Annotated[
    datetime | None,
    typer.Option(
        "--as-of",
        metavar="DATE",
        formats=["%Y-%m-%d"],
        help="The day that decides which quarter is filed for. Default: today, in UTC.",
    ),
]


@dataclass(frozen=True, slots=True)
class Ways:
    """How an audit is to be carried out: the options that all audits have."""

    file_issue: bool
    save: bool
    dry_run: bool
    as_of: datetime | None
    fail_on: FailOn
    output: AuditFormat
    output_file: Path | None

    @property
    def day(self) -> date | None:
        """The day that ``--as-of`` names."""
        return self.as_of.date() if self.as_of else None


def duration(option: str, text: str | None) -> str | None:
    """Return a duration as it was typed.

    Raises:
        UsageError: It is none.
    """
    if text is not None and not DURATION.fullmatch(text):
        raise UsageError(
            f"{option}: {text!r} is no duration.", hint="Write a number and a unit: 3w, 30d, 12h."
        )
    return text


def carry_out(wiring: "Wiring", keys: Sequence[str], ways: Ways, *, several: bool = False) -> None:
    """Run audits, hand over the result, and end with the exit status that it stands for."""
    from supops.models.findings import threshold_of
    from supops.services.conducting import conducted_exit_code

    conductor = wiring.conductor(saves=ways.save, files=ways.file_issue, dry_run=ways.dry_run, day=ways.day)
    conducted = conductor.conduct([wiring.audit_plan(key) for key in keys])
    deliver(wiring, _result(wiring, conducted, several=several), ways.output, ways.output_file)
    tell_problems(wiring, conducted)
    raise typer.Exit(conducted_exit_code(conducted, threshold_of(ways.fail_on.value)))


def tell_problems(wiring: "Wiring", conducted: "Sequence[Conducted]") -> None:
    """Tell what went wrong after audits were run, when their result is handed over and safe."""
    for one in conducted:
        for problem in one.problems:
            wiring.terminal.error(problem)


def _result(wiring: "Wiring", conducted: "Sequence[Conducted]", *, several: bool) -> Result:
    from supops.checks.registry import all_checks
    from supops.render.audits import AUDITS_SCHEMA, audits_csv
    from supops.render.filings import conducted_blocks, conducted_json, filed_texts
    from supops.render.markdown import audit_markdown

    def markdown() -> str:
        return "\n".join(
            filed_texts(one.filed)
            if one.filed and one.filed.parts
            else audit_markdown(one.audit, all_checks())
            for one in conducted
        )

    return Result(
        blocks=lambda: [block for one in conducted for block in conducted_blocks(one)],
        json=lambda: (
            {"schema": AUDITS_SCHEMA, "audits": [conducted_json(one) for one in conducted]}
            if several
            else conducted_json(conducted[0])
        ),
        csv=lambda: audits_csv([one.audit for one in conducted]),
        markdown=markdown,
        html=lambda: wiring.report(
            [one.audit for one in conducted], changes=wiring.changes_before(conducted)
        ),
    )
