"""Models that read packed trees, and what their trainers are told."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest


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
