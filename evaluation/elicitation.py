"""elicitation: what a user has told of their persona, how much a model asked for it, and what it makes of it.

A fact or trait counts as disclosed when a sentence of the user's messages comes close enough to it, by the cosine similarity of
sentence embeddings. On 35 planned disclosures that the embedded model had put into its own words, those that could be recognised
by reading had 0.43 or more, those that had been lost in rambling 0.20 or less, and facts that were not meant 0.39 at the most:
`MATCH` lies between. How little models elicit (less than 30 % of the preferences) is what UserBench (Qian et al., 2025) found.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from interalign.agents import Persona, embed

__all__ = ["MATCH", "Recall", "disclosed", "part_of", "profile_recall", "questions", "sentences"]

MATCH = 0.42
"""The least similarity at which two sentences say the same thing of a person."""

_SENTENCE_END = re.compile(r"(?<=[.!?…。！？])\s+|\n+")
_QUESTION = re.compile(r"[?？؟][\"'”’)\]]*(?=\s|$|[?？؟!])")

Array = NDArray[np.float32]


def sentences(text: str) -> list[str]:
    """The sentences of a message, and the message as a whole where it has several."""
    parts = [part.strip() for part in _SENTENCE_END.split(text) if part.strip()]
    return [*parts, text.strip()] if len(parts) > 1 else parts


def disclosed(items: tuple[str, ...], said: Sequence[str]) -> list[frozenset[int]]:
    """After each of the user's messages: the numbers of the items that have been disclosed up to there."""
    so_far: frozenset[int] = frozenset()
    after: list[frozenset[int]] = []
    for message in said:
        close = _vectors(tuple(sentences(message))) @ _vectors(items).T >= MATCH
        so_far |= frozenset(np.flatnonzero(close.any(axis=0)).tolist())
        after.append(so_far)
    return after


@lru_cache(maxsize=4096)
def _vectors(texts: tuple[str, ...]) -> Array:
    """Embeddings, remembered: a message is looked at again at every later turn."""
    return embed(texts)


def questions(text: str) -> int:
    """How many questions a reply asks: runs of question marks at the end of a word."""
    return len(_QUESTION.findall(re.sub(r"([?？؟!])[?？؟!]+", r"\1", text)))


def part_of(persona: Persona, items: frozenset[int]) -> Persona | None:
    """The persona with the items of these numbers (of `persona.items`) alone; None if there are none.

    Disclosure-adjusted alignment is the score of a reply against this part: how well a model uses what it could know. A model
    that elicits little is not held responsible here for what it was never told, as it is in the score itself.
    """
    facts = tuple(item for place, item in enumerate(persona.facts) if place in items)
    traits = tuple(item for place, item in enumerate(persona.traits, len(persona.facts)) if place in items)
    if not facts and not traits:
        return None
    # No whole persona: one half may be empty, which `Persona` itself does not allow.
    return persona.model_copy(update={"facts": facts, "traits": traits})


@dataclass(frozen=True, slots=True)
class Recall:
    """What a model claimed to know of its user, against what it had been told."""

    precision: float | None
    """Share of its claims that say something disclosed; None if it claimed nothing."""
    recall: float | None
    """Share of what was disclosed that a claim says; None if nothing was disclosed."""
    f1: float | None
    """Their harmonic mean, 0 if both are 0; None if one is undefined. RLPA (arXiv 2505.15456) rewards a profile's F1."""


def profile_recall(claims: Sequence[str], told: Sequence[str]) -> Recall:
    """Match a model's claims with the disclosed items. A true guess at what was never disclosed counts as wrong."""
    close = embed(claims) @ embed(told).T >= MATCH
    precision = float(close.any(axis=1).mean()) if claims else None
    recall = float(close.any(axis=0).mean()) if told else None
    if precision is None or recall is None:
        return Recall(precision, recall, None)
    both = precision + recall
    return Recall(precision, recall, 2 * precision * recall / both if both else 0.0)
