"""copying: how much of a reply is what its user has just said: a gain that comes of parroting is none."""

import re
from collections.abc import Iterable
from itertools import pairwise

from interalign.graphs import ConversationTree

__all__ = ["copied", "mean_copied"]

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def copied(reply: str, said: str) -> float | None:
    """The share of the reply's pairs of neighbouring words that stand in what was said, too; None below two words."""
    pairs = _pairs(reply)
    if not pairs:
        return None
    there = set(_pairs(said))
    return sum(pair in there for pair in pairs) / len(pairs)


def mean_copied(trees: Iterable[ConversationTree]) -> float | None:
    """Over all replies of the trees, against the messages they answer."""
    found = [copied(reply.text, user.text) for tree in trees for user, replies in tree.siblings() for reply in replies]
    shares = [share for share in found if share is not None]
    return sum(shares) / len(shares) if shares else None


def _pairs(text: str) -> list[tuple[str, str]]:
    words = [word.lower() for word in _WORD.findall(text)]
    return list(pairwise(words))
