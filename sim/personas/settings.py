"""settings: the TOML of a build: what pool is to grow, from what, how far, and who writes. Only the models have no default."""

from typing import Any

from pydantic import Field, model_validator

from interalign.config import Config, digest
from interalign.sim.calls import CallSettings
from interalign.sim.config import AgentConfig, Player
from interalign.sim.engines import EngineConfig
from interalign.sim.personas.embedders import EmbedderConfig, WordLlamaConfig
from interalign.sim.personas.halves import Kind

__all__ = ["BuildConfig", "BuildSection", "FilterConfig", "SaturationConfig", "SeedsConfig", "SplitConfig"]


class BuildSection(Config):
    """`[build]`: what is to grow, and where to."""

    kind: Kind = "profile"
    target: int = Field(default=331, ge=1)
    """The build ends when the pool has this many, those that it began with included."""
    examples: int = Field(default=5, ge=1)
    """Random members of the pool in each prompt."""
    batch: int = Field(default=20, ge=1)
    """How many new ones each call asks for."""
    parallel: int = Field(default=4, ge=1)
    """Calls of a round: they are made at the same time and draw their examples from the same pool."""
    seed: int = Field(default=0, ge=0)
    out: str | None = None
    """The folder; runs/NAME for a config NAME.toml unless set."""


class SeedsConfig(Config):
    """`[seeds]`: what the pool begins with."""

    file: str | None = None
    """A JSONL file of profiles or personalities; the shipped ones unless set."""
    count: int | None = Field(default=None, ge=1)
    """How many of them, drawn by seed; unless set all of a file, or 20 of the shipped ones."""


class FilterConfig(Config):
    """`[filter]`: what is taken into the pool."""

    threshold: float = Field(default=0.6, ge=-1, le=1)
    """The largest cosine similarity to any member that is let in."""
    min_items: int = Field(default=8, ge=1)
    """Fewer facts or traits are too few. Repeated ones and those of one or two words do not count."""
    max_items: int = Field(default=10, ge=1)
    """More are cut off."""
    first_person: bool = True
    """Whether a third of the sentences must speak of I, me, my, we, us or our. For other languages than English: false."""

    @model_validator(mode="after")
    def _possible(self) -> "FilterConfig":
        if self.max_items < self.min_items:
            raise ValueError(
                f"max_items = {self.max_items} is less than min_items = {self.min_items}; nothing could pass"
            )
        return self


class SaturationConfig(Config):
    """`[saturation]`: when going on is not worth it: nearly everything is refused."""

    window: int = Field(default=5, ge=1)
    """Rounds that are looked back at."""
    rate: float = Field(default=0.05, gt=0, le=1)
    """Less than this share of their drafts taken in: the build stops."""


class BuildConfig(Config):
    """One build of a pool."""

    build: BuildSection = BuildSection()
    seeds: SeedsConfig = SeedsConfig()
    filter: FilterConfig = FilterConfig()
    saturation: SaturationConfig = SaturationConfig()
    embedder: EmbedderConfig = WordLlamaConfig()
    models: dict[str, EngineConfig] = Field(min_length=1)
    writer: Player = AgentConfig()
    """The model that writes; with `role`, a role of your own that is asked with a `DraftContext`."""
    calls: CallSettings = CallSettings()

    @model_validator(mode="after")
    def _consistent(self) -> "BuildConfig":
        player_model(self.writer, self.models, "writer")
        return self

    def digest(self) -> str:
        """Equal for configs of which one can go on with what the other began."""
        return digest(self, exclude=_FREE)

    def differing_keys(self, other: "BuildConfig") -> list[str]:
        """The dotted keys that keep the one from going on with what the other began."""
        mine, others = (_flat(config.model_dump(mode="json", exclude=_FREE)) for config in (self, other))
        return [key for key in dict.fromkeys((*mine, *others)) if mine.get(key) != others.get(key)]


class SplitConfig(Config):
    """The TOML that names the model which takes imported texts apart."""

    models: dict[str, EngineConfig] = Field(min_length=1)
    splitter: Player = AgentConfig()
    calls: CallSettings = CallSettings()

    @model_validator(mode="after")
    def _consistent(self) -> "SplitConfig":
        player_model(self.splitter, self.models, "splitter")
        return self


_FREE: Any = {
    "build": {"out", "target"},
    "saturation": True,
    "calls": True,
    "models": {"__all__": {"max_in_flight", "price", "timeout", "threads"}},
}


def player_model(player: AgentConfig, models: dict[str, Any], where: str) -> str:
    """The name of the model that plays. Raises ValueError where there is none, or more than one to choose from."""
    known = ", ".join(models)
    if player.model is None and len(models) > 1:
        raise ValueError(f"{where} names no model and there are several ({known}); set {where}.model")
    name = player.model or next(iter(models))
    if name not in models:
        raise ValueError(f"{where} is played by {name!r}, but [models] has only {known}")
    return name


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    if not isinstance(value, dict):
        return {path: value}
    return {
        key: inner for name, below in value.items() for key, inner in _flat(below, f"{path}.{name}".lstrip(".")).items()
    }
