"""What is run before a change is accepted: ``nox`` runs all but the benchmarks and the demo; ``nox -s NAME`` runs one."""

import re
import shutil
import tomllib
from pathlib import Path

import nox

nox.needs_version = ">=2025.5.1"
nox.options.sessions = ["lint", "types", "imports", "docs", "tests"]
nox.options.default_venv_backend = "venv"

ROOT = Path(__file__).parent
EXTRAS = ("receiver", "scale")
WITH_EXTRAS = f"[{','.join(EXTRAS)}]"
# What stands between us and a library. Everything else was tested once, on the newest versions.
WITH_LIBRARIES = {
    "adapters/test_": (
        "gitlab",
        "google_calendar",
        "http",
        "ics_calendar",
        "inbox_postgres",
        "license_file",
        "yaml_files",
    ),
    "cli/test_": ("audit", "calendly"),
    "ports/test_": ("inbox", "issue_tracker", "team_calendar"),
    "receiver/test_": ("app", "store", "wire"),
    "render/test_": ("html", "tables"),
}
# What the tests look at beside the installed package.
BESIDE_THE_PACKAGE = ("tests", "docs", "pyproject.toml", "README.md", "CONTRIBUTING.md")


def install_group(session: nox.Session, group: str) -> None:
    session.run("python", "-m", "pip", "install", "-q", "--upgrade", "pip>=25.1")
    session.run("python", "-m", "pip", "install", "-q", "--group", group)


def lowest() -> list[str]:
    """Return the project's dependencies, each at the lowest version that it allows."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    dependencies = [
        *project["dependencies"],
        *(one for extra in EXTRAS for one in project["optional-dependencies"][extra]),
    ]
    return [re.sub(r">=([^,]+).*", r"==\1", dependency) for dependency in dependencies]


@nox.session
@nox.parametrize("dependencies", ["lowest", "newest"])
def tests(session: nox.Session, dependencies: str) -> None:
    """Build the wheel, install it, and run the tests with the source tree out of the way."""
    install_group(session, "test")
    session.run("python", "-m", "pip", "install", "-q", "build")
    built = Path(session.create_tmp())
    session.run("python", "-m", "build", "-q", "--wheel", "--outdir", str(built), str(ROOT))
    wheel = max(built.glob("*.whl"), key=lambda path: path.stat().st_mtime)
    pinned = lowest() if dependencies == "lowest" else []
    session.run("python", "-m", "pip", "install", "-q", "--force-reinstall", "--no-deps", str(wheel))
    session.run("python", "-m", "pip", "install", "-q", f"{wheel}{WITH_EXTRAS}", *pinned)
    away = built / "away"
    shutil.rmtree(away, ignore_errors=True)
    away.mkdir()
    for name in BESIDE_THE_PACKAGE:
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, away / name)
    session.chdir(away)
    chosen = [
        f"tests/{place}{name}{'.py' if place else ''}"
        for place, names in WITH_LIBRARIES.items()
        for name in names
    ]
    if dependencies == "newest":
        chosen = ["tests"]
    arguments = ("-q", "-n", "2", *chosen, *session.posargs)
    session.run("python", "-m", "pytest", *arguments, env={"SUPOPS_TEST_EXAMPLES": "10"})


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and formatting."""
    install_group(session, "lint")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check types, strictly, in the source and in the tests."""
    for group in ("test", "lint", "bench"):
        install_group(session, group)
    session.install("-q", "-e", f".{WITH_EXTRAS}", "nox")
    session.run("mypy")


@nox.session
def imports(session: nox.Session) -> None:
    """Check the layers."""
    install_group(session, "lint")
    session.install("-q", "-e", ".")
    session.run("lint-imports")


@nox.session
def docs(session: nox.Session) -> None:
    """Check that the generated pages are what the code says, and that the site builds without a broken link."""
    install_group(session, "docs")
    session.install("-q", "-e", ".")
    session.run("python", "docs/generate.py", "--check")
    session.run("mkdocs", "build", "--strict", "-q", "--site-dir", session.create_tmp())


@nox.session
def checks(session: nox.Session) -> None:
    """Do what lint, types, imports and docs do, in one environment: for CI, where each one takes its time."""
    for group in ("test", "lint", "docs", "bench"):
        install_group(session, group)
    session.install("-q", "-e", f".{WITH_EXTRAS}", "nox")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")
    session.run("lint-imports")
    session.run("python", "docs/generate.py", "--check")
    session.run("mkdocs", "build", "--strict", "-q", "--site-dir", session.create_tmp())


@nox.session
def bench(session: nox.Session) -> None:
    """Measure, as ratios within one run, against peers and bounds."""
    install_group(session, "bench")
    session.install("-q", f".{WITH_EXTRAS}")
    session.run("python", "-m", "bench", *session.posargs)


@nox.session
def thorough(session: nox.Session) -> None:
    """Run the tests that take long: for the night."""
    install_group(session, "test")
    session.install("-q", "-e", f".{WITH_EXTRAS}")
    session.run("python", "-m", "pytest", "-q", "-n", "3", "-m", "thorough", *session.posargs)


@nox.session
def storm(session: nox.Session) -> None:
    """Run the storms with 500 kills each: for the night."""
    install_group(session, "test")
    session.install("-q", "-e", f".{WITH_EXTRAS}")
    arguments = session.posargs or ("tests/e2e/test_storm.py", "tests/e2e/test_crash_points.py")
    session.run("python", "-m", "pytest", "-q", *arguments, env={"SUPOPS_TEST_KILLS": "500"})


@nox.session
def mutations(session: nox.Session) -> None:
    """Change a good license file in 100,000 ways: for the night."""
    install_group(session, "test")
    session.install("-q", "-e", ".")
    arguments = session.posargs or ("tests/services/test_licensing.py", "-k", "no_change_of_a_good_file")
    session.run("python", "-m", "pytest", "-q", *arguments, env={"SUPOPS_TEST_MUTATIONS": "100000"})


@nox.session
def demo(session: nox.Session) -> None:
    """Run the guided tour."""
    session.install("-q", ".")
    session.run("supops", "demo")
