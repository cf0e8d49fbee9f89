"""A tiny random model with a tokenizer of its own, and training data of a scripted run; each is made once."""

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from interalign.config import parse_config
from interalign.training import DPOSettings, PairOptions, SFTSettings, make_pairs

TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
SPECIAL = ["<|end|>", "<|pad|>", "<|system|>", "<|user|>", "<|assistant|>"]


@pytest.fixture(scope="session")
def tiny_tokenizer() -> Any:
    """A byte for a token, nearly."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bytes_of = pre_tokenizers.ByteLevel
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = bytes_of(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(initial_alphabet=bytes_of.alphabet(), special_tokens=SPECIAL, show_progress=False)
    inner.train_from_iterator(["what is it that you would like to talk about"], trainer)
    made = PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="<|end|>", pad_token="<|pad|>")
    made.chat_template = TEMPLATE
    return made


@pytest.fixture(scope="session")
def tiny_model(tiny_tokenizer: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a Llama with two layers, and its tokenizer. Only look at it."""
    import torch
    import trl  # noqa: F401 - what it imports is to be there before the garbage collector is told to leave it alone
    from transformers import LlamaConfig, LlamaForCausalLM
    from transformers.utils import logging

    torch.set_num_threads(1)
    torch.manual_seed(0)
    logging.disable_progress_bar()
    folder = tmp_path_factory.mktemp("models") / "tiny"
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    ends = {
        "bos_token_id": None,
        "eos_token_id": tiny_tokenizer.eos_token_id,
        "pad_token_id": tiny_tokenizer.pad_token_id,
    }
    LlamaForCausalLM(LlamaConfig(vocab_size=len(tiny_tokenizer), **sizes, **ends)).save_pretrained(folder)
    tiny_tokenizer.save_pretrained(folder)
    gc.collect()
    gc.freeze()  # every training collects garbage, which would take a second each among that many modules
    return folder


@pytest.fixture(scope="session")
def pair_data(scripted_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `interalign pairs` makes of a scripted run. Only look at it."""
    out = tmp_path_factory.mktemp("data") / "scripted"
    make_pairs([scripted_run], out, PairOptions(eval_share=0.2))
    return out


Settings = Callable[..., Any]


@pytest.fixture
def sft(tiny_model: Path, pair_data: Path) -> Settings:
    """SFT settings of two steps on the tiny model; keywords replace keys of `[train]`, `sections` others."""

    def make(sections: dict[str, Any] | None = None, **keys: Any) -> SFTSettings:
        return parse_config(settings(tiny_model, pair_data, sections, keys), SFTSettings)

    return make


@pytest.fixture
def dpo(tiny_model: Path, pair_data: Path) -> Settings:
    """DPO settings, likewise; from the model itself unless said otherwise."""

    def make(sections: dict[str, Any] | None = None, **keys: Any) -> DPOSettings:
        return parse_config(settings(tiny_model, pair_data, sections, {"start": "base", **keys}), DPOSettings)

    return make


def settings(model: Path, data: Path, sections: dict[str, Any] | None, keys: dict[str, Any]) -> dict[str, Any]:
    base = {"model": str(model), "data": str(data), "max_steps": 2, "batch": 2, "warmup": 0, "packing": "pairs"}
    lora = {} if keys.get("full") or keys.get("start", "base") != "base" else {"lora": {"r": 2, "alpha": 4}}
    return {"train": {**base, **keys}, **lora, **(sections or {})}
