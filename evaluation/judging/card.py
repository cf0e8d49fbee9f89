"""card: how good a judge is, measured against people: one column of figures a judge, on the same rows for all.

What is counted how:
- a row's verdict is the first repeat's; for a judge that does not ask both orders itself, both must agree, or it is a tie;
- accuracy takes the rows where judge and label both name a reply; accuracy with ties takes all that were scored, and a tie is
  right where the label is a tie;
- unscored verdicts are never right or wrong: they are left out everywhere, and counted in a share of their own;
- rows of one persona are resampled together.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from interalign.agents import Outcome
from interalign.evaluation.judging.agreement import alpha, coded, kappa, mean_kappa
from interalign.evaluation.judging.answers import Asked
from interalign.evaluation.judging.estimates import Counted, Ints, numbered, ratio, share, undefined
from interalign.evaluation.judging.length import length_excess, length_odds
from interalign.evaluation.judging.orders import by_order, settled
from interalign.evaluation.judging.readers import Judgement

__all__ = ["Card", "Cost", "DataSet", "JudgeColumn", "data_set", "judge_column"]

_CROWD = 20

Money = Callable[[str, int, int, int], float]
"""The price of (model, prompt tokens, cached ones among them, completion tokens)."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class DataSet(_Record):
    """What the judges are held to."""

    name: str
    rows: int
    labels: dict[str, int]
    """How often each label stands; "none" where the annotators have no majority."""
    without_persona: int
    """Rows that say nothing of the user."""
    annotators: int
    human_kappa: Counted
    """Mean of Cohen's kappas over all pairs of annotators: the ceiling for `kappa_annotators`."""
    human_alpha: Counted
    """Krippendorff's alpha of the annotators."""


class Cost(_Record):
    """Per 1,000 verdicts of the judge."""

    calls: float
    prompt_tokens: float
    completion_tokens: float
    money: float
    """By the prices of the config; 0 where it names none."""
    seconds: Counted
    """As they were asked here, many at a time; the loading of models is left out."""


class JudgeColumn(_Record):
    """One judge."""

    name: str
    identity: dict[str, Any]
    repeats: int
    outcomes: dict[str, int]
    """Decided, tie and unscored rows."""
    accuracy: Counted
    """Of the rows that judge and label both decide: the share decided alike."""
    accuracy_with_ties: Counted
    """Of all scored rows: the share with the label's outcome, a tie being one of three."""
    kappa: Counted
    """Cohen's kappa with the label, over a, b and tie."""
    kappa_annotators: Counted
    """The mean of the kappas with each single annotator; compare it with `human_kappa`."""
    order_changes: Counted
    """Position bias: the share of rows whose outcome changes with the order of the replies."""
    first_chosen: Counted
    """Of all decided answers to one order: the share that names the reply shown first; a half where position means nothing."""
    length_excess: Counted
    """How much more often than the labels it chooses the longer reply."""
    length_odds: Counted
    """The factor on a reply's odds for twice the length, the label being equal."""
    consistency: Counted
    """The share of pairs of repeats of a row with the same outcome."""
    unscored: Counted
    cost: Cost


class Card(_Record):
    """Several judges on one set of rows."""

    data: DataSet
    judges: tuple[JudgeColumn, ...]
    answers: tuple[dict[str, Any], ...]
    """Each row with its label and the outcome of every judge."""


def data_set(name: str, rows: Sequence[Judgement]) -> DataSet:
    """What is known of the rows before any judge is asked."""
    clusters_N = clusters_of(rows)
    codes = list(_annotators(rows).values())
    one = undefined("there is one annotator" if codes else "the data have the label alone")
    labels = [row.label or "none" for row in rows]
    return DataSet(
        name=name,
        rows=len(rows),
        labels={kind: labels.count(kind) for kind in ("a", "b", "tie", "none") if kind in labels},
        without_persona=sum(row.persona is None for row in rows),
        annotators=len(codes),
        human_kappa=_kappas(list(combinations(codes, 2)), len(codes), clusters_N) if len(codes) > 1 else one,
        human_alpha=alpha(np.stack(codes, axis=1), clusters_N) if len(codes) > 1 else one,
    )


def _annotators(rows: Sequence[Judgement]) -> dict[str, Ints]:
    """What each annotator says of all rows, as codes."""
    names = sorted({name for row in rows for name in row.annotators})
    return {name: coded([row.annotators.get(name) for row in rows]) for name in names}


def _kappas(pairs: Sequence[tuple[Ints, Ints]], annotators: int, clusters_N: Ints) -> Counted:
    """The mean over the pairs, unless the annotators are a crowd, of whom hardly two have seen the same rows."""
    if annotators > _CROWD:
        return undefined(f"{annotators} annotators are too many for pairs of them; alpha takes them all")
    return mean_kappa(pairs, clusters_N)


def judge_column(
    rows: Sequence[Judgement],
    asked: Sequence[Sequence[Asked]],
    name: str,
    identity: Mapping[str, Any],
    money: Money = lambda model, prompt, cached, completion: 0.0,
) -> JudgeColumn:
    """The figures of one judge; `asked` has a list of repeats for each row."""
    clusters_N = clusters_of(rows)
    outcomes: list[Outcome] = [settled(repeats[0]) for repeats in asked]
    judge_N, label_N = coded(outcomes), coded([row.label for row in rows])
    lengths_N2 = np.array([(len(row.a), len(row.b)) for row in rows], dtype=np.int64)
    decided_N = (judge_N >= 0) & (judge_N < 2) & (label_N >= 0) & (label_N < 2)
    scored_N = (judge_N >= 0) & (label_N >= 0)
    right_N = judge_N == label_N
    unscored_N = np.array([outcome == "unscored" for outcome in outcomes])
    return JudgeColumn(
        name=name,
        identity=dict(identity),
        repeats=len(asked[0]),
        outcomes=_counts(outcomes),
        accuracy=_share(right_N, decided_N, clusters_N, "no row is decided by both judge and label"),
        accuracy_with_ties=_share(right_N, scored_N, clusters_N, "nothing is both scored and labelled"),
        kappa=kappa(judge_N, label_N, clusters_N),
        kappa_annotators=_with_annotators(rows, judge_N, clusters_N),
        order_changes=_order_changes(asked, clusters_N),
        first_chosen=_first_chosen(asked, clusters_N),
        length_excess=length_excess(judge_N, label_N, lengths_N2),
        length_odds=length_odds(judge_N, label_N, lengths_N2),
        consistency=_consistency(asked, clusters_N),
        unscored=_share(unscored_N, np.ones(len(rows), dtype=bool), clusters_N, "there are no rows"),
        cost=_cost([one for repeats in asked for one in repeats], money),
    )


def clusters_of(rows: Sequence[Judgement]) -> Ints:
    """Rows of one persona belong together; rows without persona stand alone."""
    return numbered([f"persona {row.persona.id}" if row.persona else f"row {row.id}" for row in rows])


def _counts(outcomes: Sequence[Outcome]) -> dict[str, int]:
    tie, unscored = outcomes.count("tie"), outcomes.count("unscored")
    return {"decided": len(outcomes) - tie - unscored, "tie": tie, "unscored": unscored}


def _share(hits_N: Any, counted_N: Any, clusters_N: Ints, why: str) -> Counted:
    """The share of hits among the rows that count: Wilson's interval where each row is a cluster of its own."""
    clusters = clusters_N[counted_N]
    if len(np.unique(clusters)) == len(clusters):
        return share(int((hits_N & counted_N).sum()), int(counted_N.sum()), why)
    return ratio((hits_N & counted_N).astype(np.float64), counted_N.astype(np.float64), clusters_N, why)


def _with_annotators(rows: Sequence[Judgement], judge_N: Ints, clusters_N: Ints) -> Counted:
    codes = list(_annotators(rows).values())
    if not codes:
        return undefined("the data have the label alone")
    return _kappas([(judge_N, code_N) for code_N in codes], len(codes), clusters_N)


def _orders(asked: Sequence[Sequence[Asked]]) -> list[tuple[Outcome, Outcome] | None]:
    """For each row the outcomes with a and with b shown first."""
    return [by_order(repeats[0].forward, repeats[0].backward) for repeats in asked]


def _order_changes(asked: Sequence[Sequence[Asked]], clusters_N: Ints) -> Counted:
    orders = _orders(asked)
    both_N = np.array([order is not None and "unscored" not in order for order in orders])
    changed_N = np.array([order is not None and order[0] != order[1] for order in orders])
    return _share(changed_N, both_N, clusters_N, "no row was scored in both orders")


def _first_chosen(asked: Sequence[Sequence[Asked]], clusters_N: Ints) -> Counted:
    orders = [order or ("unscored", "unscored") for order in _orders(asked)]
    first_N = np.array([(order[0] == "a") + (order[1] == "b") for order in orders], dtype=np.float64)
    decided_N = np.array([sum(outcome in ("a", "b") for outcome in order) for order in orders], dtype=np.float64)
    return ratio(first_N, decided_N, clusters_N, "no answer names a reply")


def _consistency(asked: Sequence[Sequence[Asked]], clusters_N: Ints) -> Counted:
    if len(asked[0]) < 2:
        return undefined("each row was asked once; give --repeats 2 or more")
    equal = [
        [one == other for one, other in combinations([settled(single) for single in repeats], 2)] for repeats in asked
    ]
    alike_N = np.array([sum(row) for row in equal], dtype=np.float64)
    return ratio(alike_N, np.array([len(row) for row in equal], dtype=np.float64), clusters_N, "")


def _cost(asked: Sequence[Asked], money: Money) -> Cost:
    verdicts = sum(one.compared for one in asked)
    used = [(model, tokens) for one in asked for model, tokens in one.usage.items()]
    timed = [(one.seconds, one.compared) for one in asked if one.seconds is not None]
    seconds = np.array(timed, dtype=np.float64).reshape(-1, 2).sum(axis=0)
    price = sum(money(model, tokens.prompt, tokens.cached, tokens.completion) for model, tokens in used)
    return Cost(
        calls=1000 * sum(tokens.calls for _, tokens in used) / verdicts,
        prompt_tokens=1000 * sum(tokens.prompt for _, tokens in used) / verdicts,
        completion_tokens=1000 * sum(tokens.completion for _, tokens in used) / verdicts,
        money=1000 * price / verdicts,
        seconds=Counted(value=1000 * float(seconds[0] / seconds[1]), count=int(seconds[1]))
        if timed
        else undefined("one answer alone cannot be timed"),
    )
