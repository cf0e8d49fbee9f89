"""pinning: a config that names an adapter's folder is given the hash of what lies there, so that its digest means the weights."""

from typing import Any, Protocol, TypeVar

from interalign.sim.adapters import adapter_digest, require_digest, split_adapter
from interalign.sim.engines.embedded import EmbeddedConfig
from interalign.sim.engines.vllm import VLLMConfig

__all__ = ["pin_adapters"]


class _HasModels(Protocol):
    @property
    def models(self) -> dict[str, Any]: ...

    def model_copy(self, *, update: Any) -> Any: ...


C = TypeVar("C", bound=_HasModels)


def pin_adapters(config: C) -> C:
    """The config with the hashes of the adapters in its `[models]`.

    Raises:
        MissingError: an adapter is not there.
        ConfigError: a section has the hash of another adapter.
    """
    models = {name: _pinned(model) for name, model in config.models.items()}
    return config if models == config.models else config.model_copy(update={"models": models})


def _pinned(model: Any) -> Any:
    if not isinstance(model, (EmbeddedConfig, VLLMConfig)) or (isinstance(model, VLLMConfig) and model.base_url):
        return model
    _, folder = split_adapter(model.model)
    if folder is None:
        return model
    found = adapter_digest(folder)
    require_digest(folder, found, model.adapter_sha256)
    return model.model_copy(update={"adapter_sha256": found})
