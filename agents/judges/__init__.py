"""judges: who decides which reply a persona would rather get."""

from interalign.agents.judges.embedding import EmbeddingJudge
from interalign.agents.judges.llm import LLMJudge, PairwiseRole, read_choice
from interalign.agents.judges.verdict import Judge, Outcome, PointwiseJudge, Score, Verdict, Vote

__all__ = [
    "EmbeddingJudge",
    "Judge",
    "LLMJudge",
    "Outcome",
    "PairwiseRole",
    "PointwiseJudge",
    "Score",
    "Verdict",
    "Vote",
    "read_choice",
]
