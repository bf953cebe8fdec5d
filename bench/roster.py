"""Reading a roster of 300 files of 60 lines, against ruamel.yaml's pure parser, and the second time against the first."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ruamel.yaml import YAML

from bench.measure import Result, best_of_each
from supops.adapters.roster_files import RosterFolder
from supops.sandbox.people import roster_files

FILES = 300
LINES = 60


def measure() -> Iterator[Result]:
    """Compare cold with the pure parser, and warm with cold."""
    with tempfile.TemporaryDirectory() as name:
        folder, cache = Path(name) / "roster", Path(name) / "cache"
        folder.mkdir()
        files = [_file(folder, number) for number in range(FILES)]

        def cold() -> None:
            shutil.rmtree(cache, ignore_errors=True)
            RosterFolder(folder, cache_folder=cache).read()

        def pure() -> None:
            for file in files:
                YAML(typ="safe", pure=True).load(file.read_bytes())

        slow = best_of_each({"pure": pure, "cold": cold}, times=3)
        cold()
        fast = best_of_each({"warm": lambda: RosterFolder(folder, cache_folder=cache).read()}, times=10)
    detail = f"{slow['cold']:.2f} s against {slow['pure']:.2f} s of ruamel.yaml's pure parser"
    yield Result("roster: cold, share of pure YAML", slow["cold"] / slow["pure"], 0.3, detail=detail)
    detail = f"{fast['warm'] * 1000:.0f} ms against {slow['cold'] * 1000:.0f} ms"
    yield Result("roster: warm, share of cold", fast["warm"] / slow["cold"], 0.1, detail=detail)


def _file(folder: Path, number: int) -> Path:
    """Write a file like those of the embedded world, of another person, filled up to 60 lines."""
    text = roster_files()["amer-e/maria-delgado.yaml"].decode().replace("Maria", f"Maria {number}")
    text = text.replace("3900", f"4{number:03d}").replace("maria.delgado", f"maria.{number}")
    lines = text.splitlines()
    extra = [f"  - name: Area {place}\n    level: 1" for place in range((LINES - len(lines)) // 2)]
    file = folder / f"{number:03d}.yaml"
    file.write_text(text + "\n".join(extra) + "\n")
    return file
