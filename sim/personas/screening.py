"""screening: what can be said against a draft from its text alone, before anything is embedded."""

import re
from collections.abc import Collection, Mapping
from typing import Literal, NamedTuple

from interalign.agents.drafts import Draft
from interalign.sim.personas.settings import FilterConfig
from interalign.sim.personas.splitting import sentences

__all__ = ["Reason", "Rejection", "fingerprint", "screen", "tidy"]

Reason = Literal["not a persona", "too short", "leaks an example", "repeats a sentence", "too similar", "too late"]

_FIRST_PERSON = re.compile(r"\b(?:i|me|my|mine|myself|we|us|our|ours)\b", re.IGNORECASE)
_NO_PERSON = re.compile(
    r"\b(?:as an ai|ai (?:language )?model|language model|ai assistant|lorem ipsum)\b|\[[^\]]*\]|<[^>]*>|_{3,}", re.I
)
_FEW_WORDS = 3


class Rejection(NamedTuple):
    """Why a draft is not taken in."""

    reason: Reason
    why: str
    """A sentence with the particulars."""
    near: str | None = None
    """The member of the pool that stands in its way."""
    similarity: float | None = None


def tidy(draft: Draft, most: int) -> tuple[str, ...]:
    """The sentences of a draft: each once, without scraps and without an end that was cut off, and no more than `most`."""
    items = draft
    if len(draft) == 1:
        items = sentences(draft[0])
        if len(items) > 1 and items[-1][-1].isalnum() and not items[-2][-1].isalnum():
            items = items[:-1]
    fresh: dict[str, str] = {}
    for item in items:
        if len(item.split()) >= _FEW_WORDS:
            fresh.setdefault(fingerprint(item), item)
    return tuple(fresh.values())[:most]


def fingerprint(sentence: str) -> str:
    """Equal for sentences that differ in case, blanks and punctuation alone."""
    return " ".join(re.findall(r"\w+", sentence.casefold()))


def screen(
    items: tuple[str, ...], settings: FilterConfig, known: Mapping[str, str], shown: Collection[str]
) -> Rejection | None:
    """What stands against these facts or traits.

    `known` has the fingerprints of all sentences of the pool and the id of the member that has each; `shown` the ids of those
    that stood in the prompt.
    """
    text = " ".join(items)
    if found := _NO_PERSON.search(text):
        return Rejection("not a persona", f"not a persona: nobody says {found[0][:60]!r} of themself")
    if any("\ud800" <= character <= "\udfff" for character in text):
        return Rejection("not a persona", "not a persona: it holds half a surrogate pair, which no file can store")
    if len(items) < settings.min_items:
        return Rejection("too short", f"too short: {len(items)} sentences, at least {settings.min_items} are needed")
    own = sum(bool(_FIRST_PERSON.search(item)) for item in items)
    if settings.first_person and 3 * own < len(items):
        return Rejection("not a persona", f"not a persona: {own} of {len(items)} sentences are in the first person")
    for item in items:
        member = known.get(fingerprint(item))
        if member in shown:
            return Rejection("leaks an example", f"leaks the example {member}: {item[:80]!r}", member)
        if member is not None:
            return Rejection("repeats a sentence", f"repeats a sentence of {member}: {item[:80]!r}", member)
    return None
