"""prompts: the shipped prompt texts, and how a prompt is filled.

Placeholders are `$name` (string.Template), filled in one pass: whatever a persona or a model wrote is text, and stays as it is.
"""

from functools import cache
from importlib.resources import files
from string import Template

from interalign.errors import ConfigError

__all__ = ["Prompt", "load_prompt"]


class Prompt:
    """A text with placeholders, checked when it is made.

    Raises:
        ConfigError: a placeholder is not one of `names`, or a lone `$` stands in the text.
    """

    def __init__(self, text: str, names: tuple[str, ...]) -> None:
        template = Template(text)
        if not template.is_valid():
            raise ConfigError(f"a prompt has a lone '$': write '$$' for a dollar sign; the prompt begins {text[:60]!r}")
        unknown = sorted(set(template.get_identifiers()) - set(names))
        if unknown:
            raise ConfigError(
                f"a prompt has the placeholder ${unknown[0]}, but only {', '.join('$' + name for name in names) or 'none'} "
                f"can be filled in; the prompt begins {text[:60]!r}"
            )
        self.text = text
        self.names = names
        self._template = template

    def fill(self, **values: str) -> str:
        return self._template.substitute(values)


@cache
def load_prompt(name: str) -> str:
    """The shipped text of that name, without the newline at its end."""
    return files(__name__).joinpath(f"{name}.txt").read_text(encoding="utf-8").rstrip("\n")
