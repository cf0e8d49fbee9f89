"""torch_logprobs: log-probabilities of replies, by a model that is loaded here.

A prompt is read in two parts: its system message, which is remembered for the other calls of the same conversation, and the rest;
then all replies in one batch. The parts depend on the prompt alone, so results are the same to the bit whatever is remembered.
The work runs in a thread of its own, one call at a time.
"""

import asyncio
import copy
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

from autogen_core.models import LLMMessage

from interalign.agents import Caller
from interalign.agents.judges.likelihood import LogProb
from interalign.sim.engines.base import wire_messages
from interalign.sim.torch_models import be_patient, check_weights, device, render

__all__ = ["TorchLogProbs"]

_REMEMBERED = 4
"""System messages whose keys and values are kept."""


class TorchLogProbs:
    """A causal language model with a chat template: a folder, a name of the Hugging Face hub, or "embedded:NAME".

    Raises:
        MissingError: the train extra is not installed, or there is no such embedded model.
    """

    def __init__(
        self, weights: str = "embedded:smollm2-135m", dtype: Literal["float32", "bfloat16"] = "float32"
    ) -> None:
        check_weights(weights, "the likelihood judge")
        self.weights = weights
        self.dtype = dtype
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="likelihood")
        self._loaded: tuple[Any, Any] | None = None
        self._systems: OrderedDict[tuple[int, ...], Any] = OrderedDict()

    def identity(self) -> dict[str, Any]:
        return {"weights": self.weights, "dtype": self.dtype}

    async def of_replies(
        self, prompt: Sequence[LLMMessage], replies: Sequence[str], caller: Caller, *, key: str
    ) -> list[LogProb]:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self.measure, prompt, replies)

    def measure(self, prompt: Sequence[LLMMessage], replies: Sequence[str]) -> list[LogProb]:
        """Mean log-probability a token of each reply after the prompt. Blocking."""
        model, tokenizer = self._load()
        wire = wire_messages(prompt)
        before = render(tokenizer, wire)
        texts = [tokenizer(reply, add_special_tokens=False)["input_ids"] for reply in replies]
        room = getattr(model.config, "max_position_embeddings", None) or len(before) + max(map(len, texts))
        problems = [_problem(len(before), len(tokens), room) for tokens in texts]
        readable = [tokens for tokens, problem in zip(texts, problems, strict=True) if not problem]
        means = iter(self._means(before, _head(tokenizer, wire), readable) if readable else ())
        return [LogProb(None, problem) if problem else LogProb(next(means)) for problem in problems]

    def _load(self) -> tuple[Any, Any]:
        if self._loaded is None:
            from interalign.sim.hf_models import load_hf

            be_patient()
            model, tokenizer = load_hf(self.weights, dtype=self.dtype)
            self._loaded = model.to(device()).eval(), tokenizer
        return self._loaded

    def _means(self, before: list[int], head: int, replies: Sequence[list[int]]) -> list[float]:
        import torch

        with torch.inference_mode():
            past = self._system(before[:head]) if head else None
            start = self._read(before[head:], past, last=1)
            past = start.past_key_values
            past.batch_repeat_interleave(len(replies))
            longest = max(map(len, replies))
            rows = [tokens + [0] * (longest - len(tokens)) for tokens in replies]
            after = self._read_rows(rows, past)
            first = start.logits[:, -1:].expand(len(replies), -1, -1)
            logits = torch.cat([first, after.logits[:, :-1]], dim=1).float()
            chosen = torch.tensor(rows, device=logits.device).unsqueeze(-1)
            found = logits.log_softmax(-1).gather(-1, chosen).squeeze(-1)
            return [float(row[: len(tokens)].mean()) for row, tokens in zip(found, replies, strict=True)]

    def _system(self, tokens: list[int]) -> Any:
        """The keys and values of a prompt's first part, for one use."""
        key = tuple(tokens)
        if key in self._systems:
            self._systems.move_to_end(key)
        else:
            self._systems[key] = self._read(tokens, None, last=1).past_key_values
            if len(self._systems) > _REMEMBERED:
                self._systems.popitem(last=False)
        return copy.deepcopy(self._systems[key])

    def _read(self, tokens: list[int], past: Any, last: int) -> Any:
        import torch

        model, _ = self._load()
        ids = torch.tensor([tokens], device=model.device)
        return model(input_ids=ids, past_key_values=past, use_cache=True, logits_to_keep=last)

    def _read_rows(self, rows: list[list[int]], past: Any) -> Any:
        """Shorter rows are filled up at their end, where nothing that counts can see it."""
        import torch

        model, _ = self._load()
        return model(input_ids=torch.tensor(rows, device=model.device), past_key_values=past, use_cache=True)


def _head(tokenizer: Any, wire: Sequence[dict[str, str]]) -> int:
    """How many tokens of the prompt depend on its system message alone."""
    if wire[0]["role"] != "system":
        return 0
    one, other = (render(tokenizer, [wire[0], {"role": "user", "content": text}]) for text in ("x", "?"))
    same = (place for place, (left, right) in enumerate(zip(one, other, strict=False)) if left != right)
    return next(same, 0)


def _problem(before: int, reply: int, room: int) -> str:
    if reply == 0:
        return "the reply is empty"
    if before + reply > room:
        return f"the conversation and the reply have {before + reply} tokens, and the model reads {room}"
    return ""
