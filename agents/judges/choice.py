"""choice: which of two replies a model's answer names. A choice that is not clear is unscored, never a vote for either."""

import re
from typing import Literal

__all__ = ["Choice", "read_choice"]

Choice = Literal["first", "second", "tie", "unscored"]

_WORDS: dict[str, Choice] = {
    "first": "first", "1st": "first", "second": "second", "2nd": "second",
    "tie": "tie", "tied": "tie", "draw": "tie", "equal": "tie", "equally": "tie", "same": "tie",
    "both": "tie", "neither": "tie",
}  # fmt: skip
_SHORT: dict[str, Choice] = {"1": "first", "a": "first", "2": "second", "b": "second"}
"""Count where they are named as a reply ("Reply 2", "option B"), or are all that a line says."""
_TOKEN = re.compile(r"[a-z0-9]+")
_LABELLED = re.compile(r"\b(?:reply|answer|option|response|candidate|message|choice|number|no\.)\W{0,3}([12ab])\b")
_LED = re.compile(r"\s*([AB])(?: is (?:the )?(?:better|best|preferable)|\s*[.:,-])")
_ALONE = re.compile(r"\W*([12ab])\W*")
_IDIOM = re.compile(r"\bat first\b|\bfirst (?:glance|sight|of all)\b|\ba second\b|\bon second thoughts?\b")
_UNSAID = re.compile(r"\b(?:not?|never|cannot|nor|worse|worst|weaker)\b|n't\b")


def read_choice(text: str) -> Choice:
    """Which reply an answer names. Whatever names none, or more than one, is unscored: it never counts for the second.

    The last line decides where it alone is clear (models reason first and conclude last).
    """
    lines = [line for line in text.strip().splitlines() if line.strip()]
    for part in (lines[-1] if lines else "", text):
        named = _named(part)
        if len(named) == 1:
            return named.pop()
    return "unscored"


def _named(text: str) -> set[Choice]:
    """The replies that a text names. None where it says what a reply is not, or names one as the worse."""
    lowered = _IDIOM.sub(" ", text.lower().replace("\u2019", "'"))
    if _UNSAID.search(lowered):
        return set()
    if alone := _ALONE.fullmatch(lowered):
        return {_SHORT[alone[1]]}
    if led := _LED.match(text):
        return {_SHORT[led[1].lower()]}
    named: set[Choice] = {_WORDS[token] for token in _TOKEN.findall(lowered) if token in _WORDS}
    named.update(_SHORT[label] for label in _LABELLED.findall(lowered))
    return named
