"""pairing: which preference pairs a turn's verdicts make, by an explicit rule.

    all          every two replies of which one was preferred
    best-worst   the best reply with the worst, at most one pair a turn

Ties and unscored comparisons never make a pair, whatever the rule.
"""

from collections.abc import Mapping
from itertools import product
from typing import Literal, assert_never

from interalign.agents import Verdict
from interalign.errors import ConfigError

__all__ = ["PairRule", "Standing", "select_pairs", "standings"]

PairRule = Literal["all", "best-worst"]
Verdicts = Mapping[tuple[str, str], Verdict]
"""By the ids of the two replies (a, b) to one message."""
Standing = tuple[float, float]
"""Wins, a tie being half a one (the Copeland score), then the margins of wins less those of defeats."""


def select_pairs(verdicts: Verdicts, rule: PairRule = "all", margin: float = 0.0) -> list[tuple[str, str]]:
    """The pairs (chosen, rejected) that the verdicts on one turn's replies make, in the order of `verdicts`.

    A pair needs a verdict between its two replies that is decided, and by `margin` at least. Under best-worst, replies of equal
    standing are tried in their order; where all stand equal there is no pair.

    Raises:
        ConfigError: the margin is negative.
    """
    if not margin >= 0:
        raise ConfigError(f"margin = {margin}: a pair cannot be asked to differ by less than 0")
    clear = [_decision(pair, verdict) for pair, verdict in verdicts.items() if _is_clear(verdict, margin)]
    if rule == "all":
        return clear
    if rule == "best-worst":
        return [pair for pair in _extremes(standings(verdicts)) if pair in clear][:1]
    assert_never(rule)


def standings(verdicts: Verdicts) -> dict[str, Standing]:
    """How each reply came out of all its comparisons. What is unscored counts for nobody."""
    wins: dict[str, float] = {}
    margins: dict[str, float] = {}
    for (a, b), verdict in verdicts.items():
        for one, won in ((a, verdict.outcome == "a"), (b, verdict.outcome == "b")):
            sign = 0 if not verdict.decided else 1 if won else -1
            wins[one] = wins.get(one, 0.0) + (0.5 if verdict.outcome == "tie" else float(won))
            margins[one] = margins.get(one, 0.0) + sign * verdict.margin
    return {one: (wins[one], round(margins[one], 9)) for one in wins}


def _extremes(standing: Mapping[str, Standing]) -> list[tuple[str, str]]:
    """Every best reply with every worst one."""
    if not standing:
        return []
    best, worst = max(standing.values()), min(standing.values())
    if best == worst:
        return []
    tops = [one for one, score in standing.items() if score == best]
    return list(product(tops, (one for one, score in standing.items() if score == worst)))


def _is_clear(verdict: Verdict, margin: float) -> bool:
    return verdict.decided and verdict.margin >= margin


def _decision(pair: tuple[str, str], verdict: Verdict) -> tuple[str, str]:
    a, b = pair
    return (a, b) if verdict.outcome == "a" else (b, a)
