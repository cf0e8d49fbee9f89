"""portrait: what one side of a card, the simulated users or the people, says and how."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from interalign.evaluation.bootstrap import ClusterBootstrap
from interalign.evaluation.curves import estimate, undefined
from interalign.evaluation.figures import Estimate
from interalign.evaluation.simulator.side import FAULTS, Side
from interalign.evaluation.simulator.talks import Talk

__all__ = ["Portrait", "portrait_of", "ratio_draws"]

# N conversations, L lengths
Array = NDArray[np.float64]


class Portrait(BaseModel):
    """One side of the card."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    conversations: int
    clusters: int
    """Profiles of personas; for people the conversations."""
    messages: int
    """Of the user."""
    words: Estimate
    """Of a message, the mean."""
    spread: tuple[int, int, int]
    """The 10 %, 50 % and 90 % quantile of the words of a message."""
    lengths: tuple[int, ...]
    """How many messages have 0, 1, 2, ... words; the last number is of all longer ones."""
    asking: Estimate
    """Share of messages with a question."""
    variety: Estimate
    """Moving-average type-token ratio over 50 words."""
    turns: Estimate
    """Messages of the user in a conversation."""
    goodbye: Estimate
    """Share of conversations whose last message of the user takes leave."""
    faults: dict[str, Estimate]
    """Share of messages with a fault."""
    disclosed: tuple[float, ...] | None = None
    """Mean share of the profile's facts that is out by turn 1, 2, ...; None where no persona is known."""
    stops: dict[str, int] = {}
    """Why conversations ended early."""


def portrait_of(side: Side, talks: Sequence[Talk]) -> Portrait:
    """All that is counted, with intervals."""
    lengths = side.length_counts()
    word_N = side.lengths_NL @ np.arange(side.lengths_NL.shape[1])
    ones_N = np.ones_like(side.messages_N)
    there_N = (~np.isnan(side.ratio_N)).astype(float)
    return Portrait(
        conversations=len(talks),
        clusters=side.bootstrap.count,
        messages=int(side.messages_N.sum()),
        words=_ratio(side, word_N, side.messages_N),
        spread=_quantiles(lengths),
        lengths=tuple(int(count) for count in lengths),
        asking=_ratio(side, side.asking_N, side.messages_N),
        variety=_ratio(side, np.nan_to_num(side.ratio_N), there_N),
        turns=_ratio(side, side.messages_N, ones_N),
        goodbye=_ratio(side, side.goodbye_N, ones_N),
        faults={fault: _ratio(side, side.faults_N[fault], side.messages_N) for fault in FAULTS},
        disclosed=_disclosed(talks),
        stops=dict(Counter(talk.stop for talk in talks if talk.stop).most_common()),
    )


def _ratio(side: Side, part_N: Array, whole_N: Array) -> Estimate:
    """A sum by another, with the interval from drawing conversations."""
    if not whole_N.sum():
        return undefined("too few words")
    return estimate(part_N.sum() / whole_N.sum(), ratio_draws(side.bootstrap, part_N, whole_N), side.bootstrap)


def ratio_draws(bootstrap: ClusterBootstrap, part_N: Array, whole_N: Array) -> Array:
    """A sum by another in each replicate; nan where there is nothing to divide by."""
    both_B2 = bootstrap.totals(np.stack([part_N, whole_N], axis=1))
    return both_B2[:, 0] / np.where(both_B2[:, 1] > 0, both_B2[:, 1], np.nan)


def _quantiles(counts_L: Array) -> tuple[int, int, int]:
    shares = np.cumsum(counts_L) / counts_L.sum()
    low, middle, high = (int(np.searchsorted(shares, share)) for share in (0.1, 0.5, 0.9))
    return low, middle, high


def _disclosed(talks: Sequence[Talk]) -> tuple[float, ...] | None:
    curves = [talk.disclosed for talk in talks if talk.disclosed is not None]
    if not curves:
        return None
    turns = range(max(len(curve) for curve in curves))
    return tuple(float(np.mean([curve[turn] for curve in curves if turn < len(curve)])) for turn in turns)
