"""pairs: preference pairs as training data."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from interalign.training import PairSet


class RuleName(StrEnum):
    """Which comparisons of more than two candidates make pairs."""

    all = "all"
    best_worst = "best-worst"


def pairs(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Run folders.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FOLDER", help="Where the training data goes.")],
    judge: Annotated[str | None, typer.Option(help="Whose verdicts count; the first judge's unless given.")] = None,
    rule: Annotated[
        RuleName, typer.Option(help="With more than two candidates: every decided pair, or the best against the worst.")
    ] = RuleName.all,
    min_margin: Annotated[float, typer.Option(help="Verdicts by less than this make no pair.")] = 0.0,
    max_similarity: Annotated[
        float, typer.Option(help="Pairs with this share of equal words, or more, are dropped.")
    ] = 0.9,
    balance_turns: Annotated[
        bool, typer.Option("--balance-turns", help="Take as many training pairs of every turn, drawn by seed.")
    ] = False,
    eval_share: Annotated[float, typer.Option(help="The share of pairs to hold out; whole people are held out.")] = 0.1,
    seed: Annotated[int, typer.Option(min=0)] = 0,
) -> None:
    """Write the preference pairs of runs as training data for `interalign train`, TRL and the Hugging Face hub.

    Example: interalign pairs runs/demo --out data/demo
    """
    from interalign.training import PairOptions, make_pairs

    options = PairOptions(
        judge=judge,
        rule=rule.value,
        min_margin=min_margin,
        max_similarity=max_similarity,
        balance_turns=balance_turns,
        eval_share=eval_share,
        seed=seed,
    )
    typer.echo(_described(make_pairs(runs, out, options)))


def _described(made: "PairSet") -> str:
    """What was written, in a few lines."""
    manifest = made.manifest
    train, held = manifest["train"], manifest["eval"]
    lines = [
        f"{train['pairs']} pairs of {train['personas']} personas to train on, {held['pairs']} of {held['personas']} others "
        f"to evaluate on, in {made.folder}"
    ]
    if manifest["dropped"]:
        lines.append("left out: " + ", ".join(f"{count} {reason}" for reason, count in manifest["dropped"].items()))
    if train["chosen_is_longer"] is not None:
        lines.append(
            f"length: the chosen reply is the longer one in {train['chosen_is_longer']:.0%} of the pairs, "
            f"{train['length_ratio']:.2f} times as long on average"
        )
    if made.warning:
        lines.append(f"warning: {made.warning}")
    return "\n".join(lines)
