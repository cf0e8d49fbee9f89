"""findings: what a loop came to: the difference that training made on held-out people, and what speaks against it."""

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from interalign.evaluation import Results
from interalign.evaluation.figures import Difference, Estimate, Figures
from interalign.evaluation.statistics import compute_figures
from interalign.loop.config import LoopConfig
from interalign.loop.copying import mean_copied
from interalign.loop.folder import LoopFolder, StageRecord
from interalign.sim import read_trees

__all__ = ["Findings", "Gain", "ModelLine", "find"]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Gain(_Record):
    """A tuned model minus the base model, on the same cases and turns."""

    model: str
    base: str
    average: Estimate
    p: float | None
    """Two-sided, by flipping the signs of whole profiles; corrected for the number of rounds."""
    pairs: int

    @property
    def is_above_zero(self) -> bool:
        return self.average.low is not None and self.average.low > 0

    @property
    def is_below_zero(self) -> bool:
        return self.average.high is not None and self.average.high < 0


class ModelLine(_Record):
    """One model or control in the report's table."""

    name: str
    control: bool
    score: Estimate
    words: float | None
    """Of a reply, on average."""
    copied: float | None
    """The share of its word pairs that the user has just said."""


class Findings(_Record):
    """Everything that the report says."""

    title: str
    cases: int
    profiles: int
    turns: int
    judge: str
    """Who scored the evaluation."""
    labellers: tuple[str, ...]
    """Whose verdicts the training pairs are made of."""
    pairs: tuple[int, ...]
    """Trained on, round by round."""
    gains: tuple[Gain, ...]
    """Of each round, the last one last."""
    against: tuple[Gain, ...]
    """The last tuned model against each control, in the same way."""
    models: tuple[ModelLine, ...]
    stages: tuple[StageRecord, ...]
    cautions: tuple[str, ...]

    @property
    def last(self) -> Gain:
        return self.gains[-1]

    @property
    def verdict(self) -> str:
        """Whether training has helped, in a sentence."""
        if self.last.average.value is None:
            return f"Nothing can be said of the gain: {self.last.average.note}."
        if self.last.is_above_zero:
            return "The gain is above zero: its whole interval is."
        if self.last.is_below_zero:
            return "Training has made the model worse: the whole interval is below zero."
        return "No gain can be shown: the interval has zero in it."


def find(config: LoopConfig, folder: LoopFolder, results: Results) -> Findings:
    """Put together what the folder's stages have left."""
    figures = compute_figures(results)
    base = config.trained
    names = [config.tuned_name(number) for number in range(1, config.training.rounds + 1)]
    gains = tuple(_gain(one) for name in names for one in figures.differences if (one.a, one.b) == (name, base))
    against = tuple(_gain(one) for one in figures.differences if one.a == names[-1] and one.family == "controls")
    models = tuple(_line(figures, results, folder.path / "evaluation", model.name) for model in figures.models)
    manifests = [_pairs_of(folder, number) for number in range(1, config.training.rounds + 1)]
    labellers = tuple(sorted({name for labels, _ in manifests for name in labels}))
    return Findings(
        title=folder.path.name,
        cases=len(results.cases),
        profiles=figures.method.profiles,
        turns=results.turns,
        judge=results.judge,
        labellers=labellers,
        pairs=tuple(count for _, count in manifests),
        gains=gains,
        against=against,
        models=models,
        stages=tuple(folder.stages()),
        cautions=tuple(_cautions(results.judge, labellers, models, base, names[-1], figures.warnings)),
    )


def _gain(one: Difference) -> Gain:
    return Gain(model=one.a, base=one.b, average=one.average, p=one.p_holm, pairs=one.pairs)


def _line(figures: Figures, results: Results, evaluation: Path, name: str) -> ModelLine:
    model = next(one for one in figures.models if one.name == name)
    words = model.measures.get("words")
    swapped = model.control == "swap"
    trees = evaluation / results.trees[name]
    return ModelLine(
        name=name,
        control=model.control is not None,
        score=model.overall.average,
        words=None if words is None or swapped else words.average.value,
        copied=None if swapped or not (trees / "trees.jsonl").is_file() else mean_copied(read_trees(trees)),
    )


def _pairs_of(folder: LoopFolder, number: int) -> tuple[set[str], int]:
    """Who labelled the pairs of a round, and how many were trained on."""
    from interalign.training import read_pair_set
    from interalign.training.rows import read_rows

    place = folder.round(number, "pairs")
    manifest = read_pair_set(place)
    return {row["judge"] for row in read_rows(place / "train.jsonl")}, manifest["train"]["pairs"]


def _cautions(
    judge: str, labellers: Sequence[str], models: Sequence[ModelLine], base: str, tuned: str, warnings: Sequence[str]
) -> list[str]:
    """What a reader is to know before the figure is believed."""
    found: list[str] = []
    if judge in labellers:
        found.append(f"{judge} labelled the training pairs, too: the gain may be one in its eyes alone.")
    by_name = {model.name: model for model in models}
    before, after = by_name[base], by_name[tuned]
    if before.words and after.words and not 0.8 <= after.words / before.words <= 1.25:
        found.append(f"The tuned model's replies have {after.words:.1f} words, the base model's {before.words:.1f}.")
    if before.copied is not None and after.copied is not None and after.copied > max(0.1, 1.25 * before.copied):
        found.append(
            f"{after.copied:.0%} of the tuned model's word pairs are what the user has just said, of the base model's "
            f"{before.copied:.0%}: part of the gain may be an echo."
        )
    return [*found, *warnings]
