"""Jinja2 templates of what is written on issues: whatever they put in is escaped, and what they mention on purpose is said so."""

import re
from typing import TYPE_CHECKING

from supops.render.team_markdown import EVERYBODY, USERNAME
from supops.render.text import code_span, markdown, visible

if TYPE_CHECKING:
    from jinja2 import BaseLoader, Environment

ADDRESS = re.compile(r"https?://[A-Za-z0-9._~:/?#%&=+,;-]+")
ACTION = re.compile(r"^[ \t]*/([a-z_]+)(?=\s|\Z)", re.MULTILINE | re.IGNORECASE)
# What stands for tokens of a template that are no text: something unknown, and nothing or the end of a line.
UNKNOWN, NOTHING = "\0", "\n"


class Raw(str):
    """Markdown that needs no escaping."""

    __slots__ = ()


def comment_environment(loader: "BaseLoader") -> "Environment":
    """Return what renders templates, the user's as well: they reach nothing but their values."""
    import jinja2
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        loader=loader,
        undefined=jinja2.StrictUndefined,
        finalize=_escaped,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals |= {"mention": mention, "link": link, "code": code}
    return environment


def mention(username: str) -> Raw:
    """Return Markdown that mentions a user; what can't be a username is shown as it is."""
    name = username.removeprefix("@")
    if USERNAME.fullmatch(name) and name.casefold() not in EVERYBODY:
        return Raw(f"@{name}")
    return Raw(markdown(username))


def link(address: str) -> Raw:
    """Return Markdown that links to an address; what is none is shown as it is."""
    return Raw(f"<{address}>") if ADDRESS.fullmatch(address) else Raw(markdown(address))


def code(value: object) -> Raw:
    """Return a code span that shows a value as it is, whatever it is: backticks around an escaped value would not."""
    text = " ".join(visible(str(value)).split())
    return Raw(code_span(text) if text else "")


def own_text(environment: "Environment", source: str) -> str:
    """Return what a template says of its own: what it would put in, and its statements, are left out.

    Raises:
        TemplateSyntaxError: It has mistakes.
    """
    others = {"variable_begin": UNKNOWN, "block_end": NOTHING, "comment_end": NOTHING}
    tokens = environment.lex(source)
    return "".join(value if kind == "data" else others.get(kind, "") for _, kind, value in tokens)


def own_actions(text: str) -> frozenset[str]:
    """Return the names of the quick actions in what a template says of its own."""
    return frozenset(name.lower() for name in ACTION.findall(text))


def _escaped(value: object) -> str:
    """Escape what a template puts out, but for what is ready."""
    return value if isinstance(value, Raw) else markdown(str(value))
