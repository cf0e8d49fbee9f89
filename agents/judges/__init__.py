"""judges: who decides which reply a persona would rather get, and how good a reply is."""

from interalign.agents.judges.choice import read_choice
from interalign.agents.judges.embedding import EmbeddingJudge
from interalign.agents.judges.likelihood import LikelihoodJudge, LogProb, LogProbs
from interalign.agents.judges.llm import LLMJudge
from interalign.agents.judges.panel import PanelJudge
from interalign.agents.judges.rating import read_score
from interalign.agents.judges.reward_model import Reward, RewardModelJudge, Rewards
from interalign.agents.judges.roles import PairwiseRole, ScoreRole
from interalign.agents.judges.server_logprobs import ServerLogProbs
from interalign.agents.judges.verdict import Judge, Outcome, PointwiseJudge, Score, Spent, Verdict, Vote

__all__ = [
    "EmbeddingJudge",
    "Judge",
    "LLMJudge",
    "LikelihoodJudge",
    "LogProb",
    "LogProbs",
    "Outcome",
    "PairwiseRole",
    "PanelJudge",
    "PointwiseJudge",
    "Reward",
    "RewardModelJudge",
    "Rewards",
    "Score",
    "ScoreRole",
    "ServerLogProbs",
    "Spent",
    "Verdict",
    "Vote",
    "read_choice",
    "read_score",
]
