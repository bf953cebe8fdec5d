"""Settings from a file and from the environment, each value with where it came from.

All mistakes are collected and reported at once. A secret in the place of a reference is refused, and never repeated in a message.
"""

import json
import re
from collections.abc import Mapping as Environment
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from supops.adapters.yaml_files import Mapping, Node, Scalar, Sequence, YamlError, read_yaml
from supops.errors import ConfigError, UsageError
from supops.models.hosts import is_loopback
from supops.models.secrets import SecretRef
from supops.setting_keys import Key, all_keys
from supops.setting_types import SECONDS
from supops.settings import Settings

FILE_NAME = "supops.yaml"
# Variables of ours that are no settings.
RESERVED = frozenset({"SUPOPS_CONFIG", "SUPOPS_DEMO", "SUPOPS_DEMO_FAULTS"})
THREE_WAYS = (
    "Three ways on:\n"
    "  supops config init             write a settings file to fill in\n"
    "  supops --config FILE ...       use a settings file that is elsewhere\n"
    "  supops --demo ...              try the command on the embedded world, without any settings"
)
SECRET_EXPECTED = "a reference to the secret: {env: NAME}, {file: PATH} or {keyring: NAME}"
CA_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
PASSWORD_IN_URL = re.compile(r"://[^/@\s]*:[^/@\s]+@")
PLACEHOLDER = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)\}")
DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Config:
    """Settings, and where each came from.

    Attributes:
        origins: By dotted key: ``supops.yaml:12`` or the name of an environment variable. What is not in it is a default.
        file: The settings file, where there is one.
        source: Where settings came from as a whole, for messages.
    """

    settings: Settings
    origins: dict[str, str]
    file: Path | None
    source: str

    @property
    def is_empty(self) -> bool:
        """Whether there are no settings at all."""
        return self.file is None and not self.origins

    def missing(self, what: str) -> ConfigError:
        """Return the error for a command that needs a setting which nobody made."""
        if self.is_empty:
            return ConfigError(f"supops is not configured: there is no {FILE_NAME} here.", hint=THREE_WAYS)
        where = self.file or "The environment"
        return ConfigError(
            f"{where} has no {what}, which this command needs.",
            hint=f"Add {what}; `supops config schema` describes every key, `supops config show` what is set.",
        )


def candidates(explicit: Path | None, environ: Environment[str, str]) -> list[tuple[str, Path]]:
    """Return the places where a settings file is looked for, first to last, each with what names it."""
    import platformdirs

    if explicit is not None:
        return [("--config", explicit)]
    if environ.get("SUPOPS_CONFIG"):
        return [("SUPOPS_CONFIG", Path(environ["SUPOPS_CONFIG"]).expanduser())]
    user_folder = platformdirs.user_config_path("supops", appauthor=False)
    return [("this folder", Path(FILE_NAME)), ("your configuration", user_folder / FILE_NAME)]


def private_ca(environ: Environment[str, str]) -> Path | None:
    """Return the certificates to trust, where one of the usual environment variables names them."""
    return next((Path(environ[name]) for name in CA_VARIABLES if environ.get(name)), None)


def expanded(text: str, environ: Environment[str, str]) -> str:
    """Return a text with each ``${NAME}`` replaced by the environment variable: so a secret in an address stands in no file.

    Raises:
        UsageError: A variable is not set, or empty.
    """

    def value(match: re.Match[str]) -> str:
        found = environ.get(match["name"])
        if not found:
            # The text itself is not repeated: there may be secrets in it.
            raise UsageError(
                f"The environment variable {match['name']} is not set, or empty.",
                hint=f"The address takes it where ${{{match['name']}}} stands.",
            )
        return found

    return PLACEHOLDER.sub(value, text)


def load(explicit: Path | None, environ: Environment[str, str]) -> Config:
    """Load the settings.

    Args:
        explicit: The value of ``--config``.
        environ: The environment variables.

    Raises:
        ConfigError: A file was named and is not there, can't be read, or there are mistakes: all of them are in the message.
    """
    file = None
    for named_by, path in candidates(explicit, environ):
        if path.is_file():
            file = path
            break
        if named_by in ("--config", "SUPOPS_CONFIG"):
            raise ConfigError(f"There is no settings file {path}, which {named_by} names.", hint=THREE_WAYS)
    loader = _Loader(file, environ)
    plain = loader.read()
    if loader.mistakes:
        count = f"{len(loader.mistakes)} mistakes" if len(loader.mistakes) > 1 else "a mistake"
        raise ConfigError(
            f"The settings have {count}:\n" + "\n".join(f"  {mistake}" for mistake in loader.mistakes),
            hint="`supops config schema` describes every key.",
        )
    source = str(file) if file else "the environment, no file"
    return Config(msgspec.convert(plain, Settings), loader.origins, file, source)


def from_plain(plain: Environment[str, object], *, origin: str) -> Config:
    """Return settings that no file holds, such as those of the embedded world.

    Args:
        plain: Sections and values as they would stand in a file.
        origin: Where they came from, for `supops config show`.
    """
    origins = {key.name: origin for key in all_keys().values() if _is_in(plain, key.path)}
    return Config(msgspec.convert(plain, Settings), origins, None, origin)


def _is_in(plain: object, path: tuple[str, ...]) -> bool:
    for part in path:
        if not isinstance(plain, dict) or part not in plain:
            return False
        plain = plain[part]
    return True


def check_answer(name: str, answer: str) -> str:
    """Return a person's answer as it stands in the settings file.

    Args:
        name: Dotted name of the key that the answer is for.
        answer: What was typed; for a secret, the name of an environment variable.

    Raises:
        ConfigError: The key can't hold that.
    """
    key = all_keys()[tuple(name.split("."))]
    text = answer.strip()
    if key.kind == "secret":
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text):
            # Not repeated: it may be the secret itself.
            raise ConfigError(
                f"{name} takes the name of an environment variable: letters, digits and underscores."
            )
        return f"{{env: {text}}}"
    if _convert(key, text, Path()) is None:
        raise ConfigError(f"{name} takes {_expectation(key)}.")
    return (
        text
        if re.fullmatch(r"[A-Za-z0-9./][A-Za-z0-9./:_@-]*", text)
        else json.dumps(text, ensure_ascii=False)
    )


class _Loader:
    """Walks the keys that there are, beside what the file and the environment say of them."""

    def __init__(self, file: Path | None, environ: Environment[str, str]) -> None:
        self.mistakes: list[str] = []
        self.origins: dict[str, str] = {}
        self._file = file
        self._variables = {
            name: text for name, text in environ.items() if name.startswith("SUPOPS_") and text
        }

    def read(self) -> dict[str, object]:
        plain = self._section((), self._document())
        self._check_together(plain)
        self._check_variables()
        return plain

    def _document(self) -> Mapping | None:
        if self._file is None:
            return None
        try:
            document = read_yaml(self._file.read_bytes())
        except OSError as error:
            raise ConfigError(f"{self._file} can't be read: {error.strerror}.") from None
        except YamlError as error:
            raise ConfigError(f"{self._file}:{error.line} is not YAML: {error.message}.") from None
        if document is not None and not isinstance(document, Mapping):
            raise ConfigError(f"{self._file} holds no mapping of keys to values.")
        return document

    def _section(self, path: tuple[str, ...], node: Mapping | None) -> dict[str, object]:
        children = {key.path[-1]: key for key in all_keys().values() if key.path[:-1] == path}
        if node is not None:
            self._check_names(path, node, tuple(children))
        plain: dict[str, object] = {}
        for name, key in children.items():
            found = node.items.get(name) if node is not None else None
            if isinstance(found, Scalar) and found.is_null:
                found = None
            value = self._child(key, found)
            if value is not None:
                plain[name] = value
            elif key.required and not self._said_something(key, found):
                where = f"{self._file}:{node.line}" if node is not None else self._any_variable(path)
                self._mistake(where, ".".join(path), f"needs the key `{name}`: {key.description.lower()}")
        return plain

    def _child(self, key: Key, found: Node | None) -> object:
        """Return the value of a key; None where there is none, or where a mistake was noted instead."""
        if key.kind == "section":
            if found is not None and not isinstance(found, Mapping):
                return self._wrong(key, found, "a mapping of keys to values")
            if found is None and not any(name.startswith(f"{key.variable}__") for name in self._variables):
                return None
            return self._section(key.path, found)
        if key.kind == "secret":
            return self._secret(key, found)
        text = self._variables.get(key.variable)
        if text is not None:
            return self._from_variable(key, text)
        return None if found is None else self._value(key, found, f"{self._file}:{found.line}", self._base)

    @property
    def _base(self) -> Path:
        return self._file.parent if self._file is not None else Path()

    def _from_variable(self, key: Key, text: str) -> object:
        node: Node = Scalar(text, 0, plain=True)
        if key.kind == "texts":
            parts = [part.strip() for part in text.strip().strip("[]").split(",")]
            node = Sequence(0, [Scalar(part.strip("'\""), 0, plain=True) for part in parts if part])
        return self._value(key, node, key.variable, Path())

    def _value(self, key: Key, node: Node, where: str, base: Path) -> object:
        if key.kind == "texts":
            if not isinstance(node, Sequence) or not all(isinstance(item, Scalar) for item in node.items):
                return self._mistake(where, key.name, "expected a list of texts")
            self.origins[key.name] = where
            return tuple(item.text for item in node.items if isinstance(item, Scalar))
        if not isinstance(node, Scalar):
            return self._mistake(where, key.name, f"expected {_expectation(key)}, found a list or a mapping")
        value = _convert(key, node.text.strip(), base)
        if value is None:
            is_hidden = key.private or PASSWORD_IN_URL.search(node.text)
            shown = "" if is_hidden else f", found {node.text.strip()[:60]!r}"
            return self._mistake(where, key.name, f"expected {_expectation(key)}{shown}")
        self.origins[key.name] = where
        return value

    def _secret(self, key: Key, found: Node | None) -> object:
        for kind in ("env", "file", "keyring"):
            variable = f"{key.variable}__{kind.upper()}"
            if variable in self._variables:
                self.origins[key.name] = variable
                return SecretRef(**{kind: self._variables[variable]})
        if key.variable in self._variables:
            hint = f"set {key.variable}__ENV to the name of the variable that holds it"
            return self._mistake(key.variable, key.name, f"a secret itself is refused here; {hint}")
        if found is None:
            return None
        if not isinstance(found, Mapping):
            return self._wrong(key, found, f"{SECRET_EXPECTED}; a secret itself is refused")
        (kind, node), *more = [*found.items.items(), ("", None)]
        if (
            kind not in ("env", "file", "keyring")
            or len(more) > 1
            or not isinstance(node, Scalar)
            or not node.text
            or (kind == "file" and _path(node.text, self._base) is None)
        ):
            return self._wrong(key, found, SECRET_EXPECTED)
        self.origins[key.name] = f"{self._file}:{found.line}"
        return SecretRef(**{kind: str(_path(node.text, self._base)) if kind == "file" else node.text})

    def _check_names(self, path: tuple[str, ...], node: Mapping, known: tuple[str, ...]) -> None:
        for name, line in node.key_lines.items():
            if name not in known:
                full = ".".join((*path, name))
                self._mistake(f"{self._file}:{line}", full, f"is no setting; {_nearest(name, known)}")
        for name, line in node.repeated:
            self._mistake(f"{self._file}:{line}", ".".join((*path, name)), "stands twice")

    def _check_variables(self) -> None:
        known = {key.variable for key in all_keys().values() if key.kind != "section"}
        known |= {
            f"{key.variable}__{kind}"
            for key in all_keys().values()
            if key.kind == "secret"
            for kind in ("ENV", "FILE", "KEYRING")
        }
        for name in sorted(self._variables.keys() - known - RESERVED):
            nearest = get_close_matches(name, known, n=1, cutoff=0.85)
            # A variable such as SUPOPS_VERSION may be somebody's own; one with levels in it is meant for us.
            if nearest or "__" in name:
                self._mistake(name, "", f"is no setting; {_nearest(name, tuple(sorted(known)))}")

    def _check_together(self, plain: dict[str, object]) -> None:
        roster = plain.get("roster")
        if isinstance(roster, dict) and roster.get("path") and roster.get("git"):
            where = self.origins["roster.git"]
            self._mistake(where, "roster.git", "and roster.path exclude each other; keep one of them")

    def _said_something(self, key: Key, found: Node | None) -> bool:
        return found is not None or any(name.startswith(key.variable) for name in self._variables)

    def _any_variable(self, path: tuple[str, ...]) -> str:
        prefix = "SUPOPS_" + "__".join(path).upper().replace("-", "_")
        return next((name for name in sorted(self._variables) if name.startswith(prefix)), "the environment")

    def _wrong(self, key: Key, node: Node, expected: str) -> object:
        return self._mistake(f"{self._file}:{node.line}", key.name, f"expected {expected}")

    def _mistake(self, where: str, name: str, message: str) -> object:
        """Note a mistake, and return what stands for a value that could not be had: nothing."""
        self.mistakes.append(f"{where}  {f'{name}: ' if name else ''}{message}")
        return None


def _convert(key: Key, text: str, base: Path) -> object:
    """Return the value that a text stands for; None where it is not what the key holds."""
    if not text or PASSWORD_IN_URL.search(text):
        return None
    if key.kind == "integer":
        lowest, highest = key.choices
        number = int(text) if re.fullmatch(r"[0-9]{1,18}", text) else -1
        return number if number >= int(lowest) and (not highest or number <= int(highest)) else None
    if key.kind == "choice":
        return text if text in key.choices else None
    if key.kind == "duration":
        return text if re.fullmatch(r"[0-9]{1,6}[smhdw]", text) else None
    if key.kind == "url":
        return text.rstrip("/") if _is_safe_url(text) else None
    path = _path(text, base) if key.kind == "path" else text
    return None if path is None else str(path)


def _is_safe_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme == "https":
        return bool(host)
    return parts.scheme == "http" and is_loopback(host)


def _path(text: str, base: Path) -> Path | None:
    """Return a path; None where there can be none: with a NUL character, or in the home of nobody."""
    try:
        return None if "\0" in text else base / Path(text).expanduser()
    except RuntimeError:
        return None


def _expectation(key: Key) -> str:
    if key.kind == "integer":
        lowest, highest = key.choices
        return (
            f"a whole number from {lowest} to {highest}"
            if highest
            else f"a whole number of at least {lowest}"
        )
    return {
        "choice": " or ".join(key.choices),
        "duration": f"a number and one of {', '.join(SECONDS)}, such as 1h",
        "url": "an https:// address without a password in it (http:// for loopback only)",
        "path": "a path",
    }.get(key.kind, "a text without a password in it")


def _nearest(name: str, known: tuple[str, ...]) -> str:
    nearest = get_close_matches(name, known, n=1, cutoff=0.6)
    return f"did you mean {nearest[0]}?" if nearest else f"known here: {', '.join(known[:12])}"
