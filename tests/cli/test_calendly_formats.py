"""Every command about Calendly, in every format: a result, and never a crash."""

import json
from pathlib import Path

import pytest

from supops.commands.options import Format, Result, deliver
from supops.errors import UsageError
from supops.render.tables import Heading
from supops.surroundings import GlobalOptions
from supops.wiring import Wiring
from tests.cli.webhooks import ASKED, FAILING, NEW, WEBHOOKS
from tests.conftest import Run

pytestmark = pytest.mark.thorough
ID = "f0000001-0000-4000-8000-000000000000"
DECLARED = f"webhooks:\n  - url: {NEW}\n    events: [invitee.created]\n    scope: organization\n"
COMMANDS = {
    "whoami": ("--demo", "calendly", "whoami"),
    "list": (*WEBHOOKS, "list"),
    "show": (*WEBHOOKS, "show", ID),
    "create": (*WEBHOOKS, "create", "--url", NEW, *ASKED),
    "create-dry": (*WEBHOOKS, "create", "--url", NEW, *ASKED, "--dry-run"),
    "replace": (*WEBHOOKS, "create", "--url", FAILING, *ASKED, "--replace", "--yes"),
    "replace-dry": (*WEBHOOKS, "create", "--url", FAILING, *ASKED, "--replace", "--dry-run"),
    "delete": (*WEBHOOKS, "delete", ID, "--yes"),
    "delete-dry": (*WEBHOOKS, "delete", ID, "--dry-run"),
    "sync": (*WEBHOOKS, "sync", "webhooks.yaml"),
    "sync-dry": (*WEBHOOKS, "sync", "webhooks.yaml", "--dry-run"),
    "sample": (*WEBHOOKS, "sample", "invitee.created"),
    "route": ("--demo", "calendly", "route", "global.json"),
    "route-dry": ("--demo", "calendly", "route", "global.json", "--dry-run"),
}


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_every_format(run: Run, tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "webhooks.yaml").write_text(DECLARED)

    for output in Format:
        ran = run(*words, "-o", output, env={"XDG_STATE_HOME": str(tmp_path / output)})

        assert ran.status == 0, ran.err
        assert ran.out.strip()
        assert "supops itself failed" not in ran.err
        if output is Format.JSON:
            json.loads(ran.out)


def test_what_is_no_table_is_refused_as_csv_with_words() -> None:
    result = Result(lambda: [Heading("title", [])], lambda: None)

    with pytest.raises(UsageError, match="can't be shown as CSV"):
        deliver(Wiring(GlobalOptions(), {}), result, Format.CSV, None)
