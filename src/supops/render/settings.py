"""The settings for people and programs, and the commented file that ``supops config init`` writes."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from supops.config import DEFAULT, Config
from supops.models.secrets import SecretRef
from supops.render.machine import Json
from supops.render.tables import Cell, Table, Value
from supops.setting_keys import Key, all_keys

CONFIG_SCHEMA = "supops.config/1"
PATHS_SCHEMA = "supops.config-paths/1"
MASK = "********"


def path_table(places: Sequence[tuple[str, Path]]) -> Table:
    """Return the places where a settings file is looked for."""
    used = _used(places)
    rows: list[list[Value]] = [
        [
            str(path),
            named_by,
            Cell("used", "green") if path == used else "there" if path.is_file() else "not there",
        ]
        for named_by, path in places
    ]
    return Table("Settings files", ("path", "named by", "state"), rows)


def path_json(places: Sequence[tuple[str, Path]]) -> Json:
    """Return the places as ``supops.config-paths/1``."""
    used = _used(places)
    return {
        "schema": PATHS_SCHEMA,
        "used": str(used) if used else None,
        "candidates": [
            {"path": str(path), "named_by": named_by, "exists": path.is_file()} for named_by, path in places
        ],
    }


def _used(places: Sequence[tuple[str, Path]]) -> Path | None:
    return next((path for _, path in places if path.is_file()), None)


def settings_table(config: Config, environ: Mapping[str, str]) -> Table:
    """Return every setting with its origin; of secrets, where they are kept and whether there is something."""
    rows: list[list[Value]] = []
    for key in _leaves():
        value = value_of(config, key)
        origin = config.origins.get(key.name, DEFAULT)
        shown = _secret_text(value, environ) if isinstance(value, SecretRef) else _plain_text(value)
        if key.private and value is not None:
            shown = f"{MASK} (set; not shown)"
        rows.append([key.name, shown, Cell(origin, "dim" if origin == DEFAULT else "")])
    return Table("Settings", ("key", "value", "from"), rows, details=("value", "from"))


def settings_json(config: Config) -> Json:
    """Return the settings as ``supops.config/1``."""
    return {
        "schema": CONFIG_SCHEMA,
        "file": str(config.file) if config.file else None,
        "settings": [
            {
                "key": key.name,
                "value": MASK
                if key.private and value_of(config, key)
                else _json_value(value_of(config, key)),
                "origin": config.origins.get(key.name, DEFAULT),
                "variable": key.variable,
            }
            for key in _leaves()
        ],
    }


def value_of(config: Config, key: Key) -> object:
    """Return the value of a key; None where it, or a section above it, is not set."""
    value: object = config.settings
    for part in key.path:
        if value is None:
            return None
        name = part.replace("-", "_")
        value = getattr(value, f"{name}_" if name == "global" else name)
    return value


def _leaves() -> list[Key]:
    return [key for key in all_keys().values() if key.kind != "section"]


def _plain_text(value: object) -> str | None:
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value)
    return None if value is None else str(value)


def _secret_text(ref: SecretRef, environ: Mapping[str, str]) -> str:
    if ref.env is not None:
        return f"{MASK} (environment variable {ref.env}, {'set' if environ.get(ref.env) else 'NOT SET'})"
    if ref.file is not None:
        return f"{MASK} (file {ref.file}, {'there' if Path(ref.file).is_file() else 'NOT THERE'})"
    return f"{MASK} (keyring entry {ref.keyring})"


def _json_value(value: object) -> Json:
    if isinstance(value, SecretRef):
        return {
            kind: name for kind in ("env", "file", "keyring") if (name := getattr(value, kind)) is not None
        }
    if isinstance(value, tuple):
        return [str(item) for item in value]
    return value if isinstance(value, int | str) else None


def settings_file(answers: Mapping[str, str]) -> str:
    """Return a commented settings file: every key with what it is for; those that are answered set, the others commented out.

    Args:
        answers: Values by dotted key, as they stand in the file.
    """
    lines = [
        "# Settings of supops. `supops config schema` describes every key, `supops config show` what is in force.",
        "# Each key can be overridden by an environment variable: zendesk.global.url by SUPOPS_ZENDESK__GLOBAL__URL.",
        "# Secrets are never written here, only where they are kept: {env: NAME}, {file: PATH} or {keyring: NAME}.",
    ]
    for key in all_keys().values():
        depth = len(key.path) - 1
        if depth == 0:
            lines.append("")
        below = f"{key.name}."
        active = key.name in answers or any(name.startswith(below) for name in answers)
        indent = "  " * depth
        # Of a section that is not set, every line is a comment; whoever wants it takes the marks away.
        mark = "" if active else "# "
        if key.kind == "section":
            lines += [f"{indent}{mark}{key.path[-1]}:  # {key.description.rstrip('.')}"]
            continue
        value = answers.get(key.name) or key.default or key.example
        lines.append(f"{indent}{mark}{key.path[-1]}: {value}  # {key.description}")
    return "\n".join(lines) + "\n"
