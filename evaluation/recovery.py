"""recovery: what a preference flip does to alignment, and how many turns it takes to come back (after RLPA, arXiv 2505.15456)."""

import numpy as np

from interalign.evaluation.metrics import alignment_levels
from interalign.evaluation.results import ModelResult, Recovery

__all__ = ["recovery_of"]


def recovery_of(model: ModelResult, flip_at: int) -> Recovery:
    """The user has other preferences from turn `flip_at` >= 2 on: the mean of AL(k) before, the lowest AL(k) after, and the turns
    from the flip until AL(k) is as high as that mean again: 0 where it never fell below it at the flip.
    """
    levels_K = alignment_levels(model.values())
    before_K, after_K = levels_K[: flip_at - 1], levels_K[flip_at - 1 :]
    if np.isnan(before_K).all() or np.isnan(after_K).all():
        return Recovery(note="no score before the change, or none after it")
    before, lowest = float(np.nanmean(before_K)), float(np.nanmin(after_K))
    back = np.flatnonzero(after_K >= before)
    if not len(back):
        return Recovery(before=before, lowest=lowest, note="not back by the last turn")
    return Recovery(before=before, lowest=lowest, turns=int(back[0]))
