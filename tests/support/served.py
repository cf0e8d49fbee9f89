"""The next-token probabilities of an engine, beside those of transformers: to compare a served adapter with a trained one."""

import asyncio
from collections.abc import Sequence
from typing import Any

import numpy as np
from autogen_core.models import UserMessage
from tiny_gguf import byte_letters

from interalign.sim.adapters import Factors, Lora
from interalign.sim.engines import EmbeddedConfig, EmbeddedEngine

TEXTS = (
    "Guess what, my six hens behind the garage are laying again!",
    "What a day.",
    "My sister is out driving her night bus in Leeds again. Do you like buses?",
    "Keep it short, please.",
)


def random_lora(model: Any, rank: int = 4, strength: float = 0.06, seed: int = 0) -> Lora:
    """An adapter of every linear module in a model's layers: random, and strong enough to be seen."""
    draw = np.random.default_rng(seed)
    shapes = {
        name.removesuffix(".weight"): tuple(weight.shape)
        for name, weight in model.named_parameters()
        if name.endswith("_proj.weight")
    }
    return Lora(
        "base",
        {
            name: Factors(
                draw.normal(size=(rank, inputs), scale=inputs**-0.5).astype(np.float32),
                draw.normal(size=(outputs, rank), scale=strength).astype(np.float32),
            )
            for name, (outputs, inputs) in shapes.items()
        },
    )


def engines(*models: str, **more: Any) -> list[EmbeddedEngine]:
    settings = {"context": 2048, "max_in_flight": 4, "threads": 1, **more}
    return [EmbeddedEngine(EmbeddedConfig(engine="embedded", model=model, **settings)) for model in models]


async def next_tokens(engine: EmbeddedEngine, texts: Sequence[str] = TEXTS) -> list[dict[bytes, float]]:
    """The likeliest first tokens of the answers to the texts, with their log-probabilities; one call after the other."""
    found: list[dict[bytes, float]] = []
    asked = {"max_tokens": 1, "temperature": 0, "logprobs": True, "top_logprobs": 10}
    for text in texts:
        result = await engine.create([UserMessage(content=text, source="u")], extra_create_args=asked)
        assert result.logprobs
        likeliest = result.logprobs[0].top_logprobs or ()
        found.append({bytes(top.bytes or ()): top.logprob for top in likeliest})
    return found


def served(*models: str) -> list[list[dict[bytes, float]]]:
    """The same for several engines side by side: one question to each in turn."""

    async def ask() -> list[list[dict[bytes, float]]]:
        made = engines(*models)
        try:
            rounds = [[(await next_tokens(engine, [text]))[0] for engine in made] for text in TEXTS]
            return [list(column) for column in zip(*rounds, strict=True)]
        finally:
            for engine in made:
                await engine.close()

    return asyncio.run(ask())


def expected(model: Any, tokenizer: Any) -> list[dict[bytes, float]]:
    """What transformers says of every token."""
    import torch

    byte_of = {letter: byte for byte, letter in enumerate(byte_letters())}
    tokens = tokenizer.convert_ids_to_tokens(range(len(tokenizer)))
    names = [bytes(byte_of.get(letter, 0) for letter in token) for token in tokens]
    found: list[dict[bytes, float]] = []
    for text in TEXTS:
        chat = [{"role": "user", "content": text}]
        ids = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_tensors="pt", return_dict=True)
        with torch.no_grad():
            logprobs = model(**ids).logits[0, -1].log_softmax(-1)
        found.append(dict(zip(names, logprobs.tolist(), strict=False)))
    return found


def distance(one: Sequence[dict[bytes, float]], other: Sequence[dict[bytes, float]]) -> float:
    """The mean absolute difference of the log-probabilities of the tokens that both have."""
    pairs = [(value, there.get(token)) for here, there in zip(one, other, strict=True) for token, value in here.items()]
    gaps = [abs(value - known) for value, known in pairs if known is not None]
    return float(np.mean(gaps))
