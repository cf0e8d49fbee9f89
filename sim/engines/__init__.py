"""engines: the model endpoints, all of them autogen-core ChatCompletionClients."""

from typing import Annotated, Any, assert_never

from pydantic import Field

from interalign.sim.engines.base import Engine, EngineUsage
from interalign.sim.engines.embedded import EmbeddedConfig, EmbeddedEngine
from interalign.sim.engines.openai_api import OpenAIConfig, OpenAIEngine
from interalign.sim.engines.scripted import ScriptedConfig, ScriptedEngine
from interalign.sim.engines.vllm import VLLMConfig, VLLMEngine, served_with_adapters

__all__ = [
    "EmbeddedConfig",
    "EmbeddedEngine",
    "Engine",
    "EngineConfig",
    "EngineUsage",
    "OpenAIConfig",
    "OpenAIEngine",
    "ScriptedConfig",
    "ScriptedEngine",
    "VLLMConfig",
    "VLLMEngine",
    "make_engine",
    "served_with_adapters",
]

EngineConfig = Annotated[ScriptedConfig | EmbeddedConfig | OpenAIConfig | VLLMConfig, Field(discriminator="engine")]


def make_engine(config: EngineConfig) -> Engine[Any]:
    """The engine that a `[models.NAME]` section describes. Raises MissingError or ConfigError where it cannot start."""
    if isinstance(config, ScriptedConfig):
        return ScriptedEngine(config)
    if isinstance(config, EmbeddedConfig):
        return EmbeddedEngine(config)
    if isinstance(config, OpenAIConfig):
        return OpenAIEngine(config)
    if isinstance(config, VLLMConfig):
        return VLLMEngine(config)
    assert_never(config)
