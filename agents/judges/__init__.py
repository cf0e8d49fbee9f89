"""judges: who decides which reply a persona would rather get, and how good a reply is."""

from interalign.agents.judges.choice import read_choice
from interalign.agents.judges.embedding import EmbeddingJudge
from interalign.agents.judges.llm import LLMJudge
from interalign.agents.judges.rating import read_score
from interalign.agents.judges.roles import PairwiseRole, ScoreRole
from interalign.agents.judges.verdict import Judge, Outcome, PointwiseJudge, Score, Verdict, Vote

__all__ = [
    "EmbeddingJudge",
    "Judge",
    "LLMJudge",
    "Outcome",
    "PairwiseRole",
    "PointwiseJudge",
    "Score",
    "ScoreRole",
    "Verdict",
    "Vote",
    "read_choice",
    "read_score",
]
