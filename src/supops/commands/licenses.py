"""``supops licenses``: licenses for team members, from the request to the answer."""

import shlex
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from supops.commands.licenses_issues import complete, refuse
from supops.commands.licenses_options import (
    ForceOption,
    IssueOption,
    LicenseFileOption,
    OverrideOption,
    PassphraseOption,
    PrivateKeyOption,
    PublicKeyOption,
    ReasonOption,
    RequestArgument,
    asked_passphrase,
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
    new_group,
    wiring_of,
)
from supops.errors import ExitCode, UsageError
from supops.models.licenses import State

if TYPE_CHECKING:
    from supops.models.license_requests import Decision
    from supops.wiring import Wiring

app = new_group("Licenses for team members: which one, whether it may be made, and the answer.")


@app.command()
def check(
    ctx: typer.Context,
    request: RequestArgument = None,
    issue: IssueOption = None,
    override: OverrideOption = False,
    reason: ReasonOption = None,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Check whether a requested license may be made. All problems are told at once, each with its field and what would be acceptable.

    Exit status: 0 accepted, 3 not accepted or no legacy license, 2 the request can't be read.
    """
    from supops.render.licenses import decision_blocks, decision_csv, decision_json
    from supops.services.licensing import exit_code

    wiring = wiring_of(ctx)
    iid = _number(wiring, issue)
    decision = wiring.licenses.decision(request, iid, override_of(override, reason))
    result = Result(
        lambda: decision_blocks(decision), lambda: decision_json(decision), lambda: decision_csv(decision)
    )
    deliver(wiring, result, output, output_file)
    _say_how_to_refuse(wiring, decision, iid)
    raise typer.Exit(exit_code(decision))


@app.command()
def route(
    ctx: typer.Context,
    request: RequestArgument = None,
    issue: IssueOption = None,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Say which kind of license a request is for, why, and where to ask for it.

    The request is checked as well: the JSON is that of `supops licenses check`. Exit status: 0 a legacy license that may be made, 3 another
    license, or the request has problems, 2 it can't be read.
    """
    from supops.render.licenses import decision_csv, decision_json, route_blocks
    from supops.services.licensing import exit_code

    wiring = wiring_of(ctx)
    decision = wiring.licenses.decision(request, _number(wiring, issue), None)
    rules = wiring.licenses.rules
    result = Result(
        lambda: route_blocks(decision, rules), lambda: decision_json(decision), lambda: decision_csv(decision)
    )
    deliver(wiring, result, output, output_file)
    raise typer.Exit(exit_code(decision))


@app.command()
def form(
    ctx: typer.Context,
    request: RequestArgument = None,
    issue: IssueOption = None,
    override: OverrideOption = False,
    reason: ReasonOption = None,
    text: Annotated[
        bool,
        typer.Option("--text", help="One unfolded line for each field, to copy from."),
    ] = False,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Show the values to enter in the license administration form, field by field, in the form's order.

    Exit status: 0 here they are; 3 the request is not accepted, and there are none; 2 it can't be read.
    """
    from supops.render.licenses import decision_json, form_blocks, form_csv, form_text
    from supops.render.tables import Cell, Heading
    from supops.services.licensing import exit_code

    if text and output is not Format.TABLE:
        raise UsageError("--text and --output exclude each other.")
    wiring = wiring_of(ctx)
    decision = wiring.licenses.decision(request, _number(wiring, issue), override_of(override, reason))
    if text and decision.form:
        for remark in decision.remarks:
            wiring.terminal.note(remark)
        lines = form_text(decision).splitlines()
        blocks = [Heading(lines[0], [Cell(line) for line in lines[1:]])]
        deliver(wiring, Result(lambda: blocks, lambda: None), output, output_file)
    else:
        result = Result(
            lambda: form_blocks(decision), lambda: decision_json(decision), lambda: form_csv(decision)
        )
        deliver(wiring, result, output, output_file)
    raise typer.Exit(exit_code(decision))


@app.command()
def generate(
    ctx: typer.Context,
    request: RequestArgument = None,
    issue: IssueOption = None,
    private_key: PrivateKeyOption = None,
    passphrase_env: PassphraseOption = None,
    license_file: LicenseFileOption = None,
    force: ForceOption = False,
    override: OverrideOption = False,
    reason: ReasonOption = None,
    dry_run: DryRunOption = False,
    output: FormatOption = Format.TABLE,
) -> None:
    """Sign a legacy license file for an accepted request, for the holder of a signing key, and record it in the ledger.

    The file is for its owner only (mode 0600), and was read back with the key's public half. If it is interrupted, repeat it: the license that was begun
    is finished. Exit status: 0 written, 3 the request is not accepted, and nothing was signed, 2 the request can't be read or the file is there already,
    4 the key can't be used.
    """
    from supops.render.licenses import generated_blocks, generated_csv, generated_json

    wiring = wiring_of(ctx)
    licenses = wiring.licenses
    iid = _number(wiring, issue)
    decision = licenses.decision(request, iid, override_of(override, reason))
    if not decision.is_accepted:
        _refuse(wiring, decision, iid, output)
        return
    for remark in decision.remarks:
        wiring.terminal.note(remark)
    target = licenses.target(license_file, decision, force=force)
    signer = licenses.signer(private_key, passphrase_env, asked_passphrase)
    was_there = target.exists()
    generated = licenses.generated(decision, signer, target, force=force, dry_run=dry_run)
    today = licenses.licenser.today
    result = Result(
        lambda: generated_blocks(generated),
        lambda: generated_json(generated, today),
        lambda: generated_csv(generated, today),
    )
    deliver(wiring, result, output, None)
    if was_there and force:
        wiring.terminal.note(f"{target} was there already, and {'would be' if dry_run else 'is'} replaced")
    if iid and generated.is_recorded:
        wiring.terminal.note(
            f"next: supops licenses complete --issue {iid} --license {shlex.quote(generated.file)}"
        )


def _number(wiring: "Wiring", issue: str | None) -> int | None:
    return None if issue is None else wiring.licenses.number(issue)


def _refuse(wiring: "Wiring", decision: "Decision", iid: int | None, output: Format) -> None:
    from supops.render.licenses import decision_blocks, decision_csv, decision_json

    result = Result(
        lambda: decision_blocks(decision), lambda: decision_json(decision), lambda: decision_csv(decision)
    )
    deliver(wiring, result, output, None)
    wiring.terminal.note("nothing was signed")
    _say_how_to_refuse(wiring, decision, iid)
    raise typer.Exit(ExitCode.FINDINGS)


def _say_how_to_refuse(wiring: "Wiring", decision: "Decision", iid: int | None) -> None:
    if iid and not (decision.is_accepted or decision.is_served):
        wiring.terminal.note(f"to tell whoever asked: supops licenses refuse --issue {iid}")


# The help lists the commands in the order in which they are used.
app.command()(complete)
app.command()(refuse)


@app.command()
def inspect(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The license file; - for standard input.")],
    public_key: PublicKeyOption = None,
    must_be_ours: Annotated[
        bool,
        typer.Option("--must-be-ours", help="Exit status 3 for a license that is not in the ledger, too."),
    ] = False,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Show what a license file says, whether it is valid today, and whether it is in our ledger.

    The format does not protect its content: that a file can be read is no proof that we issued it. The ledger knows. Exit status: 0 valid,
    3 not valid, or something is odd about the file, 2 it can't be read.
    """
    from supops.render.license_files import inspection_blocks, inspection_csv, inspection_json
    from supops.services.licensing import inspection_exit_code

    wiring = wiring_of(ctx)
    licenses = wiring.licenses
    inspection = licenses.licenser.inspect(licenses.license_bytes(file), licenses.reader(public_key))
    result = Result(
        lambda: inspection_blocks(inspection),
        lambda: inspection_json(inspection),
        lambda: inspection_csv(inspection),
    )
    deliver(wiring, result, output, output_file)
    raise typer.Exit(inspection_exit_code(inspection, must_be_ours=must_be_ours))


@app.command("list")
def list_all(
    ctx: typer.Context,
    expiring_within: Annotated[
        str | None,
        typer.Option(
            "--expiring-within",
            metavar="TIME",
            help="Only those that run now and expire within this time: 30d, 6w.",
        ),
    ] = None,
    email: Annotated[
        str | None,
        typer.Option(
            "--email",
            metavar="TEXT",
            help="Only those of this person: upper and lower case, and what follows a plus sign, do not count.",
        ),
    ] = None,
    state: Annotated[State | None, typer.Option("--state", help="Only those that are so today.")] = None,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """List the licenses in the ledger, the first to expire first. `-o csv` or `-o json` exports all of it.

    The state is running, upcoming, expired, withdrawn, or pending: begun, and its file is not known to be written.
    """
    from supops.render.licenses import ledger_blocks, ledger_csv, ledger_json

    wiring = wiring_of(ctx)
    licenser = wiring.licenses.licenser
    within = None if expiring_within is None else _days(expiring_within)
    entries = licenser.listed(expiring_within=within, email=email, state=state)
    today = licenser.today
    if not entries:
        is_all = (within, email, state) == (None, None, None)
        wiring.terminal.note("the ledger has no license" if is_all else "the ledger has no such license")
    for one in entries:
        if one.is_pending:
            wiring.terminal.note(
                f"license {one.id} was begun and not finished: repeat its generate, or `supops licenses withdraw {one.id}`"
            )
    result = Result(
        lambda: ledger_blocks(entries, today),
        lambda: ledger_json(entries, today),
        lambda: ledger_csv(entries, today),
    )
    deliver(wiring, result, output, output_file)
    raise typer.Exit(ExitCode.DONE)


@app.command()
def withdraw(
    ctx: typer.Context,
    license_: Annotated[
        str,
        typer.Argument(
            metavar="LICENSE",
            help="Its number in the ledger, or the SHA-256 of its file (12 digits or more).",
        ),
    ],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is recorded.")],
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    output: FormatOption = Format.TABLE,
) -> None:
    """Note in the ledger that a license does not count, and why: the person may be given another one. The entry stays.

    For a license that was begun and never finished, or whose file was never handed out: one that an instance has can't be called back. Exit status: 0
    withdrawn, now or before, 2 there is no such license.
    """
    from supops.render.licenses import withdrawn_blocks, withdrawn_csv, withdrawn_json

    wiring = wiring_of(ctx)
    text = reason_of(" ".join(reason.split()))
    if not text:
        raise UsageError("--reason is empty: it is recorded.")
    licenses = wiring.licenses
    before = licenses.licenser.named(license_)
    if not (dry_run or before.is_pending or before.withdrawn):
        question = f"License {before.id} for {before.email} was written. Was it never handed out?"
        confirmed(wiring, question, yes=yes, does="withdraws a license that was written")
    found = licenses.withdrawn(before, text, dry_run=dry_run)
    today = licenses.licenser.today
    result = Result(
        lambda: withdrawn_blocks(found),
        lambda: withdrawn_json(found, today),
        lambda: withdrawn_csv(found, today),
    )
    deliver(wiring, result, output, None)


def _days(text: str) -> timedelta:
    import re

    match = re.fullmatch(r"([0-9]{1,5})([dw])", text.strip())
    if match is None:
        raise UsageError(f"{text[:40]!r} is no time in days or weeks.", hint="Write it as 30d or 6w.")
    return timedelta(days=int(match[1]) * (7 if match[2] == "w" else 1))
