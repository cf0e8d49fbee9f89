"""losses: what the trainers minimise, as pure functions of log-probabilities. R = replies, P = pairs, M = scored tokens."""

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["dpo_losses", "reply_log_probs"]


def reply_log_probs(log_probs_m: Tensor, reply: Tensor, slot: Tensor, replies: int) -> Tensor:
    """R: the log-probability of each reply, the sum over its tokens. A token may belong to several replies."""
    sums_r = torch.zeros(replies, dtype=log_probs_m.dtype, device=log_probs_m.device)
    return sums_r.index_add(0, reply, log_probs_m[slot])


def dpo_losses(policy_r: Tensor, reference_r: Tensor, beta: float) -> tuple[Tensor, Tensor, Tensor]:
    """P losses and the implicit rewards of chosen and rejected; the R = 2 P replies are all chosen, then all rejected.

    The sigmoid loss of Rafailov et al., "Direct Preference Optimization" (arXiv 2305.18290), equation 7:
    -log sigma(beta [(log pi(y_w|x) - log ref(y_w|x)) - (log pi(y_l|x) - log ref(y_l|x))]).
    """
    chosen_p, rejected_p = (beta * (policy_r - reference_r)).chunk(2)
    return -F.logsigmoid(chosen_p - rejected_p), chosen_p.detach(), rejected_p.detach()
