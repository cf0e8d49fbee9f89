"""casting: from a config to the things it names: clients, cast, policy, personas."""

import hashlib
from collections.abc import Callable
from inspect import signature
from pathlib import Path
from typing import Any, assert_never

from autogen_core.models import ChatCompletionClient
from langgraph.graph import StateGraph

from interalign.agents import (
    Agent,
    Candidate,
    Cast,
    Inducer,
    Performer,
    Persona,
    Responder,
    Role,
    UserAgent,
    read_personas,
    shipped_personas,
)
from interalign.agents.seeds import generator
from interalign.errors import ConfigError
from interalign.graphs import Beam, BestFirst, Flip, Full, Guided, Policy, Walk, compile_dialogue
from interalign.graphs.machine import Dialogue
from interalign.sim.config import (
    AgentConfig,
    BeamConfig,
    BestFirstConfig,
    ExtraConfig,
    FullConfig,
    ResponderConfig,
    RunConfig,
    WalkConfig,
    responder_name,
)
from interalign.sim.engines import make_engine
from interalign.sim.judge_config import HumanJudgeConfig, OwnJudgeConfig, members_of
from interalign.sim.judging import make_judge
from interalign.sim.loading import load_object

__all__ = [
    "disclosure_plan",
    "load_role",
    "make_cast",
    "make_clients",
    "make_dialogue",
    "make_judge",
    "make_policy",
    "make_role",
    "personas_of",
    "pin_personas",
]


def make_clients(config: RunConfig) -> dict[str, ChatCompletionClient]:
    """One client for each model that the cast uses. Raises MissingError or ConfigError where one cannot be made."""
    used = dict.fromkeys(config.model_of(player, where) for where, player in config.players())
    if any(isinstance(member, OwnJudgeConfig) for member in members_of(config.cast.judge)):
        used |= dict.fromkeys(config.models)  # a judge of the user's own may ask any of them
    return {name: make_engine(config.models[name]) for name in used}


def make_cast(config: RunConfig) -> Cast:
    """The cast that the config describes. Raises ConfigError where a role of the user's own cannot be loaded."""
    cast = config.cast
    if any(isinstance(member, HumanJudgeConfig) for member in members_of(cast.judge)):
        raise ConfigError(
            "people judge saved trees, not ones that are growing: take the human out of cast.judge, and afterwards: "
            "interalign rejudge RUN --judge human"
        )
    return Cast(
        user=_agent(config, "cast.user", cast.user, UserAgent),
        inducer=_agent(config, "cast.inducer", cast.inducer, Inducer),
        responders=tuple(_candidate(config, place, responder) for place, responder in enumerate(cast.responders)),
        judge=make_judge(config),
        extras={name: _agent(config, f"cast.extras.{name}", extra) for name, extra in cast.extras.items()},
    )


def _candidate(config: RunConfig, place: int, responder: ResponderConfig) -> Candidate:
    where = f"cast.responders.{place}"
    if responder.agent is None:
        player = _agent(config, where, responder, Responder, responder.strategy)
    else:
        model = config.model_of(responder, where)
        player = _autogen(responder.agent, f"{where}.agent", model, responder)
    return Candidate(responder_name(responder), player, responder.strategy)


def _autogen(name: str, key: str, model: str, responder: ResponderConfig) -> Performer[str]:
    """The AutoGen agent that "module:function" makes. Raises ConfigError where it is no function."""
    from interalign.agents.autogen_bridge import AutoGenResponder

    try:
        return AutoGenResponder(load_object(name, key), model, responder.strategy, responder.parameters)
    except ConfigError as error:
        raise error if str(error).startswith(key) else ConfigError(f"{key} = {name!r}: {error}") from None


def _agent(
    config: RunConfig,
    where: str,
    player: AgentConfig | ExtraConfig,
    shipped: Callable[..., Role[Any]] | None = None,
    *strategy: str,
) -> Agent[Any]:
    return Agent(make_role(player, where, shipped, *strategy), config.model_of(player, where), player.parameters)


def make_role(
    player: AgentConfig | ExtraConfig, where: str, shipped: Callable[..., Role[Any]] | None, *strategy: str
) -> Role[Any]:
    """The role that a section names, or else the shipped one, with the section's prompt.

    Raises:
        ConfigError: it cannot be loaded or made, or does not take that prompt; names the key below `where`.
    """
    make = load_role(player.role, where) if player.role else shipped
    assert make is not None, "an extra names its role"
    try:
        role = make(*strategy)
    except TypeError as error:
        raise ConfigError(f"{where}.role = {player.role!r} cannot be made: {error}") from None
    if player.prompt is None:
        return role
    try:
        return role.with_prompt(player.prompt)
    except ConfigError as error:
        raise ConfigError(f"{where}.prompt: {error}") from None


def load_role(name: str, where: str) -> Callable[..., Role[Any]]:
    """The class that "module:Class" names; modules are also looked for in the working directory.

    A responder's class is called with its strategy if it takes one, as an argument of that name.

    Raises:
        ConfigError: there is no such module or class, or it is no Role; `where` is the key that named it.
    """
    found = load_object(name, f"{where}.role")
    if not (isinstance(found, type) and issubclass(found, Role)):
        raise ConfigError(f"{where}.role = {name!r} is no subclass of interalign.Role")
    if "strategy" in signature(found).parameters:
        return lambda *strategy: found(**dict(zip(("strategy",), strategy, strict=False)))
    return lambda *strategy: found()


def make_dialogue(config: RunConfig) -> Dialogue:
    """The dialogue machine that the config names, compiled: the shipped one, or one of the user's own.

    Raises:
        ConfigError: run.graph cannot be loaded, or is no function that returns a graph which can be compiled.
    """
    if config.run.graph is None:
        return compile_dialogue()
    named = f"run.graph = {config.run.graph!r}"
    build = load_object(config.run.graph, "run.graph")
    if not callable(build):
        raise ConfigError(f"{named} is no function but a {type(build).__name__}; name one that returns a graph")
    try:
        graph = build()
        if not isinstance(graph, StateGraph):
            raise ConfigError(
                f"{named} returned a {type(graph).__name__}; return dialogue_graph() with nodes of your own"
            )
        return compile_dialogue(graph)
    except (TypeError, ValueError) as error:
        raise error if isinstance(error, ConfigError) else ConfigError(f"{named} makes no graph: {error}") from None


def make_policy(config: RunConfig) -> Policy | Guided:
    """The branching policy that the config names."""
    policy = config.policy
    if isinstance(policy, WalkConfig):
        return Walk()
    if isinstance(policy, FullConfig):
        return Full(policy.width, policy.depth)
    if isinstance(policy, BeamConfig):
        return Beam(policy.width)
    if isinstance(policy, BestFirstConfig):
        return BestFirst(policy.messages)
    assert_never(policy)


def personas_of(config: RunConfig) -> list[Persona]:
    """One persona for each conversation, in order; the personas of a file are used again when there are too few.

    Raises:
        ConfigError, MissingError: the persona file cannot be used.
    """
    count = config.run.conversations
    if config.personas.file is None:
        try:
            return shipped_personas(count, config.run.seed)
        except ConfigError as error:
            raise ConfigError(f"run.conversations = {count}: {error}; lower it, or set personas.file") from None
    personas = read_personas(Path(config.personas.file).expanduser())
    return [personas[place % len(personas)] for place in range(count)]


def pin_personas(config: RunConfig) -> RunConfig:
    """The config with the hash of its persona file. Raises ConfigError where it has the hash of another."""
    if config.personas.file is None:
        return config
    path = Path(config.personas.file).expanduser()
    read_personas(path)  # its errors are the better ones
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if config.personas.sha256 not in (None, found):
        raise ConfigError(
            f"personas.sha256 is not that of {path}: the file has changed; take the key out, or mend the file"
        )
    personas = config.personas.model_copy(update={"sha256": found})
    return config.model_copy(update={"personas": personas})


def disclosure_plan(persona: Persona, turns: int, *parts: str | int, flip: Flip | None = None) -> tuple[str, ...]:
    """A fact or trait for each turn, each once, drawn by seed; shorter than `turns` when the persona has fewer.

    From a flip on they are those of the new persona.
    """
    draw = generator(*parts, persona.id, "disclosure")
    plan = tuple(draw.sample(persona.items, min(turns, len(persona.items))))
    if flip is None:
        return plan
    before = flip.turn - 1
    plan = plan[:before] + tuple(draw.choices(persona.items, k=max(0, before - len(plan))))
    fresh = [item for item in flip.persona.items if item not in plan]
    return plan + tuple(draw.sample(fresh, min(turns - before, len(fresh))))
