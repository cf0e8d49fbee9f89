"""selection: which comparisons of one or many runs become pairs to train on; whatever is left out is counted with its reason."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from interalign.agents.seeds import generator
from interalign.errors import ConfigError
from interalign.graphs import ConversationTree, PairRule
from interalign.sim import read_trees
from interalign.training.pairs import preference_rows
from interalign.training.rows import Row, problem, replies
from interalign.training.similarity import near_identical

__all__ = ["PairOptions", "Selection", "balanced", "run_names", "select"]


@dataclass(frozen=True, slots=True)
class PairOptions:
    """How `interalign pairs` chooses."""

    judge: str | None = None
    """Whose verdicts count; the first judge's of each comparison unless given."""
    rule: PairRule = "all"
    """With more than two candidates: every decided comparison, or the best reply against the worst."""
    min_margin: float = 0.0
    """Verdicts below it make no pair."""
    max_similarity: float = 0.9
    """Pairs of which so many of the words are the same, or more, are dropped; 1 drops only those of the same words."""
    balance_turns: bool = False
    """Whether every turn gives the same number of pairs to train on."""
    eval_share: float = 0.1
    """The share of pairs to hold out; whole people are held out."""
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value, most in (
            ("--min-margin", self.min_margin, float("inf")),
            ("--max-similarity", self.max_similarity, 1.0),
            ("--eval-share", self.eval_share, 0.9),
        ):
            if not 0 <= value <= most:
                raise ConfigError(f"{name} {value} is not between 0 and {most}")


@dataclass
class Selection:
    """What was chosen, and how many comparisons were not, by reason."""

    rows: list[Row] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    judges: Counter[str] = field(default_factory=Counter)
    """Kept pairs by the judge who decided them."""
    comparisons: int = 0
    conversations: int = 0


def run_names(runs: Sequence[Path]) -> list[str]:
    """A name for each run, by its folder; equal ones are numbered.

    Raises:
        ConfigError: a run is given twice.
    """
    names: list[str] = []
    for place, run in enumerate(runs):
        if run.resolve() in [other.resolve() for other in runs[:place]]:
            raise ConfigError(f"{run} is given twice; its pairs would count double")
        base = run.resolve().stem if run.is_file() else run.resolve().name
        number = 1 + sum(other == base or other.startswith(f"{base}-") for other in names)
        names.append(base if base not in names else f"{base}-{number}")
    return names


def select(runs: Sequence[Path], options: PairOptions) -> Selection:
    """The pairs of all runs, in order.

    Raises:
        ConfigError: a run is given twice, or no run was judged by the judge asked for.
        MissingError, TreeError: a run has no trees, or a broken one.
    """
    found = Selection()
    known: Counter[str] = Counter()
    seen: set[tuple[str, ...]] = set()
    for name, run in zip(run_names(runs), runs, strict=True):
        for tree in read_trees(run):
            found.conversations += 1
            known.update(verdict.judge for verdicts in tree.verdicts.values() for verdict in verdicts)
            rows = _rows_of(tree, options, name, several=len(runs) > 1)
            _count_undecided(tree, options, len(rows), found)
            for row in rows:
                _keep(row, options, seen, found)
    if options.judge is not None and options.judge not in known:
        raise ConfigError(f"no run has verdicts of --judge {options.judge!r}; there are those of {_listed(known)}")
    return found


def _rows_of(tree: ConversationTree, options: PairOptions, run: str, several: bool) -> list[Row]:
    rows = list(preference_rows([tree], options.judge, rule=options.rule, margin=options.min_margin, run=run))
    for row in rows if several else ():
        row["conversation_id"] = f"{run}/{tree.id}"  # every run begins with c00000
    return rows


def _count_undecided(tree: ConversationTree, options: PairOptions, pairs: int, found: Selection) -> None:
    """Count what gave no pair at all."""
    decided = 0
    for (a, b), verdicts in tree.verdicts.items():
        found.comparisons += bool(verdicts)
        verdict = tree.verdict(a, b, options.judge)
        if verdict is None:
            found.dropped["not judged by this judge"] += 1
        elif not verdict.decided:
            found.dropped[verdict.outcome] += 1
        elif verdict.margin < options.min_margin:
            found.dropped["below the margin"] += 1
        else:
            decided += 1
    if decided > pairs:
        found.dropped["neither best nor worst"] += decided - pairs


def _keep(row: Row, options: PairOptions, seen: set[tuple[str, ...]], found: Selection) -> None:
    """Take the row in, or count why it is refused."""
    reason = problem(row)
    if reason is None and _alike(row, options):
        reason = "near-identical replies"
    mark = (*(message["content"] for message in row["prompt"]), *replies(row))
    if reason is None and mark in seen:
        reason = "the same pair again"
    if reason is not None:
        found.dropped[reason] += 1
        return
    seen.add(mark)
    found.judges[row["judge"]] += 1
    found.rows.append(row)


def _alike(row: Row, options: PairOptions) -> bool:
    chosen, rejected = replies(row)
    return near_identical(chosen, rejected, options.max_similarity)


def balanced(rows: Sequence[Row], seed: int) -> list[Row]:
    """As many rows of every turn as there are of the rarest, drawn by seed; in their order."""
    places: dict[Any, list[int]] = {}
    for place, row in enumerate(rows):
        places.setdefault(row["turn"], []).append(place)
    least = min(map(len, places.values()), default=0)
    kept = {
        place for turn, all_of in places.items() for place in generator(seed, "balance", turn).sample(all_of, least)
    }
    return [row for place, row in enumerate(rows) if place in kept]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in sorted(names)) or "nobody"
