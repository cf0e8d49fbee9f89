"""embedding: a judge without a language model: how much of a reply is about this person?

A small model cannot judge; sentence embeddings are weak, but consistent, free of position bias and fast. The score of
a reply is its mean cosine similarity to the `nearest` facts and traits of the persona it comes closest to.
"""

from typing import Any

import numpy as np

from interalign.agents.context import Context
from interalign.agents.embedder import embed
from interalign.agents.judges.scale import to_scale
from interalign.agents.judges.verdict import Score, Verdict
from interalign.agents.role import Caller

__all__ = ["EmbeddingJudge"]

_CENTRE, _UNIT = 0.22, 0.06
"""Mean and standard deviation over the 120 replies of the shipped judgements: those are 3, and 3.9 or 2.1."""


class EmbeddingJudge:
    """Prefers the reply whose embedding is nearer to the persona's facts and traits.

    Differences below `margin` are ties.
    """

    def __init__(self, margin: float = 0.02, nearest: int = 3, name: str = "embedding") -> None:
        self.margin = margin
        self.nearest = nearest
        self.name = name

    def identity(self) -> dict[str, Any]:
        return {"judge": "embedding", "margin": self.margin, "nearest": self.nearest}

    async def compare(self, context: Context, a: str, b: str, caller: Caller, *, key: str) -> Verdict:
        first, second = self._similarities(context, a, b)
        scores = (first, second)
        difference = scores[0] - scores[1]
        if difference == 0 or abs(difference) < self.margin:
            reason = f"the scores differ by less than {self.margin}"
            return Verdict(judge=self.name, outcome="tie", margin=0.0, reason=reason, scores=scores)
        outcome = "a" if difference > 0 else "b"
        return Verdict(judge=self.name, outcome=outcome, margin=round(abs(difference), 6), scores=scores)

    async def score(self, context: Context, reply: str, caller: Caller, *, key: str) -> Score:
        """The similarity on the scale from 1 to 5 (see `scale`); a text without a known word is unscored."""
        if not embed([reply]).any():
            return Score(judge=self.name, value=None, reason="the reply has no word that the embeddings know")
        (similarity,) = self._similarities(context, reply)
        return Score(judge=self.name, value=to_scale(similarity, _CENTRE, _UNIT))

    def _similarities(self, context: Context, *replies: str) -> list[float]:
        assert context.persona is not None, "a judge knows the persona it judges for"
        vectors = embed([*replies, *context.persona.items])
        similar = vectors[: len(replies)] @ vectors[len(replies) :].T
        nearest = np.sort(similar, axis=1)[:, -self.nearest :].mean(axis=1)
        return [round(float(value), 6) for value in nearest]
