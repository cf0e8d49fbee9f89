"""figures: everything that is computed from the scores of an evaluation, as wire data: `figures` in results.json.

A figure that cannot be computed is None and says why; nothing here is ever nan.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from interalign.evaluation.results import Control, Recovery

__all__ = ["Alignment", "Curve", "Difference", "Estimate", "Family", "Figures", "Method", "ModelFigures"]

Family = Literal["models", "controls"]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Estimate(_Record):
    """A figure with its 95 % interval."""

    value: float | None
    low: float | None = None
    high: float | None = None
    note: str = ""
    """Why there is no value, or no interval; empty otherwise."""

    @property
    def has_interval(self) -> bool:
        return self.low is not None and self.high is not None


class Curve(_Record):
    """Something counted at each turn: a criterion's scores, or a measure."""

    levels: tuple[Estimate, ...]
    """The mean at turn 1, 2, ... over the cases that have a value there."""
    average: Estimate
    """The mean of the levels."""
    rate: Estimate
    """The slope of the levels over the turns."""
    r2: Estimate
    normalised_rate: Estimate
    normalised_r2: Estimate
    missing: tuple[int, ...]
    """At each turn: cases without a value."""


class ModelFigures(_Record):
    """One model or control."""

    name: str
    control: Control | None = None
    of: str | None = None
    overall: Curve
    criteria: dict[str, Curve] = {}
    """The other criteria."""
    measures: dict[str, Curve] = {}
    recovery: Recovery | None = None
    """Where the evaluation has a preference flip."""
    replies: int
    """Cases times turns."""
    missing: int
    """How many of them have no overall score."""
    reasons: dict[str, int] = {}
    """Why they are missing, the most frequent first."""


class Difference(_Record):
    """Two models on the cases and turns that both have a score for: a minus b."""

    a: str
    b: str
    family: Family
    """models: among evaluated models. controls: a model against a control. Holm's correction is within a family."""
    pairs: int
    """Scores of both, in pairs of the same case and turn."""
    average: Estimate
    rate: Estimate
    p: float | None
    """Of the average, two-sided, by flipping the signs of whole profiles; None where there is nothing to compare."""
    p_holm: float | None
    effect: Estimate
    """d_z: the mean of the cases' mean differences by their standard deviation."""
    detectable: float | None
    """The smallest difference that such an evaluation finds in 4 of 5 attempts (power 0.8, p < 0.05 uncorrected)."""


class Alignment(_Record):
    """Where a model stands between a control that knows nothing of its user (0) and one that knows all (1)."""

    model: str
    generic: str
    oracle: str
    value: Estimate


class Method(_Record):
    """How the figures were made."""

    cases: int
    profiles: int
    confidence: float
    interval: str
    replicates: int
    seed: int
    test: str
    correction: str
    version: str


class Figures(_Record):
    """All figures of an evaluation."""

    models: tuple[ModelFigures, ...]
    differences: tuple[Difference, ...]
    alignment: tuple[Alignment, ...]
    warnings: tuple[str, ...]
    method: Method
