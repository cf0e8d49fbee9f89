"""disclosure: which facts and traits of a persona a message gives away.

A message discloses an item if it has most of the item's content words, or if one of its sentences is near in meaning and shares a
content word at least. Embeddings are looked up only where the words leave it open, which is seldom: see docs/roles.md for what
this finds and misses.
"""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from interalign.agents import embed
from interalign.agents.speech import content_words

__all__ = ["NEAR", "OVERLAP", "disclosed"]

OVERLAP = 0.6
"""Share of an item's content words (two of them at least) that give it away."""
NEAR = 0.45
"""Cosine similarity that gives an item away, where a content word is shared."""
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_SENTENCES = 12
"""Sentences of a message that are looked at one by one."""
_KEPT = 16384
_known: dict[str, NDArray[np.float32]] = {}
"""Vectors of facts and traits: a few thousand serve thousands of personas."""


def disclosed(items: Sequence[str], messages: Sequence[str]) -> list[set[int]]:
    """For each message the numbers of the items that it gives away."""
    wanted = [content_words(item) for item in items]
    found: list[set[int]] = []
    open_: list[tuple[int, int]] = []
    for place, message in enumerate(messages):
        have = content_words(message)
        shared = {number: len(words & have) for number, words in enumerate(wanted)}
        sure = {number for number, count in shared.items() if _most(count, len(wanted[number]))}
        found.append(sure)
        open_ += [(place, number) for number, count in shared.items() if count and number not in sure]
    if open_:
        vectors = _vectors([items[number] for _, number in open_], [messages[place] for place, _ in open_])
        for place, number in open_:
            if float((vectors[messages[place]] @ vectors[items[number]][0]).max()) >= NEAR:
                found[place].add(number)
    return found


def _most(shared: int, wanted: int) -> bool:
    return shared >= min(2, wanted) and shared >= OVERLAP * wanted > 0


def _vectors(items: Sequence[str], messages: Sequence[str]) -> dict[str, NDArray[np.float32]]:
    """By text: its unit vector, and those of its sentences where it has several. Personas come again, messages seldom do."""
    parts = {text: _parts(text) for text in (*items, *messages)}
    unknown = [text for text in parts if text not in _known]
    rows = iter(embed([part for text in unknown for part in parts[text]]))
    fresh = {text: np.stack([next(rows) for _ in parts[text]]) for text in unknown}
    if len(_known) < _KEPT:
        _known.update((item, fresh[item]) for item in items if item in fresh)
    return {text: fresh[text] if text in fresh else _known[text] for text in parts}


def _parts(text: str) -> list[str]:
    sentences = _SENTENCE.split(text)[:_SENTENCES]
    return [text, *sentences] if len(sentences) > 1 else [text]
