"""``supops calendly webhooks``: which events Calendly sends where."""

from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
from supops.errors import ExitCode, NetworkError, SupopsError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supops.models.secrets import Secret
    from supops.models.subscriptions import Wanted
    from supops.services.subscribing import Item
    from supops.wiring import Wiring

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

    Exit status 5: not all could be listed.
    """
    from supops.render.subscriptions import subscriptions_json, subscriptions_table
    from supops.services.subscribing import Subscriber

    wiring = wiring_of(ctx)
    listing = Subscriber(wiring.calendly, wiring.terminal).list_scope(scope.value, group)
    for reason in listing.missing:
        wiring.terminal.warn(f"not listed: {reason}")
    result = Result(lambda: [subscriptions_table(listing)], lambda: subscriptions_json(listing))
    deliver(wiring, result, output, output_file)
    raise typer.Exit(ExitCode.INCOMPLETE if listing.missing else ExitCode.DONE)


@app.command()
def show(
    ctx: typer.Context,
    identity: Annotated[str, typer.Argument(metavar="ID", help="The subscription's id or URI.")],
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Show one webhook subscription."""
    from supops.render.subscriptions import subscription_blocks, subscriptions_json
    from supops.services.subscribing import Listing

    wiring = wiring_of(ctx)
    found = wiring.calendly.subscription(identity)
    result = Result(lambda: subscription_blocks(found), lambda: subscriptions_json(Listing((found,))))
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
    replace: Annotated[
        bool,
        typer.Option(
            "--replace", help="Delete the one with the same address, where it differs, and create it again."
        ),
    ] = False,
    allow_unknown_event: UnknownEventOption = False,
    dry_run: DryRunOption = False,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Create a webhook subscription, and check that Calendly made what was asked for.

    One that is there already, just so, is left alone. Asks on a terminal for what is missing.
    """
    from supops.render.subscriptions import creation_blocks, creation_json
    from supops.services.subscribing import Subscriber, check, not_mirrored

    wiring = wiring_of(ctx)
    if signing_key_env and generate_signing_key:
        raise UsageError("A signing key is either taken from a variable or made anew, not both.")
    wanted = _wanted(wiring, url, event, scope, group)
    check([wanted], allow_unknown_events=allow_unknown_event)
    has_new_key = bool(signing_key_env or generate_signing_key)
    item = Subscriber(wiring.calendly, wiring.terminal).plan_one(
        wanted, replace_it=replace, has_new_key=has_new_key
    )
    if item.changes and not dry_run:
        with _signing_key(wiring, signing_key_env, signing_key_file, is_new=generate_signing_key) as key:
            item = Subscriber(wiring.calendly, wiring.terminal, key).apply(item)
    result = Result(
        lambda: creation_blocks(item, dry_run=dry_run), lambda: creation_json(item, dry_run=dry_run)
    )
    deliver(wiring, result, output, output_file)
    error = not_mirrored([item])
    if error:
        raise error


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
    from supops.services.subscribing import Item, Verb

    wiring = wiring_of(ctx)
    found = wiring.calendly.subscription(identity)
    item = Item(Verb.DELETE, None, found, "as asked for")
    if not dry_run:
        confirmed(wiring, f"Delete the subscription {found.id} to {found.public_url}?", yes=yes)
        wiring.calendly.delete(found)
    result = Result(
        lambda: [plan_table([item], dry_run=dry_run)], lambda: deletion_json(found, dry_run=dry_run)
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
    as short as can be. Others are left alone, unless --prune.
    """
    from supops.render.subscriptions import plan_json, plan_table
    from supops.services.subscribing import Subscriber, check, not_mirrored

    wiring = wiring_of(ctx)
    declared = wiring.declared_subscriptions(file)
    check(declared, allow_unknown_events=allow_unknown_event)
    items = Subscriber(wiring.calendly, wiring.terminal).plan(declared, prune=prune)
    failure: SupopsError | None = None
    if not dry_run and any(item.changes for item in items):
        items, failure = _carried_out(wiring, items, signing_key_env, yes=yes)
    result = Result(lambda: [plan_table(items, dry_run=dry_run)], lambda: plan_json(items, dry_run=dry_run))
    deliver(wiring, result, output, output_file)
    error = failure or not_mirrored(items)
    if error:
        raise error


@app.command()
def sample(
    ctx: typer.Context,
    event: Annotated[str, typer.Argument(metavar="EVENT", help="Such as invitee.created.")],
    scope: Annotated[
        Scope, typer.Option("--scope", help="For a subscription of this scope.")
    ] = Scope.ORGANIZATION,
    output: FormatOption = Format.JSON,
    output_file: FileOption = None,
) -> None:
    """Show a delivery as Calendly would send it, with made-up values; as JSON, unless asked otherwise."""
    from supops.render.subscriptions import sample_json, sample_table
    from supops.services.subscribing import check_event

    wiring = wiring_of(ctx)
    check_event(event)
    document = wiring.calendly.sample(event, scope.value, wiring.calendly.account())
    result = Result(lambda: [sample_table(document)], lambda: sample_json(document))
    deliver(wiring, result, output, output_file)


def _carried_out(
    wiring: "Wiring", items: "list[Item]", key_variable: str | None, *, yes: bool
) -> "tuple[list[Item], SupopsError | None]":
    from supops.render.subscriptions import plan_table
    from supops.render.tables import render_plain
    from supops.services.subscribing import Subscriber

    if any(item.deletes for item in items):
        if not yes:
            wiring.terminal.note(render_plain([plan_table(items, dry_run=True)]).rstrip())
        confirmed(
            wiring, "Carry this out? What is deleted or replaced is gone for a moment, or for good.", yes=yes
        )
    subscriber = Subscriber(wiring.calendly, wiring.terminal, _key(wiring, key_variable))
    return subscriber.carry_out(items)


@contextmanager
def _signing_key(
    wiring: "Wiring", variable: str | None, file: Path | None, *, is_new: bool
) -> "Iterator[Secret | None]":
    """Take the key from where it is, or make one; a new one is taken back where it turns out that nobody was told it."""
    if not is_new:
        yield _key(wiring, variable)
        return
    ref = wiring.signing_key_place(file)
    key = wiring.secrets.keep_new(ref, purpose="the signing key for Calendly")
    try:
        yield key
    except NetworkError:
        wiring.terminal.warn(f"the new signing key in {ref} may be in use: it is not known what was created")
        raise
    except SupopsError:
        wiring.secrets.forget(ref)
        raise
    wiring.terminal.note(f"the new signing key is kept in {key.origin}")


def _key(wiring: "Wiring", variable: str | None) -> "Secret | None":
    from supops.services.subscribing import UNSIGNED

    key = wiring.signing_key(variable)
    if key is None:
        wiring.terminal.warn(UNSIGNED)
    return key


def _wanted(
    wiring: "Wiring", url: str | None, events: list[str] | None, scope: Scope | None, group: str | None
) -> "Wanted":
    """Put a subscription together; ask for what is missing, where somebody is there to ask."""
    from supops.models.subscriptions import EVENTS, Wanted

    given = {"--url": url, "--event": events, "--scope": scope}
    missing = [name for name, value in given.items() if not value]
    if missing and not asks():
        raise UsageError(f"{', '.join(missing)} is missing.", hint="On a terminal, supops asks for it.")
    if not url:
        url = str(typer.prompt("Address that deliveries go to", err=True))
    if not events:
        typer.echo(f"Events: {', '.join(EVENTS)}", err=True)
        answer = typer.prompt(
            "Which, separated by commas", default="invitee.created,invitee.canceled", err=True
        )
        events = [part.strip() for part in str(answer).split(",") if part.strip()]
    chosen = (
        scope.value
        if scope
        else str(typer.prompt("Scope: organization, user or group", default="organization", err=True))
    )
    return Wanted(wiring.expanded(url), tuple(dict.fromkeys(events)), chosen, group)
