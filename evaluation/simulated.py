"""simulated: benchmarks whose truth is known, to check that intervals cover it and tests keep their level.

A score is a normal variable, rounded to whole numbers and cut to 1 to 5. Its mean goes up by a set amount a turn; around it vary
the profile (shared by the models), what a model makes of this profile, the profile's own slope, the case, and the single reply.
Scores are missing completely at random. The expected score at each turn has a closed form, and so have average and slope.
"""

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from interalign.config import Config
from interalign.evaluation.results import CaseInfo, Missing, ModelResult, Results
from interalign.evaluation.student import normal_cdf

__all__ = ["SimulatedModel", "Simulation"]

_CUTS = (1.5, 2.5, 3.5, 4.5)


class SimulatedModel(Config):
    """A model by the line that its scores follow before they are rounded."""

    name: str = "model"
    start: float = 3.0
    """The mean at the first turn."""
    slope: float = 0.1


class Simulation(Config):
    """How benchmarks are drawn. Standard deviations are in points of the score."""

    models: tuple[SimulatedModel, ...] = (SimulatedModel(),)
    profiles: int = Field(default=20, ge=1)
    personalities: int = Field(default=5, ge=1)
    turns: int = Field(default=10, ge=1)
    profile: float = Field(default=0.4, ge=0)
    """Of the profile: some people are easier to please, for every model."""
    taste: float = Field(default=0.2, ge=0)
    """Of what one model makes of one profile: this clusters paired differences."""
    growth: float = Field(default=0.03, ge=0)
    """Of a profile's slope with one model: this clusters improvement rates."""
    case: float = Field(default=0.3, ge=0)
    reply: float = Field(default=0.7, gt=0)
    missing: float = Field(default=0.0, ge=0, lt=1)
    """The share of scores that are not there."""

    def truth(self, model: SimulatedModel) -> NDArray[np.float64]:
        """The expected score at each turn."""
        turns_K = np.arange(self.turns)
        mean_K = model.start + model.slope * turns_K
        fixed = self.profile**2 + self.taste**2 + self.case**2 + self.reply**2
        spread_K = np.sqrt(fixed + (self.growth * (turns_K - turns_K.mean())) ** 2)
        above_K = [
            sum(normal_cdf((mean - cut) / spread) for cut in _CUTS)
            for mean, spread in zip(mean_K, spread_K, strict=True)
        ]
        return 1 + np.array(above_K)

    def draw(self, seed: int) -> Results:
        """One benchmark: the same cases for all models."""
        draw = np.random.default_rng(seed)
        profile_G = draw.normal(0, self.profile, self.profiles)
        case_GP = draw.normal(0, self.case, (self.profiles, self.personalities))
        shared_GPK = (profile_G[:, None] + case_GP)[..., None]
        models = [self._model(model, shared_GPK, draw) for model in self.models]
        return Results(cases=self._cases(), turns=self.turns, judge="simulated", models=tuple(models))

    def _cases(self) -> tuple[CaseInfo, ...]:
        places = [(profile, person) for profile in range(self.profiles) for person in range(self.personalities)]
        return tuple(
            CaseInfo(
                id=f"case-{place:04d}", persona=f"profile-{profile}+personality-{person}", profile=f"profile-{profile}"
            )
            for place, (profile, person) in enumerate(places)
        )

    def _model(self, model: SimulatedModel, shared_GPK: NDArray[np.float64], draw: np.random.Generator) -> ModelResult:
        turns_K = np.arange(self.turns)
        taste_G = draw.normal(0, self.taste, self.profiles)
        growth_G = draw.normal(0, self.growth, self.profiles)
        own_GK = taste_G[:, None] + growth_G[:, None] * (turns_K - turns_K.mean())
        reply_GPK = draw.normal(0, self.reply, (self.profiles, self.personalities, self.turns))
        latent_GPK = model.start + model.slope * turns_K + shared_GPK + own_GK[:, None] + reply_GPK
        scores_GPK = np.clip(np.rint(latent_GPK), 1, 5)
        gone_GPK = draw.random(scores_GPK.shape) < self.missing
        return _recorded(model.name, scores_GPK.reshape(-1, self.turns), gone_GPK.reshape(-1, self.turns))


def _recorded(name: str, scores_NK: NDArray[np.float64], gone_NK: NDArray[np.bool_]) -> ModelResult:
    rows: list[list[float | None]] = [
        [None if lost else score for score, lost in zip(row, lost_row, strict=True)]
        for row, lost_row in zip(scores_NK.tolist(), gone_NK.tolist(), strict=True)
    ]
    missing = tuple(
        Missing(case=f"case-{case:04d}", turn=turn + 1, reason="left out by the simulation")
        for case, turn in np.argwhere(gone_NK).tolist()
    )
    return ModelResult(name=name, scores={"overall": rows}, missing=missing)
