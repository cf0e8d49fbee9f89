"""Masks in their three forms, and which models can follow them."""

from copy import deepcopy
from typing import Any

import pytest
import torch
from torch.nn.attention.flex_attention import create_mask
from transformers import (
    BloomConfig,
    BloomForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    MambaConfig,
    MambaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    PreTrainedModel,
)
from tree_rows import grow_rows

from interalign.training.packing import ancestors, encode_rows, lay_out, model_refusal
from interalign.training.packing.attention import (
    blocks,
    dense_mask,
    flex_mask,
    mask_inputs,
    mask_rule,
    use_tree_attention,
)


@pytest.fixture(scope="module")
def end(tiny_tokenizer: Any) -> torch.Tensor:
    """Of a tree of a few hundred tokens."""
    return torch.as_tensor(lay_out(encode_rows(grow_rows(2, turns=3, width=3, continued=2), tiny_tokenizer)).end)


def test_the_mask_is_that_of_the_layout(end: torch.Tensor) -> None:
    assert torch.equal(dense_mask(end)[0, 0], torch.as_tensor(ancestors(end.numpy())))


@pytest.mark.parametrize("size", [1, 64, 10_000])
def test_blocks_hold_what_is_looked_at(end: torch.Tensor, size: int) -> None:
    again = torch.zeros(len(end), len(end), dtype=torch.bool)
    for block in blocks(end, size):
        again[block.start : block.end, block.keys] = block.mask
        assert block.mask.any(0).all()
    assert torch.equal(again, dense_mask(end)[0, 0])


def test_blocks_compute_a_part_of_the_whole(end: torch.Tensor) -> None:
    assert sum(block.mask.numel() for block in blocks(end, 64)) < 0.6 * len(end) ** 2


def test_flex_attention_is_told_the_same(end: torch.Tensor) -> None:
    size = len(end)
    told = create_mask(mask_rule(end), 1, 1, size, size, device="cpu")
    assert torch.equal(told, dense_mask(end))
    kept = flex_mask(end).to_dense()[0, 0].bool()  # which of its blocks of 128 by 128 are computed at all
    looked_at = dense_mask(end)[0, 0].float()
    for row in range(kept.shape[0]):
        for column in range(kept.shape[1]):
            part = looked_at[128 * row : 128 * row + 128, 128 * column : 128 * column + 128]
            assert kept[row, column] == bool(part.any())


def test_attention_in_blocks_predicts_what_sdpa_does(model: Any, end: torch.Tensor) -> None:
    ids = torch.randint(5, 200, (1, len(end)))
    other = deepcopy(model)
    use_tree_attention(other)
    positions = torch.arange(len(end))[None] % 50
    with torch.no_grad():
        dense = model(input_ids=ids, position_ids=positions, **mask_inputs(model, end)).logits
        sparse = other(input_ids=ids, position_ids=positions, **mask_inputs(other, end)).logits
    torch.testing.assert_close(sparse, dense, rtol=0, atol=1e-4)


def test_a_model_with_tree_attention_reads_plain_text_as_before(model: Any) -> None:
    ids = torch.randint(5, 200, (2, 9))
    padded = torch.tensor([[0, 0, *[1] * 7], [1] * 9])
    other = deepcopy(model)
    use_tree_attention(other)
    with torch.no_grad():
        assert torch.equal(other(ids).logits, model(ids).logits)
        assert torch.equal(other(ids, attention_mask=padded).logits[1], model(ids, attention_mask=padded).logits[1])


# -- models --------------------------------------------------------------------------------------

SMALL = {"vocab_size": 64, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}


def mistral(**more: Any) -> MistralForCausalLM:
    return MistralForCausalLM(MistralConfig(**SMALL, intermediate_size=32, num_key_value_heads=1, **more))


def test_learned_positions_can_be_packed() -> None:
    model = GPT2LMHeadModel(GPT2Config(vocab_size=64, n_embd=16, n_layer=2, n_head=2, n_positions=32))
    assert model_refusal(model, 30) is None


def test_a_sliding_window_is_refused_where_it_would_cut() -> None:
    model = mistral(sliding_window=20)
    assert model_refusal(model, 20) is None
    assert "look back 20 tokens (sliding_window)" in (model_refusal(model, 21) or "")


def test_an_attention_without_masks_is_refused() -> None:
    model = mistral()
    model.config._attn_implementation_internal = "flash_attention_2"
    assert "load it with attn_implementation='sdpa'" in (model_refusal(model, 9) or "")


@pytest.mark.parametrize(
    "model",
    [
        BloomForCausalLM(BloomConfig(vocab_size=64, hidden_size=16, n_layer=2, n_head=2)),
        MambaForCausalLM(MambaConfig(vocab_size=64, hidden_size=16, num_hidden_layers=2, state_size=4)),
    ],
    ids=["alibi", "state space"],
)
def test_models_that_cannot_follow_a_tree_are_refused(model: PreTrainedModel) -> None:
    assert model_refusal(model, 9)


def test_a_probe_leaves_the_model_as_it_was() -> None:
    model = mistral().train()
    assert model_refusal(model, 9) is None
    assert model.training
    assert all(parameter.grad is None for parameter in model.parameters())
