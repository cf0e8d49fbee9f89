"""Adapters as arrays: reading what PEFT writes, stacking, writing, and what is refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from interalign.errors import ConfigError, MissingError
from interalign.sim.adapters import Factors, Lora, adapter_digest, read_adapter, split_adapter, stack, write_adapter
from interalign.sim.adapters.tensors import read_tensors, write_tensors


def lora(
    seed: int = 0, rank: int = 3, modules: tuple[str, ...] = ("model.layers.0.self_attn.q_proj", "x.v_proj")
) -> Lora:
    draw = np.random.default_rng(seed)

    def random(*shape: int) -> Any:
        return draw.normal(size=shape).astype(np.float32)

    return Lora("base", {name: Factors(random(rank, 6), random(4, rank)) for name in modules})


def change(factors: Factors) -> Any:
    return factors.b @ factors.a


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    made = lora()
    write_adapter(made, tmp_path)
    found = read_adapter(tmp_path)
    assert (found.base, found.rank, set(found.modules)) == ("base", 3, set(made.modules))
    for name, factors in made.modules.items():
        assert np.array_equal(factors.a, found.modules[name].a)
        assert np.array_equal(factors.b, found.modules[name].b)


def test_a_stack_is_the_sum_and_survives_the_disk(tmp_path: Path) -> None:
    one, other = lora(0, 2), lora(1, 5, ("x.v_proj", "y.o_proj"))
    write_adapter(stack(one, other), tmp_path)
    both = read_adapter(tmp_path).modules
    assert {name: factors.rank for name, factors in both.items()} == {
        "model.layers.0.self_attn.q_proj": 2, "x.v_proj": 7, "y.o_proj": 5,
    }  # fmt: skip
    summed = change(one.modules["x.v_proj"]) + change(other.modules["x.v_proj"])
    assert np.allclose(change(both["x.v_proj"]), summed, atol=1e-5)
    assert np.allclose(change(both["y.o_proj"]), change(other.modules["y.o_proj"]), atol=1e-6)


def test_adapters_for_different_shapes_are_not_stacked() -> None:
    wide = Lora("b", {"x.v_proj": Factors(np.ones((2, 9), np.float32), np.ones((4, 2), np.float32))})
    with pytest.raises(ConfigError, match=r"for different models: the shapes of 'x.v_proj' differ"):
        stack(lora(), wide)


@pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing:FutureWarning")  # between peft and transformers
@pytest.mark.parametrize(
    "more", [{}, {"use_rslora": True}, {"rank_pattern": {"v_proj": 5}, "alpha_pattern": {"q_proj": 3}}]
)
def test_scales_and_patterns_are_those_of_peft(more: dict[str, Any], tmp_path: Path) -> None:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaConfig, LlamaForCausalLM

    sizes = {
        "hidden_size": 8,
        "intermediate_size": 8,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "vocab_size": 9,
    }
    config = LoraConfig(r=4, lora_alpha=6, target_modules=["q_proj", "v_proj"], init_lora_weights=False, **more)
    model = get_peft_model(LlamaForCausalLM(LlamaConfig(**sizes)), config)
    model.save_pretrained(tmp_path)
    found = read_adapter(tmp_path).modules
    assert len(found) == 4
    for name, factors in found.items():
        layer = model.base_model.model.get_submodule(name)
        wanted = layer.get_delta_weight("default").detach()
        assert torch.allclose(torch.from_numpy(change(factors)), wanted, atol=1e-5)


def test_half_precision_is_read(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    values = torch.tensor([[1.5, -2.25], [3.0, 1e-3]])
    for kind in (torch.bfloat16, torch.float16, torch.float64):
        save_file({"x": values.to(kind)}, tmp_path / "x.safetensors")
        assert np.allclose(read_tensors(tmp_path / "x.safetensors")["x"], values.to(kind).float().numpy(), atol=0)


def test_tensors_are_read_by_others(tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    made = {"b": np.arange(6, dtype=np.float32).reshape(2, 3), "a": np.ones((1,), np.float32)}
    write_tensors(tmp_path / "x.safetensors", made)
    found = load_file(tmp_path / "x.safetensors")
    assert all(np.array_equal(found[name], made[name]) for name in made)


@pytest.mark.parametrize("cut", [0, 5, 9, 60, -1])
def test_a_damaged_file_is_named(cut: int, tmp_path: Path) -> None:
    write_adapter(lora(), tmp_path)
    path = tmp_path / "adapter_model.safetensors"
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(ConfigError, match="no safetensors file that can be read"):
        read_adapter(tmp_path)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"peft_type": "IA3"}, "is a 'IA3' adapter; only 'LORA' ones are served"),
        ({"use_dora": True}, "was trained with use_dora = True"),
        ({"modules_to_save": ["lm_head"]}, "was trained with modules_to_save"),
        ({"bias": "all"}, "was trained with bias = 'all'"),
    ],
)
def test_adapters_of_other_kinds_are_refused(changes: dict[str, Any], said: str, tmp_path: Path) -> None:
    write_adapter(lora(), tmp_path)
    path = tmp_path / "adapter_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    with pytest.raises(ConfigError, match=said):
        read_adapter(tmp_path)


def test_numbers_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    made = lora()
    made.modules["x.v_proj"].b[0, 0] = np.nan
    write_adapter(made, tmp_path)
    with pytest.raises(ConfigError, match=r"'x.v_proj' hold numbers that are not finite; train it again"):
        read_adapter(tmp_path)


def test_a_missing_adapter_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="there is no such folder"):
        adapter_digest(tmp_path / "no")
    with pytest.raises(MissingError, match=r"it has no adapter_config.json with adapter_model.safetensors"):
        adapter_digest(tmp_path)


def test_the_digest_is_of_what_the_adapter_does(tmp_path: Path) -> None:
    for name, made in (("a", lora()), ("b", lora()), ("c", lora(1))):
        write_adapter(made, tmp_path / name)
    (tmp_path / "b" / "README.md").write_text("a note")
    assert adapter_digest(tmp_path / "a") == adapter_digest(tmp_path / "b") != adapter_digest(tmp_path / "c")


def test_base_and_adapter_are_told_apart(tmp_path: Path) -> None:
    odd = tmp_path / "a+b"
    odd.mkdir()
    assert split_adapter("smollm2-135m") == ("smollm2-135m", None)
    assert split_adapter("smollm2-135m+runs/x/dpo") == ("smollm2-135m", "runs/x/dpo")
    assert split_adapter(str(odd)) == (str(odd), None)
    assert split_adapter(f"base+{odd}") == ("base", str(odd))
    assert split_adapter(f"{odd}+{odd}") == (str(odd), str(odd))
    assert split_adapter("base+") == ("base+", None)
