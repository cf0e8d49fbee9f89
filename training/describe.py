"""describe: what a set of pairs looks like: by turn, by strategy, and whether length alone would tell chosen from rejected.

A judge that likes long replies gives pairs that teach length and nothing else. If the chosen reply is much more often the longer
one (or the shorter), the report says so, because no later figure will.
"""

from collections import Counter
from collections.abc import Sequence
from math import exp, log, sqrt
from statistics import fmean
from typing import Any

from interalign.training.rows import Row, replies

__all__ = ["describe_rows", "length_warning"]

_SKEWED = 0.6


def describe_rows(rows: Sequence[Row]) -> dict[str, Any]:
    """Counts and lengths of preference rows; every key is always there."""
    lengths = [tuple(len(text) for text in replies(row)) for row in rows]
    longer = sum(chosen > rejected for chosen, rejected in lengths)
    shorter = sum(chosen < rejected for chosen, rejected in lengths)
    margins = sorted(row["margin"] for row in rows)
    return {
        "pairs": len(rows),
        "conversations": len({row["conversation_id"] for row in rows}),
        "personas": len({row["persona_id"] for row in rows}),
        "profiles": len({row["profile"] for row in rows}),
        "turns": {str(turn): count for turn, count in sorted(Counter(row["turn"] for row in rows).items())},
        "chosen_by": dict(sorted(Counter(row["chosen_by"] for row in rows).items())),
        "median_margin": margins[len(margins) // 2] if margins else None,
        "chosen_characters": round(fmean(chosen for chosen, _ in lengths), 1) if lengths else None,
        "rejected_characters": round(fmean(rejected for _, rejected in lengths), 1) if lengths else None,
        "chosen_is_longer": _share(longer, shorter),
        "length_ratio": round(exp(fmean(log(chosen / rejected) for chosen, rejected in lengths)), 3)
        if lengths
        else None,
    }


def length_warning(rows: Sequence[Row]) -> str | None:
    """A sentence if the chosen reply is the longer one far more or less often than by chance; None otherwise.

    Far is a share beyond 60 % (or below 40 %) that a sign test puts more than two standard deviations from half.
    """
    lengths = [tuple(len(text) for text in replies(row)) for row in rows]
    longer = sum(chosen > rejected for chosen, rejected in lengths)
    shorter = sum(chosen < rejected for chosen, rejected in lengths)
    count = longer + shorter
    if not count or abs(longer - count / 2) <= sqrt(count):
        return None
    more, word = (longer, "longer") if longer >= shorter else (shorter, "shorter")
    if more / count <= _SKEWED:
        return None
    return (
        f"the chosen reply is the {word} one in {more / count:.0%} of {count} pairs: a model can learn length from them "
        "instead of the person; raise --min-margin, or use another --judge"
    )


def _share(longer: int, shorter: int) -> float | None:
    """Of the pairs of unequal length."""
    return round(longer / (longer + shorter), 3) if longer + shorter else None
