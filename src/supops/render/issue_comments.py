"""Comments on issues, from Jinja2 templates that can be replaced. Text from outside runs no quick action and mentions nobody."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from supops.errors import ConfigError
from supops.models.work_moves import Values
from supops.models.workflow import Template
from supops.render.comment_templates import Raw, comment_environment
from supops.render.team_markdown import mentioned, own_markdown, without_actions
from supops.services.work_ports import Wording

if TYPE_CHECKING:
    from jinja2 import Environment

# The heading of a template, said again by the file that it puts in.
TWICE = re.compile(r"\A(#{1,6} +([^\n]+?)) *\n+#{1,6} +\2[ #]*(?=\n|\Z)", re.IGNORECASE)
LONGEST = 1_000_000
HINT = "It is in the folder that issues.templates names. Without it, the built-in template is used."


@dataclass
class IssueComments(Wording):
    """Writes comments.

    Args:
        folder: With templates of the user's; None for the built-in ones.
    """

    folder: Path | None = None

    def compose(self, kind: Template, values: Values, *, people: Collection[str] = ()) -> str:
        """Return a comment's text.

        Args:
            kind: Of which template.
            values: What it puts in; `text` is Markdown from a file of the team's.
            people: Usernames that `text` may mention.

        Raises:
            ConfigError: The template has mistakes, or makes nothing.
        """
        import jinja2

        name = f"{kind}.md.j2"
        ready = dict(values)
        if "text" in ready:
            ready["text"] = Raw(own_markdown(str(ready["text"]), people))
        try:
            text = self._environment.get_template(name).render(ready)
        except jinja2.TemplateSyntaxError as error:
            message = f"{error.filename or name}:{error.lineno}: {error.message}"
            raise ConfigError(f"A template has a mistake: {message}", hint=HINT) from None
        except jinja2.TemplateError as error:
            raise ConfigError(f"The template {name} fails: {error}", hint=HINT) from None
        except UnicodeDecodeError:
            raise ConfigError(f"The template {name} is not UTF-8.", hint=HINT) from None
        # The templates' own lines as well: what begins with a slash is an action wherever it came from.
        text = TWICE.sub(r"\1", without_actions(text.strip()))
        if not text:
            raise ConfigError(f"The template {name} makes an empty comment.", hint=HINT)
        if len(text) > LONGEST:
            raise ConfigError(f"The comment {kind} has more characters than GitLab takes: {len(text):,}.")
        return text

    def mentions(self, text: str) -> tuple[str, ...]:
        """Return the names that a text mentions."""
        return mentioned(text)

    @cached_property
    def _environment(self) -> "Environment":
        import jinja2

        built_in = jinja2.PackageLoader("supops.render", "templates/issues")
        loader: jinja2.BaseLoader = built_in
        if self.folder is not None:
            if not self.folder.is_dir():
                raise ConfigError(
                    f"There is no folder {self.folder}.", hint="The setting issues.templates names it."
                )
            loader = jinja2.ChoiceLoader([jinja2.FileSystemLoader(self.folder), built_in])
        return comment_environment(loader)
