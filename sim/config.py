"""config: the TOML of a run. Every key has a default except the models; the classes are the reference of the keys."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from interalign.agents import Strategy
from interalign.config import Config, digest
from interalign.sim.calls import CallSettings
from interalign.sim.engines import EngineConfig
from interalign.sim.judge_config import (
    EmbeddingJudgeConfig,
    JudgeConfig,
    LLMJudgeConfig,
    ModelJudgeConfig,
    judge_players,
    with_judges,
)

__all__ = [
    "AgentConfig",
    "BeamConfig",
    "BestFirstConfig",
    "CastConfig",
    "EmbeddingJudgeConfig",
    "ExtraConfig",
    "FullConfig",
    "LLMJudgeConfig",
    "PersonaConfig",
    "PlayerConfig",
    "ResponderConfig",
    "RunConfig",
    "RunSection",
    "WalkConfig",
]


class RunSection(Config):
    """`[run]`: how much, and where to."""

    conversations: int = Field(default=8, ge=1)
    turns: int = Field(default=10, ge=1, le=100)
    seed: int = Field(default=0, ge=0)
    disclosure: Literal["free", "planned"] = "free"
    """free: the user agent decides what to tell of the persona. planned: a fact or trait a turn, drawn by seed."""
    flip_at: int | None = Field(default=None, ge=2)
    """From this turn on the user has another personality of the pool, drawn by seed, and is judged for by it. Never unless set."""
    goodbye: bool = False
    """Whether a conversation ends when its user says goodbye: with the replies to that message."""
    stall: int = Field(default=0, ge=0)
    """A conversation ends when that many messages of its user in a row bring nothing new. 0: never."""
    graph: str | None = None
    """A function of your own, as "module:function", that returns the dialogue's graph, not compiled; see `dialogue_graph`."""
    concurrency: int = Field(default=64, ge=1)
    """Conversations under way at the same time; changes the speed alone."""
    executor: Literal["local", "ray"] = "local"
    """ray: conversations are spread over a Ray cluster; changes the speed alone."""
    ray_address: str | None = None
    """Of a cluster that runs already; a local one is started, and stopped with the run, unless set."""
    workers: int = Field(default=2, ge=1)
    """Ray workers, each with a runner and a processor of its own."""
    out: str | None = None
    """The run folder; runs/NAME for a config NAME.toml unless set."""


class PersonaConfig(Config):
    """`[personas]`: who the users are."""

    file: str | None = None
    """A JSONL file, one persona a line; the personas that ship with interalign unless set."""
    sha256: str | None = None
    """The hash of that file, filled in when a run starts: a run is not resumed with other personas."""


def read_text(path: str, key: str) -> str:
    """The text of a file that a config names, without the newline at its end. Raises ValueError."""
    try:
        return Path(path).expanduser().read_text(encoding="utf-8").rstrip("\n")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ValueError(f"{key} = {path!r} cannot be read ({reason}); check the path") from None


class PlayerConfig(Config):
    """What everybody has who is played by a model."""

    model: str | None = None
    """A name of `[models]`; the model of the cast unless set."""
    prompt: str | None = None
    """Replaces the role's prompt; it may have the placeholders that the role's own has."""
    prompt_file: str | None = None
    """A file with that prompt. It is read when the config is, and only its text is kept."""
    parameters: dict[str, Any] = Field(default={})
    """Sampling parameters, over those of the role."""

    @model_validator(mode="before")
    @classmethod
    def _read_prompt(cls, data: Any) -> Any:
        if not isinstance(data, Mapping) or not isinstance(data.get("prompt_file"), str):
            return data
        if data.get("prompt") is not None:
            raise ValueError("give prompt or prompt_file, not both")
        rest = {key: value for key, value in data.items() if key != "prompt_file"}
        return {**rest, "prompt": read_text(data["prompt_file"], "prompt_file")}


class AgentConfig(PlayerConfig):
    """A role's player: the name of a model, or a table with more."""

    role: str | None = None
    """A role of your own, as "module:Class"; the shipped one unless set."""


class ResponderConfig(AgentConfig):
    strategy: Strategy = "plain"
    """plain: sees the conversation alone. hinted: also what the inducer has found out so far. informed: the whole persona."""
    agent: str | None = None
    """An AutoGen agent, as "module:function": the function is given a model client, and returns a new agent."""
    name: str | None = None
    """Stands in the trees; the strategy unless set."""

    @model_validator(mode="after")
    def _one_player(self) -> "ResponderConfig":
        if self.agent is not None and (self.role is not None or self.prompt is not None):
            raise ValueError("an AutoGen agent has its own prompt and role: give agent without role and prompt")
        return self


class ExtraConfig(PlayerConfig):
    """An agent for nodes of your own."""

    role: str
    """A role of your own, as "module:Class"."""


def _named(value: Any) -> Any:
    return {"model": value} if isinstance(value, str) else value


Player = Annotated[AgentConfig, BeforeValidator(_named)]


class CastConfig(Config):
    """`[cast]`: which role is played by which model."""

    model: str | None = None
    """Plays every role that names no model of its own; the only model of `[models]` unless set."""
    user: Player = AgentConfig()
    inducer: Player = AgentConfig()
    responders: tuple[ResponderConfig, ...] = Field(
        default=(ResponderConfig(strategy="plain"), ResponderConfig(strategy="hinted")), min_length=1
    )
    judge: JudgeConfig = LLMJudgeConfig()
    extras: dict[str, ExtraConfig] = Field(default={})
    """Agents that nodes of your own ask, by name; see run.graph."""


class WalkConfig(Config):
    kind: Literal["walk"] = "walk"


class FullConfig(Config):
    kind: Literal["full"] = "full"
    width: int = Field(default=2, ge=1)
    """Candidates of a turn that are continued."""
    depth: int = Field(default=3, ge=0)
    """Turns that branch; later ones continue one candidate."""


class BeamConfig(Config):
    kind: Literal["beam"] = "beam"
    width: int = Field(default=2, ge=1)
    """Branches that go on after each turn: those that the judge likes best."""


class BestFirstConfig(Config):
    kind: Literal["best_first"] = "best_first"
    messages: int = Field(default=20, ge=1)
    """User messages of a tree; each answers the best reply so far. run.turns limits the depth."""


class RunConfig(Config):
    """One simulation."""

    run: RunSection = RunSection()
    personas: PersonaConfig = PersonaConfig()
    models: dict[str, EngineConfig] = Field(min_length=1)
    cast: CastConfig = CastConfig()
    policy: Annotated[WalkConfig | FullConfig | BeamConfig | BestFirstConfig, Field(discriminator="kind")] = (
        WalkConfig()
    )
    calls: CallSettings = CallSettings()
    judges: dict[str, JudgeConfig] = Field(default={})
    """`[judges.NAME]`: judges side by side; `cast.judge`, a panel's members and `--judge` may name them."""

    @model_validator(mode="before")
    @classmethod
    def _judges_by_name(cls, data: Any) -> Any:
        return with_judges(data, "cast")

    @model_validator(mode="after")
    def _consistent(self) -> "RunConfig":
        for where, player in self.players():
            self.model_of(player, where)
        names = [responder_name(responder) for responder in self.cast.responders]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice:
            raise ValueError(f"two responders of the cast are called {twice!r}; give each a name = '...' of its own")
        if self.run.flip_at is not None and self.run.flip_at > self.run.turns:
            raise ValueError(f"run.flip_at = {self.run.flip_at} is after the last turn (run.turns = {self.run.turns})")
        if isinstance(self.policy, FullConfig):
            self._check_full(self.policy)
        if isinstance(self.policy, BeamConfig | BestFirstConfig) and len(self.cast.responders) < 2:
            raise ValueError(
                f"policy.kind = {self.policy.kind!r} chooses between replies; give the cast two responders or more"
            )
        return self

    def _check_full(self, policy: FullConfig) -> None:
        if policy.width > len(self.cast.responders):
            raise ValueError(f"policy.width = {policy.width}, but cast.responders has {len(self.cast.responders)}")
        if policy.width**policy.depth > 4096:
            raise ValueError(
                f"a full tree of width {policy.width} and depth {policy.depth} has {policy.width**policy.depth} branches; "
                "4096 is the most, lower policy.width or policy.depth"
            )

    def players(self) -> list[tuple[str, PlayerConfig | ModelJudgeConfig]]:
        """Everybody of the cast who is played by a model, with the key of the section."""
        players: list[tuple[str, PlayerConfig | ModelJudgeConfig]] = [
            ("cast.user", self.cast.user),
            ("cast.inducer", self.cast.inducer),
        ]
        players += [(f"cast.responders.{place}", responder) for place, responder in enumerate(self.cast.responders)]
        players += [(f"cast.extras.{name}", extra) for name, extra in self.cast.extras.items()]
        return [*players, *judge_players(self.cast.judge, "cast.judge")]

    def model_of(self, player: PlayerConfig | ModelJudgeConfig, where: str) -> str:
        """The name of the model that plays it. Raises ValueError where there is none, or more than one to choose from."""
        name = player.model or self.cast.model or (next(iter(self.models)) if len(self.models) == 1 else None)
        known = ", ".join(self.models)
        if name is None:
            raise ValueError(f"{where} names no model and there are several ({known}); set {where}.model or cast.model")
        if name not in self.models:
            raise ValueError(f"{where} is played by {name!r}, but [models] has only {known}")
        return name

    def digest(self) -> str:
        """Equal for configs that give the same trees: folder and concurrency left out."""
        return digest(self, exclude=_SPEED_ONLY)

    def differing_keys(self, other: "RunConfig") -> list[str]:
        """The dotted keys, of those that change the trees, in which the two differ."""
        return _differing(
            self.model_dump(mode="json", exclude=_SPEED_ONLY), other.model_dump(mode="json", exclude=_SPEED_ONLY)
        )


_SPEED_ONLY: Any = {
    "run": {"out", "concurrency", "executor", "ray_address", "workers"},
    "calls": True,
    "judges": True,
    "models": {"__all__": {"max_in_flight", "price", "timeout", "threads", "latency", "python", "startup_timeout"}},
}


def responder_name(responder: ResponderConfig) -> str:
    """What the trees call it."""
    return responder.name or responder.strategy


def _differing(one: Any, other: Any, path: str = "") -> list[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        keys = dict.fromkeys((*one, *other))
        return [
            found
            for key in keys
            for found in _differing(one.get(key), other.get(key), f"{path}.{key}" if path else key)
        ]
    return [] if one == other else [path]
