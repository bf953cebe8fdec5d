"""``supops calendly webhooks``: which events Calendly sends where."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from supops.commands.options import (
    DryRunOption,
    FileOption,
    Format,
    FormatOption,
    Result,
    YesOption,
    asks,
    confirmed,
    deliver,
    new_group,
    wiring_of,
)
from supops.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from supops.models.subscriptions import Wanted
    from supops.services.comparing import Plan
    from supops.wiring import Wiring

Answer = TypeVar("Answer")

app = new_group("Webhook subscriptions: which events Calendly sends where.")


class Scope(StrEnum):
    """What a subscription covers."""

    ORGANIZATION = "organization"
    USER = "user"
    GROUP = "group"


class ListedScope(StrEnum):
    """What a list covers."""

    ORGANIZATION = "organization"
    USER = "user"
    GROUP = "group"
    ALL = "all"


GroupOption = Annotated[
    str | None, typer.Option("--group", metavar="URI", help="The group of the scope group.")
]
KeyVariableOption = Annotated[
    str | None,
    typer.Option(
        "--signing-key-env",
        metavar="NAME",
        help="The environment variable with the key to sign deliveries with.",
    ),
]
KeyFileOption = Annotated[
    Path | None,
    typer.Option(
        "--signing-key-file",
        metavar="PATH",
        help="Where to keep the new key; without it, where calendly.signing_key says.",
    ),
]
UnknownEventOption = Annotated[
    bool, typer.Option("--allow-unknown-event", help="Let events through that supops does not know yet.")
]

ReplaceOption = Annotated[
    bool,
    typer.Option(
        "--replace",
        help="Delete the one with the same address, where it differs, and create it again; asks first.",
    ),
]


@app.command("list")
def list_(
    ctx: typer.Context,
    scope: Annotated[
        ListedScope,
        typer.Option("--scope", help="The organisation's, your own, a group's, or all of these."),
    ] = ListedScope.ALL,
    group: GroupOption = None,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """List webhook subscriptions, with what to do about those that fail.

    A group's are listed where --group names the group. Exit status 5: not all could be listed.
    """
    from supops.render.subscriptions import subscriptions_json, subscriptions_table
    from supops.services.subscribing import Subscriber

    wiring = wiring_of(ctx)
    listing = Subscriber(wiring.calendly, wiring.terminal).list_scope(scope.value, group)
    now = wiring.clock.now()
    result = Result(lambda: [subscriptions_table(listing, now)], lambda: subscriptions_json(listing, now))
    deliver(wiring, result, output, output_file)
    _end(wiring, listing.missing)


@app.command()
def show(
    ctx: typer.Context,
    identity: Annotated[str, typer.Argument(metavar="ID", help="The subscription's id or URI.")],
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Show one webhook subscription."""
    from supops.render.subscriptions import subscription_blocks, subscriptions_json
    from supops.services.comparing import Listing

    wiring = wiring_of(ctx)
    found = wiring.calendly.subscription(identity)
    now = wiring.clock.now()
    result = Result(
        lambda: subscription_blocks(found, now), lambda: subscriptions_json(Listing((found,)), now)
    )
    deliver(wiring, result, output, output_file)


@app.command()
def create(
    ctx: typer.Context,
    url: Annotated[
        str | None,
        typer.Option("--url", help="Where deliveries go. ${NAME} in it stands for an environment variable."),
    ] = None,
    event: Annotated[
        list[str] | None, typer.Option("--event", help="An event to deliver. Repeat it for several.")
    ] = None,
    scope: Annotated[
        Scope | None, typer.Option("--scope", help="Whose events: the organisation's, your own, a group's.")
    ] = None,
    group: GroupOption = None,
    signing_key_env: KeyVariableOption = None,
    generate_signing_key: Annotated[
        bool, typer.Option("--generate-signing-key", help="Make a key to sign deliveries with, and keep it.")
    ] = False,
    signing_key_file: KeyFileOption = None,
    replace: ReplaceOption = False,
    allow_unknown_event: UnknownEventOption = False,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Create a webhook subscription, and check that Calendly made what was asked for.

    One that is there already, just so, is left alone. Asks on a terminal for what is missing.
    """
    from supops.render.subscriptions import creation_blocks, creation_json
    from supops.services.comparing import check
    from supops.services.subscribing import Subscriber

    wiring = wiring_of(ctx)
    _check_key_options(signing_key_env, signing_key_file, is_new=generate_signing_key)
    wanted = _wanted(wiring, url, event, scope, group, allow_unknown_events=allow_unknown_event)
    check([wanted], allow_unknown_events=allow_unknown_event)
    place = wiring.new_signing_key(signing_key_file) if generate_signing_key else None
    key = None if place else wiring.signing_key(signing_key_env)
    subscriber = Subscriber(wiring.calendly, wiring.terminal, key, place)
    has_new_key = bool(signing_key_env or generate_signing_key)
    item, failure = subscriber.plan_one(wanted, replace_it=replace, has_new_key=has_new_key), None
    if not dry_run:
        if item.existing and item.deletes:
            confirmed(
                wiring, f"Replace {item.existing.id} to {item.existing.public_url}: {item.why}?", yes=yes
            )
        (item,), failure = subscriber.carry_out([item])
    now = wiring.clock.now()
    result = Result(
        lambda: creation_blocks(item, now, dry_run=dry_run), lambda: creation_json(item, now, dry_run=dry_run)
    )
    deliver(wiring, result, output, output_file)
    if failure:
        raise failure


@app.command()
def delete(
    ctx: typer.Context,
    identity: Annotated[str, typer.Argument(metavar="ID", help="The subscription's id or URI.")],
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Delete a webhook subscription: nothing is delivered to its address any more."""
    from supops.render.subscriptions import deletion_json, plan_table
    from supops.services.subscribing import Subscriber

    wiring = wiring_of(ctx)
    subscriber = Subscriber(wiring.calendly, wiring.terminal)
    found, item = subscriber.plan_deletion(identity)
    if not dry_run:
        confirmed(wiring, f"Delete the subscription {found.id} to {found.public_url}?", yes=yes)
        item = subscriber.apply(item)
    now = wiring.clock.now()
    result = Result(
        lambda: [plan_table([item], now, dry_run=dry_run)], lambda: deletion_json(found, now, dry_run=dry_run)
    )
    deliver(wiring, result, output, output_file)


@app.command()
def sync(
    ctx: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="YAML or JSON: the subscriptions that there should be.")
    ],
    prune: Annotated[
        bool, typer.Option("--prune", help="Delete the subscriptions that the file does not have.")
    ] = False,
    signing_key_env: KeyVariableOption = None,
    allow_unknown_event: UnknownEventOption = False,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Make the webhook subscriptions what a file declares.

    Calendly can't change a subscription: one that differs is deleted and created again at once, one after the other, so that each gap is
    as short as can be. Others are left alone, unless --prune. Exit status 5: done, but not all that is there could be listed.
    """
    from dataclasses import replace

    from supops.render.subscriptions import plan_json, plan_table
    from supops.services.comparing import check
    from supops.services.subscribing import Subscriber

    wiring = wiring_of(ctx)
    declared = wiring.declared_subscriptions(file)
    check(declared, allow_unknown_events=allow_unknown_event)
    subscriber = Subscriber(wiring.calendly, wiring.terminal, wiring.signing_key(signing_key_env))
    plan, failure = subscriber.plan(declared, prune=prune), None
    if not dry_run:
        _confirm_plan(wiring, plan, yes=yes)
        items, failure = subscriber.carry_out(plan.items)
        plan = replace(plan, items=tuple(items))
    now = wiring.clock.now()
    result = Result(
        lambda: [plan_table(plan.items, now, dry_run=dry_run)], lambda: plan_json(plan, now, dry_run=dry_run)
    )
    deliver(wiring, result, output, output_file)
    if failure:
        raise failure
    _end(wiring, plan.missing)


@app.command()
def sample(
    ctx: typer.Context,
    event: Annotated[str, typer.Argument(metavar="EVENT", help="Such as invitee.created.")],
    scope: Annotated[
        Scope | None,
        typer.Option(
            "--scope", help="For a subscription of this scope; without it, the first that the event may have."
        ),
    ] = None,
    group: GroupOption = None,
    allow_unknown_event: UnknownEventOption = False,
    output: FormatOption = Format.JSON,
    output_file: FileOption = None,
) -> None:
    """Show a delivery as Calendly would send it, with made-up values; as JSON, unless asked otherwise."""
    from supops.render.subscriptions import sample_json, sample_table
    from supops.services.comparing import sampled_scope

    wiring = wiring_of(ctx)
    chosen = sampled_scope(
        event, scope.value if scope else None, group, allow_unknown_events=allow_unknown_event
    )
    document = wiring.calendly.sample(event, chosen, wiring.calendly.account(), group)
    result = Result(lambda: [sample_table(document)], lambda: sample_json(document))
    deliver(wiring, result, output, output_file)


def _end(wiring: "Wiring", missing: "tuple[str, ...]") -> None:
    """Name what could not be listed, and end with the exit status for that."""
    for reason in missing:
        wiring.terminal.warn(f"not listed: {reason}")
    if missing:
        raise typer.Exit(ExitCode.INCOMPLETE)


def _confirm_plan(wiring: "Wiring", plan: "Plan", *, yes: bool) -> None:
    """Ask before something of a plan is deleted, with the plan shown."""
    from supops.render.subscriptions import plan_table

    if not any(item.deletes for item in plan.items):
        return
    if not yes:
        wiring.terminal.show([plan_table(plan.items, wiring.clock.now(), dry_run=True)])
    confirmed(
        wiring, "Carry this out? What is deleted or replaced is gone for a moment, or for good.", yes=yes
    )


def _check_key_options(variable: str | None, file: Path | None, *, is_new: bool) -> None:
    if variable and is_new:
        raise UsageError("A signing key is either taken from a variable or made anew, not both.")
    if file and not is_new:
        raise UsageError(
            "--signing-key-file is where a new key is kept, and none is made.",
            hint="Add --generate-signing-key; to use the key in a file, set calendly.signing_key to {file: PATH}.",
        )


def _wanted(
    wiring: "Wiring",
    url: str | None,
    events: list[str] | None,
    scope: Scope | None,
    group: str | None,
    *,
    allow_unknown_events: bool,
) -> "Wanted":
    """Put a subscription together; ask for what is missing, where somebody is there to ask."""
    from supops.models.subscriptions import Wanted

    given = {"--url": url, "--event": events, "--scope": scope}
    missing = [name for name, value in given.items() if not value]
    if missing and not asks():
        raise UsageError(f"{', '.join(missing)} is missing.", hint="On a terminal, supops asks for it.")
    url = url or str(typer.prompt("Address that deliveries go to", err=True))
    events = events or _asked_events(allow_unknown=allow_unknown_events)
    chosen = scope.value if scope else _asked_scope(events, group)
    if chosen == Scope.GROUP and not group and asks():
        group = str(typer.prompt("The group's URI", err=True)).strip()
    return Wanted(wiring.expanded(url), tuple(dict.fromkeys(events)), chosen, group)


def _asked_events(*, allow_unknown: bool) -> list[str]:
    from supops.models.subscriptions import EVENTS
    from supops.services.comparing import check_event

    def read(answer: str) -> list[str]:
        names = [part.strip() for part in answer.split(",") if part.strip()]
        if not names:
            raise UsageError("No event is named.")
        for name in () if allow_unknown else names:
            check_event(name)
        return names

    typer.echo(f"Events: {', '.join(EVENTS)}", err=True)
    return _asked("Which, separated by commas", "invitee.created,invitee.canceled", read)


def _asked_scope(events: list[str], group: str | None) -> str:
    from supops.services.comparing import possible_scopes

    # Where no scope is possible, that is told of the whole later.
    possible = possible_scopes(events) or tuple(Scope)

    def read(answer: str) -> str:
        if answer.strip() not in possible:
            raise UsageError(f"For these events the scope is {' or '.join(possible)}.")
        return answer.strip()

    default = Scope.GROUP if group and Scope.GROUP in possible else possible[0]
    return _asked("Scope: organization, user or group", str(default), read)


def _asked(question: str, default: str, read: "Callable[[str], Answer]") -> "Answer":
    """Ask until the answer makes sense, each time with the reason why it does not."""
    while True:
        answer = str(typer.prompt(question, default=default, err=True))
        try:
            return read(answer)
        except UsageError as error:
            typer.echo(f"{error.message} {error.hint}".strip(), err=True)
