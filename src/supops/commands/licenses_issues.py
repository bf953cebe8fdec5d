"""``supops licenses complete | refuse``: the answer on the issue."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from supops.commands.licenses_options import (
    OverrideOption,
    PublicKeyOption,
    ReasonOption,
    override_of,
    reason_of,
)
from supops.commands.options import (
    DryRunOption,
    FileOption,
    Format,
    FormatOption,
    Result,
    YesOption,
    confirmed,
    deliver,
    wiring_of,
)

if TYPE_CHECKING:
    from supops.models.license_requests import Closing
    from supops.wiring import Wiring

RequiredIssue = Annotated[
    str, typer.Option("--issue", metavar="IID", help="Number or address of the issue with the request.")
]


def complete(
    ctx: typer.Context,
    issue: RequiredIssue,
    license_file: Annotated[
        Path, typer.Option("--license", metavar="FILE", help="The license file that was made for it.")
    ],
    public_key: PublicKeyOption = None,
    spent: Annotated[
        str | None,
        typer.Option(
            "--spent",
            metavar="TIME",
            help="Time spent, such as 10m; when left out, licenses.spent; 0m for none.",
        ),
    ] = None,
    attach: Annotated[
        bool,
        typer.Option(
            "--attach", help="Put the license's content into the reply; only where the issue is confidential."
        ),
    ] = False,
    override: OverrideOption = False,
    reason: ReasonOption = None,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Answer a request that got its license: reply, log the time spent, set the completed label, close.

    First the file is compared with the request. What was done before is not done again. Exit status: 0 done, 3 the file is not what the
    request asks for, or the request is not accepted: nothing was posted.
    """
    from supops.services.license_completing import Handed, plan_completion

    wiring = wiring_of(ctx)
    licenses = wiring.licenses
    iid = licenses.number(issue)
    handed = Handed(
        licenses.license_bytes(license_file),
        licenses.reader(public_key),
        licenses.spent(spent),
        attach=attach,
        by=licenses.user,
    )
    completion = plan_completion(licenses.closer(dry_run=dry_run), iid, handed, override_of(override, reason))
    if completion.question and not dry_run:
        confirmed(wiring, completion.question, yes=yes, does="replies on an issue and closes it")
    closing = completion.carry_out()
    then = "next: hand the license file to whoever asked; it is not in the issue"
    _deliver(wiring, closing, output, output_file, "" if attach or not _was_posted(closing) else then)


def _was_posted(closing: "Closing") -> bool:
    from supops.models.license_requests import StepState

    return any(one.what == "reply" and one.state is StepState.DONE for one in closing.steps)


def refuse(
    ctx: typer.Context,
    issue: RequiredIssue,
    reason: Annotated[
        str | None,
        typer.Option(
            "--reason", metavar="TEXT", help="What speaks against it beside the rules; it is posted."
        ),
    ] = None,
    dry_run: DryRunOption = False,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Reply to a request with what is wrong with it, and what would be acceptable. The issue stays open.

    The same problems of the same request are told once. Exit status: 0 told, now or before; 3 there is nothing to refuse.
    """
    wiring = wiring_of(ctx)
    text = reason_of(" ".join((reason or "").split()))
    licenses = wiring.licenses
    closing = licenses.closer(dry_run=dry_run).refuse(licenses.number(issue), reason=text)
    _deliver(wiring, closing, output, output_file)


def _deliver(
    wiring: "Wiring", closing: "Closing", output: Format, output_file: Path | None, then: str = ""
) -> None:
    from supops.render import license_replies as shown
    from supops.services.license_closing import closing_exit_code

    result = Result(
        lambda: shown.closing_blocks(closing),
        lambda: shown.closing_json(closing),
        lambda: shown.closing_csv(closing),
        markdown=lambda: shown.closing_markdown(closing),
    )
    deliver(wiring, result, output, output_file)
    if then:
        wiring.terminal.note(then)
    raise typer.Exit(closing_exit_code(closing))
