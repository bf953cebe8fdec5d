"""``supops config``: the settings."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from supops.commands.options import FileOption, Format, FormatOption, Result, deliver, new_group, wiring_of
from supops.errors import ConfigError, SupopsError, UsageError

app = new_group("The settings: where they are, what they say, how to begin.")


@app.command()
def path(ctx: typer.Context, output: FormatOption = Format.TABLE, output_file: FileOption = None) -> None:
    """Show where a settings file is looked for, and which one is used."""
    from supops.config import candidates
    from supops.render.settings import path_json, path_table

    wiring = wiring_of(ctx)
    places = candidates(wiring.options.config, wiring.environ)
    deliver(wiring, Result(lambda: [path_table(places)], lambda: path_json(places)), output, output_file)


@app.command()
def show(ctx: typer.Context, output: FormatOption = Format.TABLE, output_file: FileOption = None) -> None:
    """Show every setting, its value, and where the value came from. Secrets are not shown, only where they are kept."""
    from supops.render.settings import settings_json, settings_table

    wiring = wiring_of(ctx)
    config = wiring.config
    result = Result(lambda: [settings_table(config, wiring.secret_variables)], lambda: settings_json(config))
    deliver(wiring, result, output, output_file)


@app.command()
def schema(ctx: typer.Context, output_file: FileOption = None) -> None:
    """Print the JSON schema of the settings file, for editors that complete and check YAML."""
    from supops.settings import json_schema

    deliver(wiring_of(ctx), Result(blocks=list, json=json_schema), Format.JSON, output_file)


# What init asks: key, question, and the answer where nobody can be asked.
QUESTIONS = (
    ("roster.path", "Folder with the team's YAML files", "./support-team"),
    ("zendesk.global.url", "Address of Zendesk Global", "https://example.zendesk.com"),
    ("zendesk.global.oauth.client_id", "Unique identifier of the OAuth client there", "supops"),
    (
        "zendesk.global.oauth.client_secret",
        "Environment variable that holds the client's secret (its name, not the secret)",
        "ZD_GLOBAL_SECRET",
    ),
)


@app.command()
def init(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="[FILE]", help="The file to write.")] = Path("supops.yaml"),
) -> None:
    """Write a commented settings file. Asks on a terminal; takes defaults without one; never overwrites."""
    from supops.config import check_answer
    from supops.render.settings import settings_file

    wiring = wiring_of(ctx)
    _refuse_to_overwrite(file)
    asks = sys.stdin.isatty() and sys.stderr.isatty()
    answers = {}
    for key, question, default in QUESTIONS:
        answers[key] = check_answer(key, default)
        while asks:
            try:
                answers[key] = check_answer(key, typer.prompt(question, default=default, err=True))
                break
            except ConfigError as error:
                wiring.terminal.error(error)
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(settings_file(answers))
    except FileExistsError:
        _refuse_to_overwrite(file)
    except OSError as error:
        raise SupopsError(f"{file} can't be written: {error.strerror}") from None
    wiring.terminal.note(f"{file} is written. Look through it, then try: supops doctor")


def _refuse_to_overwrite(file: Path) -> None:
    if file.exists():
        raise UsageError(
            f"{file} is there already, and is not overwritten.",
            hint="Name another file: `supops config init FILE`; or edit the one that is there.",
        )
