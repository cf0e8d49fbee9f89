"""comparing: how far judges agree on the same trees, where they flip, and what that does to pairs and curves.

Nothing is asked here: it counts what stands in the trees. `comparison.py` says what is counted how.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from interalign.agents import Outcome, Verdict
from interalign.errors import ConfigError
from interalign.evaluation.judging.agreement import alpha, coded, kappa, require_agreement
from interalign.evaluation.judging.comparison import Agreement, Comparison, Flip, JudgeSide, Side
from interalign.evaluation.judging.estimates import Counted, ratio
from interalign.evaluation.judging.levels import (
    Array,
    curves,
    exchanges,
    means,
    responder,
    verdict_scores,
    win_gap,
    wins,
)
from interalign.evaluation.judging.orders import by_order
from interalign.graphs import ConversationTree, Node

__all__ = ["Scores", "compare_judges", "judges_in"]

Scores = Mapping[tuple[int, str], float]
"""By the number of the conversation and the id of the reply."""


class _Place(NamedTuple):
    """Two replies that were compared, and in which conversation."""

    number: int
    a: str
    b: str


def judges_in(trees: Sequence[ConversationTree]) -> list[str]:
    """The names of all judges with verdicts in the trees, the first judge first."""
    found = (verdict.judge for tree in trees for by in tree.verdicts.values() for verdict in by)
    return list(dict.fromkeys(found))


def compare_judges(
    run: str, trees: Sequence[ConversationTree], names: Sequence[str], scores: Mapping[str, Scores] | None = None
) -> Comparison:
    """Compare the judges by their verdicts in the trees; `scores` has scores of single replies, by judge.

    Raises:
        ConfigError: fewer than two judges, one twice, or one that has no verdict in the trees.
        MissingError: the extra `agreement` is not installed.
    """
    require_agreement()
    _check(run, trees, names)
    work = _Work(trees, names, scores or {})
    return Comparison(
        run=run,
        conversations=len(trees),
        comparisons=len(work.places),
        responders=work.responders,
        shown=work.shown,
        judges=tuple(work.side(name) for name in names),
        agreements=tuple(work.agreement(one, other) for one, other in combinations(names, 2)),
        alpha=alpha(np.stack([work.codes[name] for name in names], axis=1), work.clusters_N),
        flips=tuple(work.flips()),
    )


def _check(run: str, trees: Sequence[ConversationTree], names: Sequence[str]) -> None:
    known = judges_in(trees)
    there = f"{run} has verdicts of {', '.join(map(repr, known)) or 'nobody'}"
    absent = next((name for name in names if name not in known), None)
    if absent is not None:
        raise ConfigError(f"{there}, none of {absent!r}; judge it first: interalign rejudge {run} --judge {absent}")
    if len(set(names)) < max(2, len(names)):
        given = ", ".join(map(repr, names)) or "none"
        raise ConfigError(f"two or more different judges are needed, not {given}; {there}; add another --judge")


class _Work:
    """The verdicts as arrays, made once."""

    def __init__(self, trees: Sequence[ConversationTree], names: Sequence[str], scores: Mapping[str, Scores]) -> None:
        self.trees = trees
        self.names = names
        self.scores = scores
        self.places = [_Place(number, a, b) for number, tree in enumerate(trees) for a, b in tree.verdicts]
        self.clusters_N = np.array([place.number for place in self.places], dtype=np.int64)
        self.verdicts: dict[str, list[Verdict | None]] = {
            name: [trees[place.number].verdict(place.a, place.b, name) for place in self.places] for name in names
        }
        self.outcomes: dict[str, list[Outcome | None]] = {
            name: [verdict.outcome if verdict else None for verdict in found] for name, found in self.verdicts.items()
        }
        self.codes = {name: coded(found) for name, found in self.outcomes.items()}
        self.line = exchanges(trees)
        replies = [reply for _, _, replies in self.line for reply in replies]
        self.responders = tuple(dict.fromkeys(responder(reply) for reply in replies))
        self.shown = _shown(self.responders, replies)
        self.wins: dict[str, dict[str, Array]] = {
            name: {who: means(who, wins(name), trees, self.line) for who in self.responders} for name in names
        }

    def side(self, name: str) -> JudgeSide:
        found = self.outcomes[name]
        levels = curves({who: self._levels(who, name) for who in self.responders}, self.trees)
        return JudgeSide(
            name=name,
            outcomes={
                "decided": sum(outcome in ("a", "b") for outcome in found),
                "tie": found.count("tie"),
                "unscored": found.count("unscored"),
                "missing": found.count(None),
            },
            rows=sum(outcome in ("a", "b") for outcome in found),
            order_changes=self._order_changes(name),
            wins=curves(self.wins[name], self.trees),
            levels=levels,
            levels_note=self._source(name, bool(levels)),
        )

    def _levels(self, who: str, name: str) -> Array:
        if name not in self.scores:
            return means(who, verdict_scores(name), self.trees, self.line)
        numbers = {id(tree): number for number, tree in enumerate(self.trees)}

        def read(tree: ConversationTree, reply: Node, others: Sequence[Node]) -> list[float]:
            score = self.scores[name].get((numbers[id(tree)], reply.id))
            return [] if score is None else [score]

        return means(who, read, self.trees, self.line)

    def _source(self, name: str, there: bool) -> str:
        if name in self.scores:
            return "single replies scored, 1 to 5" if there else "no reply could be scored"
        return "scores kept with its verdicts" if there else "its verdicts have no scores"

    def _order_changes(self, name: str) -> Counted:
        orders = [by_order(verdict) if verdict else None for verdict in self.verdicts[name]]
        both_N = np.array([order is not None and "unscored" not in order for order in orders], dtype=np.float64)
        changed_N = np.array([order is not None and order[0] != order[1] for order in orders]) * both_N
        return ratio(changed_N, both_N, self.clusters_N, "its verdicts have no votes in both orders")

    def agreement(self, one: str, other: str) -> Agreement:
        """How far two judges agree, and what it means for the pairs."""
        first, second = self.codes[one], self.codes[other]
        scored, same = (first >= 0) & (second >= 0), first == second
        decides_first, decides_second = np.isin(first, (0, 1)), np.isin(second, (0, 1))
        both = decides_first & decides_second
        return Agreement(
            first=one,
            second=other,
            kappa=kappa(first, second, self.clusters_N),
            same=self._share(scored & same, scored, "nothing was scored by both"),
            flipped=self._share(both & ~same, both, "nothing was decided by both"),
            rows_equal=int((both & same).sum()),
            rows_swapped=int((both & ~same).sum()),
            rows_first_only=int((decides_first & ~decides_second).sum()),
            rows_second_only=int((decides_second & ~decides_first).sum()),
            win_gap={who: win_gap(self.wins[one][who], self.wins[other][who], self.trees) for who in self.shown},
        )

    def _share(self, hits_N: NDArray[np.bool_], counted_N: NDArray[np.bool_], why: str) -> Counted:
        return ratio(hits_N.astype(np.float64), counted_N.astype(np.float64), self.clusters_N, why)

    def flips(self) -> Iterator[Flip]:
        """Comparisons that are a for one judge and b for another."""
        for place, (number, a, b) in enumerate(self.places):
            said = {name: self.outcomes[name][place] for name in self.names}
            if not {"a", "b"} <= set(said.values()):
                continue
            tree = self.trees[number]
            user = tree[tree.parent(a) or a]
            yield Flip(
                conversation=tree.id,
                turn=user.turn,
                persona=tree.persona_at(user.turn).items,
                user=user.text,
                a=Side(agent=responder(tree[a]), text=tree[a].text),
                b=Side(agent=responder(tree[b]), text=tree[b].text),
                outcomes={name: outcome or "missing" for name, outcome in said.items()},
            )


def _shown(responders: Sequence[str], replies: Sequence[Node]) -> tuple[str, ...]:
    """Of two responders the hinted one, or else the second; all where there are more."""
    if len(responders) != 2:
        return tuple(responders)
    hinted = [responder(reply) for reply in replies if reply.strategy == "hinted"]
    return (hinted[0] if hinted else responders[1],)
