"""The shape that the project keeps: sizes, docstrings, and documentation of what there is."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import supops
from supops.checks.registry import all_checks
from supops.cli import all_commands
from tests.conftest import ROOT

SOURCE = Path(supops.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
# In an indented line, or between backticks.
COMMAND_LINE = re.compile(r"(?:^ {4,}(?:- )?(?:\S+='[^']*' )?|`)supops ([^\n`#]*)", re.MULTILINE)
LAYERS = {"adapters", "checks", "commands", "models", "render", "sandbox", "services"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def relative(path: Path) -> str:
    return str(path.relative_to(SOURCE))


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_files_are_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_FILE_LINES


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_functions_are_short(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, Function):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= MAX_FUNCTION_LINES, f"{node.name} has {length} lines"


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_what_is_public_has_a_docstring(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "the module has none"
    for owner, node in _public(tree):
        assert ast.get_docstring(node), f"{owner}{node.name} has none"


def _public(tree: ast.Module) -> Iterator[tuple[str, Function | ast.ClassDef]]:
    for node in tree.body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            yield "", node
            if isinstance(node, ast.ClassDef):
                for inner in node.body:
                    if isinstance(inner, Function) and not inner.name.startswith("_"):
                        yield f"{node.name}.", inner


def test_packages_are_the_layers_and_nest_no_deeper() -> None:
    packages = {path.parent.relative_to(SOURCE).as_posix() for path in FILES if path.name == "__init__.py"}

    assert packages == LAYERS | {"."}


@pytest.mark.parametrize("layer", sorted(LAYERS))
def test_a_package_says_what_belongs_there_and_exports_nothing(layer: str) -> None:
    tree = ast.parse((SOURCE / layer / "__init__.py").read_text(encoding="utf-8"))
    docstring = ast.get_docstring(tree) or ""

    assert "Not here" in " ".join(docstring.split())
    assert len(tree.body) == 1


def test_no_room_for_everything() -> None:
    for path in FILES:
        assert path.stem not in {"utils", "helpers", "common", "core"}


def test_adapters_know_of_the_services_nothing_but_the_ports() -> None:
    for path in (SOURCE / "adapters").glob("*.py"):
        imported = re.findall(
            r"^\s*(?:from|import) (supops\.services\S*)", path.read_text(encoding="utf-8"), re.MULTILINE
        )
        ports = {
            f"supops.services.{name}"
            for name in (
                "ports",
                "audit_ports",
                "inbox_ports",
                "license_ports",
                "webhook_ports",
                "work_ports",
            )
        }
        assert set(imported) <= ports, path.name


def test_every_check_has_its_page() -> None:
    for check in all_checks():
        assert (ROOT / "docs" / "checks" / f"{check.id}.md").is_file(), check.id


def test_every_command_is_documented() -> None:
    reference = (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
    for words, _ in all_commands():
        assert f"`supops {' '.join(words)}`" in reference, words


def test_docs_name_real_commands_only() -> None:
    known = {words[:length] for words, _ in all_commands() for length in range(1, len(words) + 1)}
    pages = [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    for page in pages:
        for line in COMMAND_LINE.findall(page.read_text(encoding="utf-8")):
            words = _command_words(line.split(), known)
            assert not words or words in known, f"{page.name}: supops {line}"


def _command_words(words: list[str], known: set[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the group and the command of a command line; nothing where it has only global options."""
    while words and words[0].startswith("-"):
        words = words[2 if words[0] == "--config" else 1 :]
    if not words or words[0].isupper():
        return ()
    called: tuple[str, ...] = ()
    for word in words:
        has_commands = not called or any(one[: len(called)] == called != one for one in known)
        if not has_commands or not re.fullmatch(r"[a-z][a-z-]*", word):
            break
        called = (*called, word)
    return called
