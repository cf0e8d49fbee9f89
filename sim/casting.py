"""casting: from a config to the things it names: clients, cast, policy, personas."""

from pathlib import Path
from typing import Any, assert_never

from autogen_core.models import ChatCompletionClient

from interalign.agents import (
    Agent,
    Candidate,
    Cast,
    EmbeddingJudge,
    Inducer,
    Judge,
    LLMJudge,
    Persona,
    Responder,
    UserAgent,
    read_personas,
    shipped_personas,
)
from interalign.agents.seeds import generator
from interalign.graphs import Full, Policy, Walk
from interalign.sim.config import EmbeddingJudgeConfig, FullConfig, LLMJudgeConfig, RunConfig, WalkConfig, responder_name
from interalign.sim.engines import make_engine

__all__ = ["disclosure_plan", "make_cast", "make_clients", "make_policy", "personas_of"]


def make_clients(config: RunConfig) -> dict[str, ChatCompletionClient]:
    """One client for each model that the cast uses. Raises MissingError or ConfigError where one cannot be made."""
    used = dict.fromkeys(config.model_of(player, where) for where, player in config.players())
    return {name: make_engine(config.models[name]) for name in used}


def make_cast(config: RunConfig) -> Cast:
    """The cast that the config describes."""

    def model(where: str, player: Any) -> str:
        return config.model_of(player, where)

    cast = config.cast
    responders = tuple(
        Candidate(
            responder_name(responder),
            Agent(Responder(responder.strategy), model(f"cast.responders.{place}", responder), responder.parameters),
            responder.strategy,
        )
        for place, responder in enumerate(cast.responders)
    )
    return Cast(
        user=Agent(UserAgent(), model("cast.user", cast.user), cast.user.parameters),
        inducer=Agent(Inducer(), model("cast.inducer", cast.inducer), cast.inducer.parameters),
        responders=responders,
        judge=_make_judge(config),
    )


def _make_judge(config: RunConfig) -> Judge:
    judge = config.cast.judge
    if isinstance(judge, EmbeddingJudgeConfig):
        return EmbeddingJudge(margin=judge.margin)
    if isinstance(judge, LLMJudgeConfig):
        return LLMJudge(config.model_of(judge, "cast.judge"), parameters=judge.parameters)
    assert_never(judge)


def make_policy(config: RunConfig) -> Policy:
    """The branching policy that the config names."""
    policy = config.policy
    if isinstance(policy, WalkConfig):
        return Walk()
    if isinstance(policy, FullConfig):
        return Full(policy.width, policy.depth)
    assert_never(policy)


def personas_of(config: RunConfig) -> list[Persona]:
    """One persona for each conversation, in order; the personas of a file are used again when there are too few.

    Raises:
        ConfigError, MissingError: the persona file cannot be used.
    """
    count = config.run.conversations
    if config.personas.file is None:
        return shipped_personas(count, config.run.seed)
    personas = read_personas(Path(config.personas.file))
    return [personas[place % len(personas)] for place in range(count)]


def disclosure_plan(persona: Persona, turns: int, *parts: str | int) -> tuple[str, ...]:
    """A fact or trait for each turn, each once, drawn by seed; shorter than `turns` when the persona has fewer."""
    draw = generator(*parts, persona.id, "disclosure")
    return tuple(draw.sample(persona.items, min(turns, len(persona.items))))
