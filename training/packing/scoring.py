"""scoring: log-probabilities of chosen tokens, without the logits of any other position and never of all of them at once.

A vocabulary is large: the logits of a tree would take more memory than the rest of its pass. So the model's output layer is
given another forward while a tree is read: it looks at the positions that predict a reply's token, chunk by chunk.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

__all__ = ["chosen_log_probs", "head_is_last", "scores", "scoring"]

_CHUNK = 2**26
"""Logits at a time: 256 MB in float32."""


@torch.no_grad()
def head_is_last(model: Any) -> bool:
    """Whether the output layer's numbers are the model's logits. Some models scale or cap them afterwards."""
    head = model.get_output_embeddings()
    seen: list[Tensor] = []
    hook = head.register_forward_hook(lambda _module, _inputs, output: seen.append(output))
    try:
        logits = model(input_ids=torch.tensor([[3, 5]], device=head.weight.device), use_cache=False).logits
    finally:
        hook.remove()
    return torch.equal(seen[-1].float(), logits.float())


@contextmanager
def scoring(head: Any, predictors: Tensor, targets: Tensor | None) -> Iterator[None]:
    """Let the output layer look at the positions `predictors` alone.

    It gives 1 x M log-probabilities of `targets`, or, where there are none, 1 x M x V logits.
    """
    logits_of = head.forward
    own = "forward" in vars(head)

    def forward(hidden: Tensor, *_: Any) -> Tensor:
        chosen = hidden[0, predictors]
        return (logits_of(chosen) if targets is None else scores(logits_of, chosen, targets))[None]

    head.forward = forward
    try:
        yield
    finally:
        if own:
            head.forward = logits_of
        else:
            del head.forward


def scores(logits_of: Callable[[Tensor], Tensor], hidden_mh: Tensor, targets_m: Tensor, chunk: int = _CHUNK) -> Tensor:
    """M log-probabilities in float32. What does not fit into one chunk is computed once more when gradients are."""
    vocabulary = logits_of(hidden_mh[:1]).shape[-1]
    length = max(1, chunk // vocabulary)
    if len(targets_m) <= length:
        return chosen_log_probs(logits_of(hidden_mh), targets_m)
    parts = zip(hidden_mh.split(length), targets_m.split(length), strict=True)
    return torch.cat([checkpoint(_part, logits_of, hidden, targets, use_reentrant=False) for hidden, targets in parts])


def _part(logits_of: Callable[[Tensor], Tensor], hidden: Tensor, targets: Tensor) -> Tensor:
    return chosen_log_probs(logits_of(hidden), targets)


def chosen_log_probs(logits_mv: Tensor, targets_m: Tensor) -> Tensor:
    """M log-probabilities in float32, whatever the logits are in."""
    logits_mv = logits_mv.float()
    return logits_mv.gather(1, targets_m[:, None])[:, 0] - logits_mv.logsumexp(1)
