"""agents: who speaks. Personas, roles, the shipped agents, and judges. Nothing here calls a model."""

from interalign.agents.cast import Candidate, Cast
from interalign.agents.context import Context, Message
from interalign.agents.embedder import embed
from interalign.agents.inducer import Inducer
from interalign.agents.judges import (
    EmbeddingJudge,
    Judge,
    LikelihoodJudge,
    LLMJudge,
    Outcome,
    PanelJudge,
    PointwiseJudge,
    RewardModelJudge,
    Score,
    Spent,
    Verdict,
    Vote,
)
from interalign.agents.persona import Persona, Personality, Profile, read_jsonl, read_personas
from interalign.agents.persona_writer import PersonaWriter
from interalign.agents.pool import heldout_personas, shipped_personas
from interalign.agents.prompts import Prompt
from interalign.agents.responder import Responder, Strategy
from interalign.agents.role import Agent, Answer, Caller, Performer, Role, Usage
from interalign.agents.structured import json_request, read_json
from interalign.agents.user import UserAgent

__all__ = [
    "Agent",
    "Answer",
    "Caller",
    "Candidate",
    "Cast",
    "Context",
    "EmbeddingJudge",
    "Inducer",
    "Judge",
    "LLMJudge",
    "LikelihoodJudge",
    "Message",
    "Outcome",
    "PanelJudge",
    "Performer",
    "Persona",
    "PersonaWriter",
    "Personality",
    "PointwiseJudge",
    "Profile",
    "Prompt",
    "Responder",
    "RewardModelJudge",
    "Role",
    "Score",
    "Spent",
    "Strategy",
    "Usage",
    "UserAgent",
    "Verdict",
    "Vote",
    "embed",
    "heldout_personas",
    "json_request",
    "read_json",
    "read_jsonl",
    "read_personas",
    "shipped_personas",
]
