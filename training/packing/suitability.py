"""suitability: whether a model can read trees: its config says what a probe cannot show, and a probe shows the rest."""

from typing import Any

import torch

from interalign.training.packing.attention import TREE_ATTENTION, mask_inputs

__all__ = ["model_refusal"]

_TAKES_MASKS = ("sdpa", "eager", "flex_attention", TREE_ATTENTION)
_TOLERANCE = {torch.float64: 1e-6, torch.float32: 1e-3}
"""In units of the spread of the predictions; 0.1 for shorter numbers."""
_LOCAL = ("sliding_attention", "chunked_attention")

_IDS = (3, 5, 7, 11, 4, 6, 8, 9)
_PARENTS = (-1, 0, 1, 2, 1, 4, 0, 6)
_ENDS = (7, 5, 3, 3, 5, 5, 7, 7)
"""A tree of three paths, which part after one token and after two."""


def model_refusal(model: Any, longest: int) -> str | None:
    """None if the model can read trees whose longest path has `longest` tokens, or the reason why not."""
    config = model.config.get_text_config()
    attention = config._attn_implementation
    if attention not in _TAKES_MASKS:
        return f"its attention {attention!r} takes no mask of a tree; load it with attn_implementation='sdpa'"
    for name in ("sliding_window", "attention_chunk_size"):
        window = getattr(config, name, None)
        if window is not None and longest > window and _looks_back_only_so_far(config):
            return f"its layers look back {window} tokens ({name}), and the longest conversation has {longest}"
    try:
        apart = _probe(model)
    except Exception as error:  # noqa: BLE001 - any model may be given, and what it raises is the answer
        return f"it cannot be given positions and a mask ({' '.join(str(error).split())[:120]})"
    if not apart <= _TOLERANCE.get(model.dtype, 0.1):
        return "its attention does not follow a tree: packed, and path by path, its predictions differ"
    return None


def _looks_back_only_so_far(config: Any) -> bool:
    kinds = getattr(config, "layer_types", None)
    return kinds is None or any(kind in _LOCAL for kind in kinds)


@torch.no_grad()
def _probe(model: Any) -> float:
    """The largest difference between predictions for a small tree, packed and path by path, in units of their spread."""
    device = model.get_input_embeddings().weight.device
    ids = torch.tensor([_IDS], device=device)
    depths = [0]
    for parent in _PARENTS[1:]:
        depths.append(depths[parent] + 1)
    was_training = model.training
    model.eval()
    try:
        masks = mask_inputs(model, torch.tensor(_ENDS, device=device))
        positions = torch.tensor([depths], device=device)
        packed = model(input_ids=ids, position_ids=positions, use_cache=False, **masks).logits[0].float()
        return max(_difference(model, ids, packed, leaf) for leaf in (3, 5, 7))
    finally:
        model.train(was_training)


def _difference(model: Any, ids: torch.Tensor, packed: torch.Tensor, leaf: int) -> float:
    path = [leaf]
    while _PARENTS[path[0]] >= 0:
        path.insert(0, _PARENTS[path[0]])
    alone = model(input_ids=ids[:, path], use_cache=False).logits[0].float()
    return ((packed[path] - alone).abs().max() / alone.std()).item()
