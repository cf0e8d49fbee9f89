"""The next-token probabilities of an engine, beside those of transformers: to compare a served adapter with a trained one."""

import asyncio
from collections.abc import Sequence
from typing import Any

import numpy as np
from autogen_core.models import UserMessage

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


async def next_tokens(engine: EmbeddedEngine, texts: Sequence[str] = TEXTS) -> list[dict[str, float]]:
    """The likeliest first tokens of the answers to the texts, with their log-probabilities; one call after the other."""
    found: list[dict[str, float]] = []
    asked = {"max_tokens": 1, "temperature": 0, "logprobs": True, "top_logprobs": 10}
    for text in texts:
        result = await engine.create([UserMessage(content=text, source="u")], extra_create_args=asked)
        assert result.logprobs
        likeliest = result.logprobs[0].top_logprobs or ()
        found.append({bytes(top.bytes or ()).decode(errors="replace"): top.logprob for top in likeliest})
    return found


def served(*models: str) -> list[list[dict[str, float]]]:
    """The same for several engines side by side: one question to each in turn."""

    async def ask() -> list[list[dict[str, float]]]:
        made = engines(*models)
        try:
            rounds = [[(await next_tokens(engine, [text]))[0] for engine in made] for text in TEXTS]
            return [list(column) for column in zip(*rounds, strict=True)]
        finally:
            for engine in made:
                await engine.close()

    return asyncio.run(ask())


def expected(model: Any, tokenizer: Any) -> list[dict[str, float]]:
    """What transformers says of every token."""
    import torch

    found: list[dict[str, float]] = []
    for text in TEXTS:
        chat = [{"role": "user", "content": text}]
        ids = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_tensors="pt", return_dict=True)
        with torch.no_grad():
            logprobs = model(**ids).logits[0, -1].log_softmax(-1)
        tokens = tokenizer.batch_decode([[place] for place in range(len(logprobs))])
        found.append(dict(zip(tokens, logprobs.tolist(), strict=True)))
    return found


def distance(one: Sequence[dict[str, float]], other: Sequence[dict[str, float]]) -> float:
    """The mean absolute difference of the log-probabilities of the tokens in `one`."""
    gaps = [abs(value - there[token]) for here, there in zip(one, other, strict=True) for token, value in here.items()]
    return float(np.mean(gaps))
