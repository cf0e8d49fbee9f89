"""attention: a layout's mask in the form that pays: dense, in blocks of what is really looked at (CPU), or FlexAttention's (GPU).

Most of a tree's N x N mask is empty, because siblings do not see each other, and trees beside each other even less. Dense attention
computes all of it. On a CPU each block of queries is given only the keys that one of them sees.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import repeat_kv, sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

__all__ = [
    "TREE_ATTENTION",
    "Block",
    "blocks",
    "dense_mask",
    "flex_mask",
    "mask_inputs",
    "mask_rule",
    "use_tree_attention",
]

TREE_ATTENTION = "interalign_tree"
"""The name under which transformers knows the attention in blocks. Without blocks it is sdpa."""
_BLOCK = 128


class Block(NamedTuple):
    """Queries from `start` to `end`, the keys that they see, and which of them sees which."""

    start: int
    end: int
    keys: Tensor
    mask: Tensor


def mask_rule(end: Tensor) -> Callable[[Any, Any, Any, Any], Tensor]:
    """FlexAttention's form of the rule: a token sees those whose descendants reach to it. `end` is N long."""

    def sees(batch: Any, head: Any, query: Tensor, key: Tensor) -> Tensor:
        return (key <= query) & (query <= end[key])

    return sees


def dense_mask(end: Tensor) -> Tensor:
    """1 x 1 x N x N booleans, for sdpa and eager attention."""
    place = torch.arange(len(end), device=end.device)
    return mask_rule(end)(None, None, place[:, None], place[None, :])[None, None]


def flex_mask(end: Tensor) -> Any:
    """FlexAttention's sparse blocks, of which those without any pair of tokens are skipped."""
    from torch.nn.attention.flex_attention import create_block_mask

    size = len(end)
    return create_block_mask(mask_rule(end), B=None, H=None, Q_LEN=size, KV_LEN=size, device=str(end.device))


def blocks(end: Tensor, size: int = _BLOCK) -> tuple[Block, ...]:
    """Blocks of queries that follow each other, together all N."""
    parts = []
    for start, mask in zip(range(0, len(end), size), dense_mask(end)[0, 0].split(size), strict=True):
        keys = mask.any(0).nonzero()[:, 0]
        parts.append(Block(start, start + len(mask), keys, mask[:, keys]))
    return tuple(parts)


def mask_inputs(model: Any, end: Tensor) -> dict[str, Any]:
    """What a model is given beside the tokens and their positions."""
    attention = model.config.get_text_config()._attn_implementation
    if attention == "flex_attention":
        return {"attention_mask": flex_mask(end)}
    if attention == TREE_ATTENTION:
        return {"attention_mask": dense_mask(end), "tree_blocks": blocks(end)}
    return {"attention_mask": dense_mask(end)}


def use_tree_attention(model: Any) -> None:
    """Let a model that uses sdpa attend in blocks, which is what pays on a CPU."""
    if model.config.get_text_config()._attn_implementation == "sdpa":
        AttentionInterface.register(TREE_ATTENTION, _attend)
        AttentionMaskInterface.register(TREE_ATTENTION, sdpa_mask)
        model.set_attn_implementation(TREE_ATTENTION)


def _attend(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    tree_blocks: tuple[Block, ...] | None = None,
    **more: Any,
) -> tuple[Tensor, None]:
    if tree_blocks is None:
        return sdpa_attention_forward(module, query, key, value, attention_mask, dropout, scaling, **more)
    groups = query.shape[1] // key.shape[1]
    key, value = repeat_kv(key, groups), repeat_kv(value, groups)
    parts = [
        F.scaled_dot_product_attention(
            query[:, :, block.start : block.end],
            key[:, :, block.keys],
            value[:, :, block.keys],
            attn_mask=block.mask,
            dropout_p=dropout,
            scale=scaling,
        )
        for block in tree_blocks
    ]
    return torch.cat(parts, dim=2).transpose(1, 2).contiguous(), None
