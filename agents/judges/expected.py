"""expected: the score that a model is about to write, the mean under its token probabilities, which is finer than the number."""

import math
from collections.abc import Sequence

from autogen_core.models import ChatCompletionTokenLogprob, TopLogprob

from interalign.agents.judges.rating import Rating

__all__ = ["expected_score"]

_LEAST = 0.5
"""Below this share of the probability, the numbers 1 to 5 are not what the model was about to write."""


def expected_score(logprobs: Sequence[ChatCompletionTokenLogprob]) -> Rating:
    """The mean of 1 to 5 under the probabilities of the first token that is one of them, as in G-Eval (arXiv 2303.16634)."""
    if not logprobs:
        return Rating(None, "the engine gave no token probabilities; leave out expected = true for this model")
    place = next((token for token in logprobs if _digit(token.token)), None)
    if place is None:
        return Rating(None, "no token of the answer is a number from 1 to 5")
    found = {_text(top): top.logprob for top in place.top_logprobs or ()}
    found.setdefault(place.token, place.logprob)
    weights = [(digit, math.exp(logprob)) for text, logprob in found.items() if (digit := _digit(text))]
    total = sum(weight for _, weight in weights)
    if not total >= _LEAST:
        return Rating(None, f"the model puts only {total:.0%} of its probability on the numbers 1 to 5")
    return Rating(round(sum(digit * weight for digit, weight in weights) / total, 6))


def _text(top: TopLogprob) -> str:
    return bytes(top.bytes or ()).decode(errors="replace")


def _digit(token: str) -> int:
    """The score that a token is, or 0."""
    text = token.strip(" \u2581\u0120*")
    return int(text) if text in ("1", "2", "3", "4", "5") else 0
