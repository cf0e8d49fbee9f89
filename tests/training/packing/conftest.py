"""Conversation trees as rows, and models that read them."""

import random
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

Rows = list[dict[str, Any]]
TEXT = "hens barn rye bread night bus sister laughs at dawn when nobody 🦜 else is up to see it"
WORDS = TEXT.split(" ")


def say(rng: random.Random, role: str, longest: int = 12) -> dict[str, str]:
    return {"role": role, "content": " ".join(rng.choices(WORDS, k=rng.randint(1, longest)))}


def grow_rows(seed: int, turns: int = 3, width: int = 2, continued: int = 1, conversations: int = 1) -> Rows:
    """Preference rows of random trees: at each turn `width` replies, of which `continued` are answered by the user."""
    rng = random.Random(seed)
    rows: Rows = []
    for number in range(conversations):
        branches: list[list[dict[str, str]]] = [[]]
        for _ in range(turns):
            grown = []
            for branch in branches:
                prompt = [*branch, say(rng, "user")]
                replies = [say(rng, "assistant") for _ in range(width)]
                about = {"prompt": prompt, "conversation_id": f"c{number}"}
                best, *others = rng.sample(replies, width)
                rows += [{**about, "chosen": [best], "rejected": [other]} for other in others]
                grown += [[*prompt, reply] for reply in rng.sample(replies, continued)]
            branches = grown
    return rows


def completions(rows: Rows) -> Rows:
    return [
        {"prompt": row["prompt"], "completion": row["chosen"], "conversation_id": row["conversation_id"]}
        for row in rows
    ]


@pytest.fixture(scope="session")
def base_model(tiny_tokenizer: Any, tiny_model: Path) -> Any:
    """A Llama that predicts something else at every place. Take a copy of it."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(1)
    sizes = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
    ends = {
        "bos_token_id": None,
        "eos_token_id": tiny_tokenizer.eos_token_id,
        "pad_token_id": tiny_tokenizer.pad_token_id,
    }
    heads = {"num_key_value_heads": 2, "initializer_range": 0.3}
    return LlamaForCausalLM(LlamaConfig(vocab_size=len(tiny_tokenizer), **sizes, **ends, **heads))


@pytest.fixture
def model(base_model: Any) -> Any:
    return deepcopy(base_model)


@pytest.fixture
def with_lora() -> Callable[[Any], Any]:
    """Give a model an adapter that already does something, as a training that has gone on for a while would leave it."""

    def wrap(model: Any, moved: float = 0.1) -> Any:
        import torch
        from peft import LoraConfig, get_peft_model

        torch.manual_seed(2)
        wrapped = get_peft_model(model, LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM"))
        for name, parameter in wrapped.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(parameter, std=moved)
        return wrapped

    return wrap


@pytest.fixture
def options(tmp_path: Path) -> dict[str, Any]:
    """What both our trainers and TRL's are told."""
    return {
        "output_dir": str(tmp_path / "out"),
        "report_to": "none",
        "use_cpu": True,
        "bf16": False,
        "activation_checkpointing": False,
        "disable_tqdm": True,
        "logging_steps": 1,
        "save_strategy": "no",
        "dataloader_pin_memory": False,
        "logging_nan_inf_filter": False,
    }
