"""gathering: from dialogues with scores to the results: a number for each model, case and turn, or the reason why there is none.

What is counted beside the scores (`ModelResult.measures`), per case and turn:

disclosed, disclosed_facts, disclosed_traits   share of the persona's items that the user has told by then
questions, words                               of the reply
adjusted                                       the reply's score against the disclosed part of the persona
profile_precision, profile_recall, profile_f1  what the model says it knows, where it was asked, against what was disclosed
"""

from collections.abc import Callable, Sequence
from typing import Any

from interalign.agents import Score
from interalign.evaluation.cases import Case
from interalign.evaluation.config import EvaluateConfig
from interalign.evaluation.elicitation import disclosed, profile_recall, questions
from interalign.evaluation.recovery import recovery_of
from interalign.evaluation.results import Missing, ModelResult, Results
from interalign.evaluation.scoring import claims_at, score_at
from interalign.evaluation.subjects import swap_name
from interalign.evaluation.table import FAILED, Seat
from interalign.graphs import ConversationTree
from interalign.graphs.node import Node

__all__ = ["gather_results"]

Trees = dict[str, ConversationTree]
Row = list[float | None]
Rows = list[Row]


def gather_results(
    config: EvaluateConfig,
    cases: Sequence[Case],
    seats: Sequence[Seat],
    trees: Sequence[Trees],
    label: str,
    provenance: dict[str, Any],
    up: str = "",
) -> Results:
    """The results by the judge of that label: models, each followed by its oracle and its swap, then the other controls."""
    turns = config.evaluate.turns
    found: list[ModelResult] = []
    folders: dict[str, str] = {}
    for seat, held in zip(seats, trees, strict=True):
        subject = seat.subject
        dialogues = [(case, _replies(held.get(case.id), turns)) for case in cases]
        told = [held.get(case.id) for case in cases]
        scores, missing = _scores(dialogues, told, label)
        measures = _measures(seat, dialogues, told, label)
        found.append(
            ModelResult(
                name=subject.name,
                control=subject.control,
                of=subject.of,
                scores=scores,
                measures=measures,
                missing=missing,
            )
        )
        folders[subject.name] = f"{up}{subject.folder}"
        if seat.observer.swap:
            swapped, gone = _scores(dialogues, told, f"{label}/swap")
            name = swap_name(subject.name)
            found.append(ModelResult(name=name, control="swap", of=subject.name, scores=swapped, missing=gone))
            folders[name] = folders[subject.name]
    flip_at = config.evaluate.flip_at
    return Results(
        cases=tuple(case.info for case in cases),
        turns=turns,
        judge=provenance["judge"]["name"],
        models=tuple(sorted(found, key=lambda one: _rank(one, config))),
        provenance=provenance,
        trees=folders,
        flip_at=flip_at,
        recovery={} if flip_at is None else {model.name: recovery_of(model, flip_at) for model in found},
    )


def _rank(model: ModelResult, config: EvaluateConfig) -> tuple[int, int]:
    """Models in the config's order with what belongs to them, then the controls that stand alone."""
    own = model.of or model.name
    place = config.evaluated.index(own) if own in config.evaluated else len(config.evaluated)
    return place, (None, "oracle", "swap", "generic", "echo").index(model.control)


def _replies(tree: ConversationTree | None, turns: int) -> list[Node | None]:
    """The reply of each turn, None from where the dialogue broke off."""
    found: list[Node | None] = [None] * turns
    for node in tree or ():
        if node.role == "assistant":
            found[node.turn - 1] = node
    return found


Dialogues = Sequence[tuple[Case, list[Node | None]]]


def _scores(
    dialogues: Dialogues, trees: Sequence[ConversationTree | None], label: str
) -> tuple[dict[str, Rows], tuple[Missing, ...]]:
    """By criterion; and what is missing of the overall score."""
    scores: list[list[Score]] = [
        [_score_of(tree, node, label) for node in replies] for (_, replies), tree in zip(dialogues, trees, strict=True)
    ]
    criteria = sorted({name for row in scores for score in row for name in score.criteria})
    rows: dict[str, Rows] = {"overall": [[score.value for score in row] for row in scores]}
    for name in criteria:
        rows[name] = [[score.criteria.get(name) for score in row] for row in scores]
    missing = tuple(
        Missing(case=case.id, turn=turn, reason=score.reason)
        for (case, _), row in zip(dialogues, scores, strict=True)
        for turn, score in enumerate(row, 1)
        if score.value is None
    )
    return rows, missing


def _score_of(tree: ConversationTree | None, node: Node | None, label: str) -> Score:
    """The score of a reply, or one without a value that says why."""
    if tree is None:
        return Score(judge=label, value=None, reason="the dialogue was not held: the evaluation was stopped before it")
    if node is None:
        return Score(judge=label, value=None, reason=_broken_off(tree))
    score = score_at(tree, node.id, label)
    if score is None:
        return Score(judge=label, value=None, reason="the reply was not scored: the evaluation was stopped before it")
    if score.value is None and not score.reason:
        return score.model_copy(update={"reason": "the judge gave no reason"})
    return score


def _broken_off(tree: ConversationTree) -> str:
    stop = tree.stop or "it ended early"
    if stop == "budget":
        return "no reply: the budget was used up"
    return f"no reply: {stop.removeprefix(FAILED)}"


# -- measures ----------------------------------------------------------------------------------------


def _measures(
    seat: Seat, dialogues: Dialogues, trees: Sequence[ConversationTree | None], label: str
) -> dict[str, Rows]:
    """What is counted beside the scores. A model that was not asked aside, or not scored by part, has no rows for it."""
    per_case = [_of_case(tree, replies, label) for (_, replies), tree in zip(dialogues, trees, strict=True)]
    names = ["disclosed", "disclosed_facts", "disclosed_traits", "questions", "words"]
    if seat.observer.adjusted:
        names.append("adjusted")
    if seat.observer.model and seat.observer.infer_at:
        names += ["profile_precision", "profile_recall", "profile_f1"]
    return {name: [[turn.get(name) for turn in case] for case in per_case] for name in names}


def _of_case(tree: ConversationTree | None, replies: list[Node | None], label: str) -> list[dict[str, float | None]]:
    if tree is None:
        return [{} for _ in replies]
    told = _told(tree)
    return [_of_reply(tree, node, told, label) for node in replies]


def _told(tree: ConversationTree) -> Callable[[int], frozenset[int]]:
    """What has been disclosed by a turn, of the persona that the user is then: numbers of its items."""
    said = [node.text for node in tree if node.role == "user"]
    by_persona: dict[str, list[frozenset[int]]] = {}

    def told(turn: int) -> frozenset[int]:
        persona = tree.persona_at(turn)
        if persona.id not in by_persona:
            by_persona[persona.id] = disclosed(persona.items, said)
        return by_persona[persona.id][turn - 1]

    return told


def _of_reply(
    tree: ConversationTree, node: Node | None, told: Callable[[int], frozenset[int]], label: str
) -> dict[str, float | None]:
    if node is None:
        return {}
    persona, items = tree.persona_at(node.turn), told(node.turn)
    facts = sum(place < len(persona.facts) for place in items)
    counted: dict[str, float | None] = {
        "disclosed": len(items) / len(persona.items),
        "disclosed_facts": facts / len(persona.facts),
        "disclosed_traits": (len(items) - facts) / len(persona.traits),
        "questions": questions(node.text),
        "words": len(node.text.split()),
    }
    adjusted = score_at(tree, node.id, f"{label}/adjusted")
    if adjusted is not None:
        counted["adjusted"] = adjusted.value
    claims = claims_at(tree, node.id)
    if claims is not None:
        known = profile_recall(claims, [persona.items[place] for place in sorted(items)])
        counted |= {"profile_precision": known.precision, "profile_recall": known.recall, "profile_f1": known.f1}
    return counted
