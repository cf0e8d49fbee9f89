"""recovery: how soon a model is back where it was, after its user's preferences have changed (as in RLPA, arXiv 2505.15456)."""

from collections.abc import Sequence

import numpy as np

from interalign.evaluation.metrics import alignment_levels
from interalign.evaluation.results import ModelResult, Recovery

__all__ = ["WITHIN", "recovery_of", "recovery_turns"]

WITHIN = 0.25
"""How close to its former level, in points of the score, alignment has to come: a mean of scores is never quite the same again."""


def recovery_of(model: ModelResult, flip_at: int) -> Recovery:
    """That of a model's mean scores over the cases."""
    return recovery_turns(alignment_levels(model.values()).tolist(), flip_at)


def recovery_turns(levels: Sequence[float], flip_at: int, within: float = WITHIN) -> Recovery:
    """How many turns after the flip AL(k) is first no more than `within` below its mean before the flip.

    `levels` are AL(1), AL(2), ...; the user is another one from turn `flip_at` (2 or later) on. 0 turns: it never fell that far.
    A model that does not come back within the turns that were played has no number, and neither has one without scores there.

    Raises:
        ValueError: there is no level before the flip, or none after it.
    """
    levels_K = np.asarray(levels, dtype=np.float64)
    before_K, after_K = levels_K[: flip_at - 1], levels_K[flip_at - 1 :]
    if not len(before_K) or not len(after_K):
        raise ValueError(f"a flip at turn {flip_at} needs levels before and after it, not {len(levels)} levels")
    if np.isnan(levels_K).any():
        return Recovery(note="a turn has no score")
    level, lowest = float(before_K.mean()), float(after_K.min())
    back = np.flatnonzero(after_K >= level - within - 1e-9)
    if not len(back):
        return Recovery(before=level, lowest=lowest, note=f"not within {len(after_K)} turns")
    return Recovery(before=level, lowest=lowest, turns=int(back[0]))
