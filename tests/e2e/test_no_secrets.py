"""Secrets are in no output, whatever goes wrong and however much is told."""

import json
from pathlib import Path

import pytest

from supops.sandbox.faults import KINDS
from supops.sandbox.world import DEMO_SECRETS
from tests.conftest import Run


@pytest.mark.parametrize("fault", [None, *KINDS])
def test_no_secret_in_any_output(run: Run, home: dict[str, str], fault: str | None) -> None:
    # Everything after the minting fails, so that there is a minted token to leak; it then can't be revoked.
    faults = f"zendesk-global:{fault}:path=/api/*:seconds=0.1:retry_after=0" if fault else ""

    ran = run(
        "--debug",
        "-v",
        "--demo",
        "audit",
        "zendesk",
        "--instance",
        "global",
        env={"SUPOPS_DEMO_FAULTS": faults},
    )

    world = Path(home["XDG_STATE_HOME"]) / "supops" / "demo" / "world.json"
    left_over = [token["token"] for token in json.loads(world.read_text())["zendesk"]["global"]["tokens"]]
    assert "debug: POST" in ran.err
    for secret in (*DEMO_SECRETS.values(), *left_over):
        assert secret not in ran.out + ran.err
    assert "Bearer" not in ran.out + ran.err
