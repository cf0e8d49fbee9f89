"""torch_rewards: rewards by a sequence classifier that is loaded here, one chat at a time, in a thread of its own."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from autogen_core.models import LLMMessage

from interalign.agents.judges.reward_model import Reward
from interalign.errors import ConfigError, MissingError
from interalign.sim.engines.base import wire_messages
from interalign.sim.torch_models import be_patient, check_weights, device, render

__all__ = ["TorchRewards"]


class TorchRewards:
    """A transformers sequence classifier with one output and a chat template: a folder or a name of the Hugging Face hub.

    Raises:
        MissingError: the train extra is not installed.
    """

    def __init__(self, weights: str) -> None:
        check_weights(weights, "the reward_model judge")
        self.weights = weights
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="rewards")
        self._loaded: tuple[Any, Any] | None = None

    def identity(self) -> dict[str, Any]:
        return {"weights": self.weights}

    async def of_chat(self, chat: Sequence[LLMMessage]) -> Reward:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self.measure, chat)

    def measure(self, chat: Sequence[LLMMessage]) -> Reward:
        """The reward of a chat. Blocking."""
        import torch

        model, tokenizer = self._load()
        tokens = render(tokenizer, wire_messages(chat), answer=False)
        room = getattr(model.config, "max_position_embeddings", None) or len(tokens)
        if len(tokens) > room:
            return Reward(None, f"the conversation and the reply have {len(tokens)} tokens, and the model reads {room}")
        with torch.inference_mode():
            value = float(model(input_ids=torch.tensor([tokens], device=model.device)).logits[0, 0])
        if value != value:
            return Reward(None, "the model's reward is not a number")
        return Reward(round(value, 6))

    def _load(self) -> tuple[Any, Any]:
        if self._loaded is None:
            self._loaded = _classifier(self.weights)
        return self._loaded


def _classifier(weights: str) -> tuple[Any, Any]:
    """The model and its tokenizer.

    Raises:
        MissingError: there is no such model.
        ConfigError: it is no classifier with one output, or has no chat template.
    """
    from interalign.sim.hf_models import hf_folder, load_tokenizer, quietly

    be_patient()
    folder = hf_folder(weights)
    tokenizer = load_tokenizer(weights)
    from transformers import AutoConfig, AutoModelForSequenceClassification

    try:
        outputs = AutoConfig.from_pretrained(folder).num_labels
        if outputs != 1:
            raise ConfigError(f"{weights!r} has {outputs} outputs; a reward model has one (num_labels = 1)")
        with quietly():
            model, found = AutoModelForSequenceClassification.from_pretrained(folder, output_loading_info=True)
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        if isinstance(error, ConfigError):
            raise
        raise MissingError(
            f"{weights!r} cannot be loaded as a reward model: {' '.join(str(error).split())[:200]}"
        ) from None
    if found["missing_keys"]:
        raise ConfigError(f"{weights!r} is no reward model: the weights of its output are not in the file")
    if not tokenizer.chat_template:
        raise ConfigError(f"{weights!r} has no chat template; a reward model that was trained on chats has one")
    return model.to(device()).eval(), tokenizer
