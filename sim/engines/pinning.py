"""pinning: a config that names an adapter's folder is given the hash of what lies there, so that its digest means the weights."""

from collections.abc import Mapping

from interalign.sim.adapters import adapter_digest, require_digest, split_adapter
from interalign.sim.engines.embedded import EmbeddedConfig
from interalign.sim.engines.openai_api import OpenAIConfig
from interalign.sim.engines.scripted import ScriptedConfig
from interalign.sim.engines.vllm import VLLMConfig

__all__ = ["pin_adapters"]

AnyEngine = ScriptedConfig | EmbeddedConfig | OpenAIConfig | VLLMConfig


def pin_adapters(models: Mapping[str, AnyEngine]) -> dict[str, AnyEngine]:
    """The `[models]` with the hashes of their adapters.

    Raises:
        MissingError: an adapter is not there.
        ConfigError: a section has the hash of another adapter.
    """
    return {name: _pinned(model) for name, model in models.items()}


def _pinned(model: AnyEngine) -> AnyEngine:
    if not isinstance(model, (EmbeddedConfig, VLLMConfig)) or (isinstance(model, VLLMConfig) and model.base_url):
        return model
    _, folder = split_adapter(model.model)
    if folder is None:
        return model
    found = adapter_digest(folder)
    require_digest(folder, found, model.adapter_sha256)
    return model.model_copy(update={"adapter_sha256": found})
