"""comparison: two or more judges on the same trees, as wire data: comparison.json holds it, the reports show it.

A comparison is two sibling replies. Kappa and alpha take a, b and tie as three outcomes; a comparison that a judge left unscored,
or never saw, is missing for it: it counts in its own column, and in no agreement. In trees that `simulate` grew, a is the
responder that stands first in the cast, so that chance agreement takes account of a judge's leaning to one responder.
"""

from pydantic import BaseModel, ConfigDict

from interalign.evaluation.figures import Curve, Estimate
from interalign.evaluation.judging.estimates import Counted

__all__ = ["Agreement", "Comparison", "Flip", "JudgeSide", "Side"]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class JudgeSide(_Record):
    """What one judge makes of the trees."""

    name: str
    outcomes: dict[str, int]
    """Comparisons: decided, tie, unscored, and missing: those it never saw."""
    rows: int
    """Preference pairs: one for each decided comparison."""
    order_changes: Counted
    """Of its verdicts in both orders: the share that changes with the order."""
    wins: dict[str, Curve]
    """By responder: the share of comparisons that it wins, by turn."""
    levels: dict[str, Curve]
    """By responder: AL(k) in the judge's own unit; empty for judges without scores."""
    levels_note: str = ""
    """Where the scores are from, or why there are none."""


class Agreement(_Record):
    """Two judges."""

    first: str
    second: str
    kappa: Counted
    same: Counted
    """Of the comparisons that both scored: the share with the same outcome."""
    flipped: Counted
    """Of the comparisons that both decided: the share decided the other way."""
    rows_equal: int
    rows_swapped: int
    """Rows of both with chosen and rejected swapped."""
    rows_first_only: int
    rows_second_only: int
    win_gap: dict[str, Estimate]
    """By responder: its share of wins with the first judge minus that with the second, over all turns."""


class Side(_Record):
    """One reply of a flip."""

    agent: str
    text: str


class Flip(_Record):
    """A comparison that two of the judges decide differently."""

    conversation: str
    turn: int
    persona: tuple[str, ...]
    user: str
    a: Side
    b: Side
    outcomes: dict[str, str]
    """By judge; "missing" where it never saw the two."""


class Comparison(_Record):
    """Several judges on one run."""

    run: str
    conversations: int
    comparisons: int
    responders: tuple[str, ...]
    shown: tuple[str, ...]
    """Responders whose curves say everything: of two, the second one's win share is what the first one's lacks to 1."""
    judges: tuple[JudgeSide, ...]
    agreements: tuple[Agreement, ...]
    alpha: Counted
    """Krippendorff's alpha, nominal, over all judges."""
    flips: tuple[Flip, ...]
