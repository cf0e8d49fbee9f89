"""embedding: a judge without a language model: how much of a reply is about this person?

A small model cannot judge; sentence embeddings are weak, but consistent, free of position bias and fast. The score of
a reply is its mean cosine similarity to the `nearest` facts and traits of the persona it comes closest to.
"""

from typing import Any

import numpy as np

from interalign.agents.context import Context
from interalign.agents.embedder import embed
from interalign.agents.judges.verdict import Verdict
from interalign.agents.role import Caller

__all__ = ["EmbeddingJudge"]


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
        assert context.persona is not None, "a judge knows the persona it judges for"
        vectors = embed([a, b, *context.persona.items])
        similar = vectors[:2] @ vectors[2:].T
        nearest = np.sort(similar, axis=1)[:, -self.nearest :].mean(axis=1)
        scores = (round(float(nearest[0]), 6), round(float(nearest[1]), 6))
        difference = scores[0] - scores[1]
        if difference == 0 or abs(difference) < self.margin:
            reason = f"the scores differ by less than {self.margin}"
            return Verdict(judge=self.name, outcome="tie", margin=0.0, reason=reason, scores=scores)
        outcome = "a" if difference > 0 else "b"
        return Verdict(judge=self.name, outcome=outcome, margin=round(abs(difference), 6), scores=scores)
