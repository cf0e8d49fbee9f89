"""results: what an evaluation measured: one score for each model, case and turn, or the reason why there is none.

Wire data alone: `results.json` holds it, statistics and reports are computed from it, and two files can be compared.
"""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

__all__ = ["CaseInfo", "Control", "Missing", "ModelResult", "Recovery", "Results"]

Control = Literal["generic", "echo", "oracle", "swap"]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class CaseInfo(_Record):
    """One case: the persona that the user agent plays."""

    id: str
    persona: str
    """The persona's id."""
    profile: str
    """The profile's id: cases of one profile are not independent, so intervals are clustered by it."""


class Missing(_Record):
    """A turn without a score. It is counted and shown, never taken for a zero."""

    case: str
    turn: int
    """From 1."""
    reason: str


class ModelResult(_Record):
    """One evaluated model, or one control, over all cases."""

    name: str
    control: Control | None = None
    """generic: the same reply to everybody. echo: parrots the user. oracle: sees the persona. swap: another model's dialogues,
    scored against the persona of another case."""
    of: str | None = None
    """The model that a control belongs to (swap, oracle); None for a control that stands alone."""
    scores: dict[str, list[list[float | None]]]
    """By criterion, "overall" always there: cases x turns, in the order of `Results.cases`; None where there is no score."""
    measures: dict[str, list[list[float | None]]] = {}
    """Anything else that is counted per case and turn: cases x turns ("disclosed", "questions", "profile_recall", ...)."""
    missing: tuple[Missing, ...] = ()

    def values(self, criterion: str = "overall") -> NDArray[np.float64]:
        """The scores of one criterion as an array (cases, turns), nan where there is none."""
        return np.array(self.scores[criterion], dtype=np.float64)


class Recovery(_Record):
    """How soon a model is back where it was after a change of its user's preferences (see evaluation/recovery.py)."""

    before: float | None = None
    """The mean of AL(k) before the change."""
    lowest: float | None = None
    """The lowest AL(k) after it."""
    turns: int | None = None
    """Turns after the change until AL(k) is back; 0: it never left. None: see `note`."""
    note: str = ""
    """Why there is no number."""


class Results(_Record):
    """One evaluation: the same cases, openings and seeds for every model, so that comparisons are paired."""

    cases: tuple[CaseInfo, ...]
    turns: int
    judge: str
    models: tuple[ModelResult, ...]
    provenance: dict[str, Any] = {}
    """Models, judge, digests of prompts, seeds, versions: what is needed to quote or repeat it. No secrets."""
    trees: dict[str, str] = {}
    """By model: the folder with its dialogues as trees, relative to the results' own folder."""
    flip_at: int | None = None
    """The first turn at which the user has another personality; None where preferences do not change."""
    recovery: dict[str, Recovery] = {}
    """By model, where they do."""
