"""What the commands about licenses share: their options, and how they end."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from supops.commands.options import asks
from supops.errors import UsageError

if TYPE_CHECKING:
    from supops.models.license_requests import Override

RequestArgument = Annotated[
    Path | None,
    typer.Argument(metavar="[REQUEST]", help="YAML or JSON file with the request; - for standard input."),
]
IssueOption = Annotated[
    str | None,
    typer.Option(
        "--issue",
        metavar="IID",
        help="Number or address of the issue with the request, instead of a file.",
    ),
]
OverrideOption = Annotated[
    bool,
    typer.Option(
        "--override-existing",
        help="Accept it although the person still has a license that is not expired; takes --reason. No other problem is overridden.",
    ),
]
ReasonOption = Annotated[
    str | None,
    typer.Option(
        "--reason", metavar="TEXT", help="Why, with --override-existing; it is recorded in the ledger."
    ),
]
PublicKeyOption = Annotated[
    Path | None,
    typer.Option(
        "--public-key",
        metavar="FILE",
        help="PEM file with the public key; when left out, what licenses.public_key names.",
    ),
]
PrivateKeyOption = Annotated[
    Path | None,
    typer.Option(
        "--private-key",
        metavar="FILE",
        help="PEM file with the RSA key to sign with; when left out, what licenses.private_key names.",
    ),
]
PassphraseOption = Annotated[
    str | None,
    typer.Option(
        "--passphrase-env",
        metavar="NAME",
        help="Environment variable with the key's passphrase; when left out, licenses.passphrase, or it is asked for.",
    ),
]
LicenseFileOption = Annotated[
    Path | None,
    typer.Option(
        "--output-file",
        "-f",
        metavar="PATH",
        help="Write the license to this file; when left out, to one in this folder, named after person and end date.",
    ),
]
ForceOption = Annotated[
    bool, typer.Option("--force", help="Replace the license's file where it is there already.")
]
MOST_CHARACTERS = 1_000


def override_of(override: bool, reason: str | None) -> "Override | None":
    """Put the two options together.

    Raises:
        UsageError: One of them is missing.
    """
    from supops.models.license_requests import Override

    text = " ".join((reason or "").split())
    if override and not text:
        raise UsageError("--override-existing needs --reason: it is recorded.")
    if text and not override:
        raise UsageError("--reason is for --override-existing, which was not given.")
    return Override(reason_of(text)) if override else None


def reason_of(text: str) -> str:
    """Return a reason on one line.

    Raises:
        UsageError: It is too long.
    """
    if len(text) > MOST_CHARACTERS:
        raise UsageError(f"--reason is longer than {MOST_CHARACTERS:,} characters.")
    return text


def asked_passphrase() -> str | None:
    """Ask for the passphrase, without showing it; None where nobody can be asked."""
    if not asks():
        return None
    return str(typer.prompt("Passphrase of the private key", hide_input=True, err=True))
