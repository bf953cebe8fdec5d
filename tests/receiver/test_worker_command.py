"""The command line of a worker."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from supops.surroundings import GlobalOptions
from supops.wiring import Wiring


def command(options: GlobalOptions, *words: str) -> Sequence[str]:
    return Wiring(options, {}).webhooks.receiver.worker_command(*words)


def test_a_worker_has_the_global_options_and_finds_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    options = GlobalOptions(Path("supops.yaml"), demo=True, quiet=True, verbose=True, debug=True, color=False)

    words = ["--config", str(tmp_path / "supops.yaml"), "--demo"]
    manner = ["--quiet", "--verbose", "--debug", "--no-color"]
    assert command(options, "--with-parent")[-10:] == [*words, *manner, "webhooks", "worker", "--with-parent"]
    assert options.words(manner=False) == words
    assert GlobalOptions().words() == []


def test_nothing_is_imported_from_the_folder_that_a_worker_runs_in(tmp_path: Path) -> None:
    (tmp_path / "supops").mkdir()
    (tmp_path / "supops" / "__init__.py").write_text("raise SystemExit('taken from here')")
    (tmp_path / "supops" / "__main__.py").write_text("raise SystemExit('taken from here')")
    env = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}

    done = subprocess.run(
        command(GlobalOptions(), "--help"), cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )

    assert "taken from here" not in done.stderr
    assert "one more worker" in done.stdout
    assert done.returncode == 0
