"""casting: from a config to the things it names: clients, cast, policy, personas."""

import hashlib
from collections.abc import Callable
from inspect import signature
from pathlib import Path
from typing import Any, assert_never

from autogen_core.models import ChatCompletionClient

from interalign.agents import (
    Agent,
    Candidate,
    Cast,
    Inducer,
    Persona,
    Responder,
    Role,
    UserAgent,
    read_personas,
    shipped_personas,
)
from interalign.agents.seeds import generator
from interalign.errors import ConfigError
from interalign.graphs import Beam, BestFirst, Full, Guided, Policy, Walk
from interalign.sim.config import (
    AgentConfig,
    BeamConfig,
    BestFirstConfig,
    FullConfig,
    RunConfig,
    WalkConfig,
    responder_name,
)
from interalign.sim.engines import make_engine
from interalign.sim.judging import make_judge
from interalign.sim.loading import load_object

__all__ = [
    "disclosure_plan",
    "load_role",
    "make_cast",
    "make_clients",
    "make_judge",
    "make_policy",
    "personas_of",
    "pin_personas",
]


def make_clients(config: RunConfig) -> dict[str, ChatCompletionClient]:
    """One client for each model that the cast uses. Raises MissingError or ConfigError where one cannot be made."""
    used = dict.fromkeys(config.model_of(player, where) for where, player in config.players())
    return {name: make_engine(config.models[name]) for name in used}


def make_cast(config: RunConfig) -> Cast:
    """The cast that the config describes. Raises ConfigError where a role of the user's own cannot be loaded."""

    def agent(where: str, player: AgentConfig, shipped: Callable[..., Role[Any]], *arguments: str) -> Agent[Any]:
        make = load_role(player.role, where) if player.role else shipped
        try:
            role = make(*arguments)
        except TypeError as error:
            raise ConfigError(f"{where}.role = {player.role!r} cannot be made: {error}") from None
        return Agent(role, config.model_of(player, where), player.parameters)

    responders = tuple(
        Candidate(
            responder_name(responder),
            agent(f"cast.responders.{place}", responder, Responder, responder.strategy),
            responder.strategy,
        )
        for place, responder in enumerate(config.cast.responders)
    )
    return Cast(
        user=agent("cast.user", config.cast.user, UserAgent),
        inducer=agent("cast.inducer", config.cast.inducer, Inducer),
        responders=responders,
        judge=make_judge(config),
    )


def load_role(name: str, where: str) -> Callable[..., Role[Any]]:
    """The class that "module:Class" names; modules are also looked for in the working directory.

    A responder's class is called with its strategy if it takes an argument.

    Raises:
        ConfigError: there is no such module or class, or it is no Role; `where` is the key that named it.
    """
    found = load_object(name, f"{where}.role")
    if not (isinstance(found, type) and issubclass(found, Role)):
        raise ConfigError(f"{where}.role = {name!r} is no subclass of interalign.Role")
    return _lenient(found)


def _lenient(role: type[Role[Any]]) -> Callable[..., Role[Any]]:
    """Call with the strategy only what takes one: a role without __init__ is fine for a responder, too."""
    takes = len(signature(role).parameters)
    return lambda *arguments: role(*arguments[:takes])


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


def disclosure_plan(persona: Persona, turns: int, *parts: str | int) -> tuple[str, ...]:
    """A fact or trait for each turn, each once, drawn by seed; shorter than `turns` when the persona has fewer."""
    draw = generator(*parts, persona.id, "disclosure")
    return tuple(draw.sample(persona.items, min(turns, len(persona.items))))
