"""The benchmark: what is held, what is scored, what is missing, and what is not done twice."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evaluating import config_of, evaluated

from interalign.agents import Context, Score
from interalign.errors import CallError, ConfigError, RunFolderError
from interalign.evaluation import Evaluation, ModelResult, Results, improvement_rate
from interalign.graphs import ConversationTree
from interalign.sim import ScriptedEngine, read_trees
from interalign.sim.engines import ScriptedConfig

pytestmark = pytest.mark.usefixtures("_no_plots")


def model_of(results: Results, name: str) -> ModelResult:
    return next(model for model in results.models if model.name == name)


def level(results: Results, name: str) -> float:
    return float(model_of(results, name).values().mean())


def trees_of(found: Evaluation, name: str) -> list[ConversationTree]:
    return list(read_trees(found.folder / found.results.trees[name]))


class Counted(ScriptedEngine):
    """Counts who is asked."""

    def __init__(self, fails: Callable[[str, Context], bool] = lambda role, context: False, **config: Any) -> None:
        super().__init__(ScriptedConfig(engine="scripted", judge_accuracy=1.0, **config))
        self.asked: list[tuple[str, Context]] = []
        self.fails = fails

    def _answer(self, role: str, context: Context, wire: list[dict[str, str]], seed: int) -> str:
        self.asked.append((role, context))
        if self.fails(role, context):
            raise CallError("the server says 500")
        return super()._answer(role, context, wire, seed)


def one_engine(engine: ScriptedEngine) -> dict[str, ScriptedEngine]:
    return dict.fromkeys(("base", "tuned", "sim"), engine)


# -- the scripted truth --------------------------------------------------------------------------


def test_the_oracle_is_above_the_model_above_the_generic_replies(evaluation: Evaluation) -> None:
    results = evaluation.results
    assert level(results, "oracle(base)") > level(results, "base") + 1
    assert level(results, "base") > level(results, "generic") + 0.3
    assert level(results, "tuned") > level(results, "base") + 0.3


def test_somebody_elses_persona_lowers_the_score(evaluation: Evaluation) -> None:
    swap = model_of(evaluation.results, "swap(tuned)")
    assert (swap.control, swap.of) == ("swap", "tuned")
    assert swap.values().mean() < level(evaluation.results, "tuned") - 0.5


def test_the_slope_of_the_script_is_recovered(tmp_path: Path) -> None:
    results = evaluated(tmp_path, cases=60, turns=5).results
    levels = model_of(results, "base").values().mean(axis=0)
    # AL(k) = 1 + 0.2 k; of 60 scores a turn that vary by less than 0.5, a slope over 5 turns has an error of 0.02.
    assert abs(improvement_rate(levels.tolist()).slope - 0.2) < 0.06
    assert abs(levels.mean() - 1.6) < 0.1


def test_an_evaluation_has_every_part_of_its_report(evaluation: Evaluation) -> None:
    there = {path.name for path in evaluation.folder.iterdir()}
    assert there >= {
        "config.toml",
        "results.json",
        "report.html",
        "report.md",
        "manifest.json",
        "usage.json",
        "dialogues",
    }


# -- paired --------------------------------------------------------------------------------------


def test_all_models_are_asked_the_same_first_question(evaluation: Evaluation) -> None:
    openings = [
        [next(iter(tree)).text for tree in trees_of(evaluation, name)]
        for name in ("base", "tuned", "generic", "echo", "oracle(base)")
    ]
    assert all(one == openings[0] for one in openings)
    assert len(set(openings[0])) == 10


def test_a_first_message_is_asked_for_once_for_all_models(tmp_path: Path) -> None:
    engine = Counted(adaptation=0.2)
    evaluated(tmp_path, models=["base", "tuned"], controls=["generic", "echo", "oracle"], clients=one_engine(engine))
    first = [context for role, context in engine.asked if role == "user" and not context.history]
    assert len(first) == 6


def test_the_users_of_all_models_are_to_tell_the_same_things(evaluation: Evaluation) -> None:
    plans = [
        [[node.disclose for node in tree if node.role == "user"] for tree in trees_of(evaluation, name)]
        for name in ("base", "tuned", "generic")
    ]
    assert plans[0] == plans[1] == plans[2]


def test_the_evaluated_model_never_sees_the_persona(tmp_path: Path) -> None:
    engine = Counted(adaptation=0.2)
    evaluated(tmp_path, infer_at=[2], clients=one_engine(engine))
    seen = [context for role, context in engine.asked if role in ("responder", "inference")]
    assert len(seen) == 6 * 5
    assert all(context.persona is None and not context.known and context.disclose is None for context in seen)


# -- missing -------------------------------------------------------------------------------------


def test_a_failed_turn_is_missing_with_its_reason_and_so_are_those_behind_it(tmp_path: Path) -> None:
    engine = Counted(lambda role, context: role == "responder" and context.turn == 3 and "hens" not in str(context))
    found = evaluated(tmp_path, clients=one_engine(engine))
    model = model_of(found.results, "base")
    values = model.values()
    assert not np.isnan(values[:, :2]).any()
    assert np.isnan(values[:, 2:]).all()
    assert len(model.missing) == 6 * 2
    assert {one.turn for one in model.missing} == {3, 4}
    assert all("no reply: the responder (base) failed: the server says 500" in one.reason for one in model.missing)


def test_what_had_failed_is_tried_again(tmp_path: Path) -> None:
    engine = Counted(lambda role, context: role == "responder" and context.turn == 3)
    evaluated(tmp_path, clients=one_engine(engine))
    again = evaluated(tmp_path, clients=one_engine(Counted()))
    assert not model_of(again.results, "base").missing
    assert len(trees_of(again, "base")) == 6


def test_an_opening_that_fails_is_missing_for_every_model(tmp_path: Path) -> None:
    engine = Counted(lambda role, context: role == "user" and context.turn == 1)
    found = evaluated(tmp_path, models=["base", "tuned"], clients=one_engine(engine))
    assert [len(model.missing) for model in found.results.models] == [24, 24]


def test_a_score_that_fails_is_missing_alone_and_tried_again(tmp_path: Path) -> None:
    engine = Counted(lambda role, context: role == "scorer" and context.turn == 2)
    missing = evaluated(tmp_path, clients=one_engine(engine)).results.models[0].missing
    assert [(one.turn, "the scorer (sim) failed" in one.reason) for one in missing] == [(2, True)] * 6
    engine = Counted()
    again = evaluated(tmp_path, clients=one_engine(engine))
    assert not again.results.models[0].missing
    assert [role for role, _ in engine.asked] == ["scorer"] * 6


def test_an_evaluation_out_of_budget_says_so_and_goes_on(tmp_path: Path) -> None:
    stopped = evaluated(tmp_path, "calls.budget.calls=40")
    assert "the budget is used up" in stopped.stopped
    assert not (tmp_path / "manifest.json").exists()
    gone = stopped.results.models[0].missing
    assert gone
    assert all(one.reason for one in gone)
    whole = evaluated(tmp_path)
    assert not whole.results.models[0].missing
    assert (tmp_path / "manifest.json").exists()


# -- not done twice ------------------------------------------------------------------------------


def test_the_same_evaluation_again_asks_nothing_and_changes_nothing(tmp_path: Path) -> None:
    controls = ["generic", "swap", "oracle"]
    evaluated(tmp_path, controls=controls, infer_at=[2], adjusted=True)
    before = {
        path: path.read_bytes() for path in tmp_path.rglob("*.json*") if path.name in ("results.json", "trees.jsonl")
    }
    again = evaluated(tmp_path, controls=controls, infer_at=[2], adjusted=True)
    assert again.calls == 0
    assert before == {path: path.read_bytes() for path in before}
    assert len(before) == 4


def test_another_judge_scores_the_same_dialogues(tmp_path: Path) -> None:
    first = evaluated(tmp_path, controls=["swap"])
    engine = Counted()
    second = evaluated(tmp_path, judge=Always(4.0), controls=["swap"], clients=one_engine(engine))
    assert engine.asked == []
    assert second.folder.name.startswith("by-always-")
    assert level(second.results, "base") == 4.0
    assert [tree.id for tree in trees_of(second, "base")] == [tree.id for tree in trees_of(first, "base")]
    kept = evaluated(tmp_path, controls=["swap"])
    assert (kept.folder, kept.calls, level(kept.results, "base")) == (tmp_path, 0, level(first.results, "base"))


def test_more_cases_and_more_models_are_added_to_what_is_there(tmp_path: Path) -> None:
    few = evaluated(tmp_path, cases=3)
    more = evaluated(tmp_path, cases=5, models=["base", "tuned"], controls=["generic"])
    assert more.results.models[0].values()[:3].tolist() == few.results.models[0].values().tolist()
    back = evaluated(tmp_path, cases=3)
    assert back.calls == 0
    assert len(trees_of(back, "base")) == 5


@pytest.mark.parametrize(
    ("key", "change"),
    [("run.turns", {"turns": 5}), ("run.seed", {"seed": 9}), ("personas.sha256", {"personas": "own"})],
)
def test_dialogues_of_another_config_are_refused(tmp_path: Path, key: str, change: dict[str, Any]) -> None:
    evaluated(tmp_path / "out", cases=1)
    own = tmp_path / "own.jsonl"
    own.write_text('{"id": "p", "facts": ["I keep hens."], "traits": ["I talk a lot."]}')
    change = {name: str(own) if value == "own" else value for name, value in change.items()}
    with pytest.raises(RunFolderError, match=rf"differs in: {key}\)"):
        evaluated(tmp_path / "out", cases=1, **change)


# -- judges --------------------------------------------------------------------------------------


class Always:
    """A judge of one mind."""

    name = "always"

    def __init__(self, value: float | None, **criteria: float) -> None:
        self.value = value
        self.criteria = criteria

    def identity(self) -> dict[str, Any]:
        return {"judge": "always", "value": self.value}

    async def score(self, context: Context, reply: str, caller: Any, *, key: str) -> Score:
        assert context.persona is not None
        assert context.replies == (reply,)
        return Score(judge=self.name, value=self.value, reason="" if self.value else "no idea", criteria=self.criteria)


def test_criteria_stand_beside_the_score(tmp_path: Path) -> None:
    model = evaluated(tmp_path, judge=Always(3.5, style=2.0, content=5.0)).results.models[0]
    assert {name: rows[0][0] for name, rows in model.scores.items()} == {"overall": 3.5, "style": 2.0, "content": 5.0}


def test_a_judge_that_cannot_score_is_an_error_before_anything_runs(tmp_path: Path) -> None:
    class Pairwise:
        name = "pairwise"

    with pytest.raises(ConfigError, match=r"'pairwise' compares replies but has no score\(\)"):
        evaluated(tmp_path / "out", judge=Pairwise())
    assert not (tmp_path / "out").exists()


def test_paper_compat_scores_whole_numbers_without_history_and_lets_the_user_disclose(tmp_path: Path) -> None:
    engine = Counted()
    found = evaluated(tmp_path, paper_compat=True, clients=one_engine(engine), judge=Always(3.5))
    assert level(found.results, "base") == 4.0
    assert all(context.disclose is None for role, context in engine.asked if role == "user")
    judge = config_of(paper_compat=True, judge={"judge": "llm", "model": "sim", "criteria": ["style"]}).judge
    assert (judge.history, judge.criteria) == (False, ())  # type: ignore[union-attr]


# -- beyond the score ----------------------------------------------------------------------------


def test_measures_are_counted_for_each_case_and_turn(evaluation: Evaluation) -> None:
    measures = {
        name: np.array(rows, dtype=float) for name, rows in model_of(evaluation.results, "tuned").measures.items()
    }
    assert (np.diff(measures["disclosed"], axis=1) >= 0).all()
    assert 0.2 < measures["disclosed"][:, -1].mean() < 0.35
    assert np.isfinite(measures["adjusted"]).all()
    assert (measures["adjusted"] <= np.array(model_of(evaluation.results, "tuned").scores["overall"])).all()
    assert np.isnan(measures["profile_recall"][:, :4]).all()
    assert 0.2 < measures["profile_recall"][:, 4].mean() < 0.6
    assert np.nanmin(measures["profile_precision"][:, 4]) == 1.0


def test_preferences_may_change_on_the_way(tmp_path: Path) -> None:
    found = evaluated(tmp_path, models=["base", "tuned"], turns=6, flip_at=4, cases=8)
    tree = trees_of(found, "tuned")[0]
    assert tree.persona_at(3).traits != tree.persona_at(4).traits
    assert tree.persona_at(4).facts == tree.persona.facts
    assert found.results.flip_at == 4
    assert set(found.results.recovery) == {"base", "tuned"}


def test_the_results_say_where_they_come_from(evaluation: Evaluation) -> None:
    made = json.loads((evaluation.folder / "results.json").read_text())["provenance"]
    assert made["models"]["base"] == {"engine": "scripted", "judge_accuracy": 0.9, "adaptation": 0.2}
    assert made["judge"]["identity"]["judge"] == "llm"
    assert len(made["user"]["prompt"]) == len(made["responder"]["prompt"]) == 32
    assert made["seed"] == 0
    assert made["versions"]["interalign"]
