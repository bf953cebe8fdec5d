"""What there is to set, key by key, as everything that is not msgspec wants to know it: read off the classes of `supops.settings`."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import msgspec
from msgspec import inspect

from supops.setting_types import Section
from supops.settings import Settings


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the configuration, as everything that is not msgspec wants to know it.

    Attributes:
        path: The key and those above it, such as ``("zendesk", "global", "url")``.
        kind: ``text``, ``path``, ``url``, ``duration``, ``integer``, ``texts``, ``choice``, ``secret`` or ``section``.
        default: The default's text; None where there is none.
        choices: The values of a ``choice``; the bounds of an ``integer``.
        example: A value as it would stand in the file, where there is no default.
        private: Whether its value is shown nowhere.
    """

    path: tuple[str, ...]
    kind: str
    description: str
    required: bool
    default: str | None
    choices: tuple[str, ...] = ()
    example: str = ""
    private: bool = False

    @property
    def name(self) -> str:
        """The dotted name, such as ``zendesk.global.url``."""
        return ".".join(self.path)

    @property
    def variable(self) -> str:
        """The environment variable that overrides it, such as ``SUPOPS_ZENDESK__GLOBAL__URL``."""
        return "SUPOPS_" + "__".join(self.path).upper().replace("-", "_")


@cache
def all_keys() -> dict[tuple[str, ...], Key]:
    """Return every key and section of `Settings` by path, in the order of declaration."""
    root = inspect.type_info(Settings)
    if not isinstance(root, inspect.StructType):
        raise TypeError("Settings is no struct")
    return {key.path: key for key in _keys(root, ())}


def _keys(section: inspect.StructType, above: tuple[str, ...]) -> Iterator[Key]:
    for field in section.fields:
        path = (*above, field.encode_name)
        kind, metadata, inner, choices = _kind(field.type)
        said = (metadata.extra_json_schema or {}) if metadata else {}
        description = str(said.get("description", ""))
        example = str(next(iter(said.get("examples", ())), ""))
        if isinstance(inner, inspect.StructType):
            description = description or (inner.cls.__doc__ or "").strip()
        private = bool(metadata and (metadata.extra or {}).get("private"))
        yield Key(path, kind, description, field.required, _default(field), choices, example, private)
        if isinstance(inner, inspect.StructType):
            yield from _keys(inner, path)


def _kind(type_: inspect.Type) -> tuple[str, inspect.Metadata | None, inspect.Type, tuple[str, ...]]:
    metadata = None
    while isinstance(type_, inspect.Metadata | inspect.UnionType):
        if isinstance(type_, inspect.Metadata):
            metadata, type_ = type_, type_.type
        else:
            type_ = next(one for one in type_.types if not isinstance(one, inspect.NoneType))
    if isinstance(type_, inspect.StructType):
        return "section", metadata, type_, ()
    if isinstance(type_, inspect.DataclassType):
        return "secret", metadata, type_, ()
    if isinstance(type_, inspect.VarTupleType):
        return "texts", metadata, type_, ()
    if isinstance(type_, inspect.LiteralType):
        return "choice", metadata, type_, tuple(str(value) for value in type_.values)
    if isinstance(type_, inspect.IntType):
        return "integer", metadata, type_, (str(type_.ge), str(type_.le or ""))
    return str((metadata.extra or {}).get("kind", "text")) if metadata else "text", metadata, type_, ()


def _default(field: inspect.Field) -> str | None:
    if field.required or field.default in (msgspec.NODEFAULT, None) or isinstance(field.default, Section):
        return None
    return ", ".join(field.default) if isinstance(field.default, tuple) else str(field.default)
