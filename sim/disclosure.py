"""disclosure: which facts and traits of a persona a message gives away.

An item counts as given away if the message shares a content word with it and says most of it, in these or similar words: each
content word of the item is looked up among those of the message by the similarity of their (static) embeddings, and the mean of
the best matches must reach `NEAR`. See docs/roles.md for what that finds and misses. Vectors are kept by word, so that a run of
thousands of conversations embeds little more than its vocabulary.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from interalign.agents import embed
from interalign.agents.speech import content_words, telling_words

__all__ = ["NEAR", "disclosed"]

NEAR = 0.425
"""Mean similarity, over the words of an item, to the nearest words of a message."""
_KEPT = 50_000
_known: dict[str, NDArray[np.float32]] = {}
"""Unit vectors by word."""


def disclosed(items: Sequence[str], messages: Sequence[str]) -> list[set[int]]:
    """For each message the numbers of the items that it gives away."""
    wanted = [content_words(item) for item in items]
    found: list[set[int]] = []
    unsure: list[tuple[int, int]] = []
    for place, message in enumerate(messages):
        have = content_words(message)
        shared = {number: len(stems & have) for number, stems in enumerate(wanted)}
        found.append({number for number, count in shared.items() if 0 < count == len(wanted[number])})
        unsure += [(place, number) for number, count in shared.items() if 0 < count < len(wanted[number])]
    _look_up(
        {word for place, number in unsure for word in (*telling_words(items[number]), *telling_words(messages[place]))}
    )
    for place, number in unsure:
        if _nearness(items[number], messages[place]) >= NEAR:
            found[place].add(number)
    return found


def _nearness(item: str, message: str) -> float:
    said = np.stack([_known[word] for word in telling_words(message)])
    wanted = np.stack([_known[word] for word in telling_words(item)])
    return float((wanted @ said.T).max(axis=1).mean())


def _look_up(words: set[str]) -> None:
    """Embed the words that are new."""
    unknown = sorted(words - _known.keys())
    if len(_known) + len(unknown) > _KEPT:  # such a run has no common vocabulary; start again
        _known.clear()
        unknown = sorted(words)
    _known.update(zip(unknown, embed(unknown), strict=True))
