"""`interalign pairs`: what is chosen, what is left out and counted, and the folder that is written."""

import json
import os
import re
import resource
from pathlib import Path
from typing import Any

import pytest

from interalign.agents import Persona, Verdict
from interalign.errors import ConfigError, MissingError, RunFolderError, TreeError
from interalign.files import write_lines
from interalign.graphs import ConversationTree
from interalign.training import PairOptions, make_pairs, read_pair_set
from interalign.training.rows import problem, read_rows

HOSTILE = "``` </script><b>| --- |\n# {0} $x"
WHOLE = PairOptions(eval_share=0)


def tree(
    id: str = "c0", person: str = "p", fact: str = "I keep hens.", turns: int = 1, **verdict: Any
) -> ConversationTree:
    """A conversation in which the first of two replies is preferred at every turn, and the second goes on."""
    made = ConversationTree(id, Persona(id=person, facts=(fact,), traits=("I talk.",)))
    at: str | None = None
    for turn in range(turns):
        user = made.add(at, "user", f"{id}: question {turn} about {fact}")
        first = made.add(user, "assistant", f"{id}: hens like it warm, {turn} or so", strategy="hinted")
        at = made.add(user, "assistant", f"{id}: nobody knows {turn}", place=1, strategy="plain", continued=True)
        made.add_verdict(first, at, Verdict(**{"judge": "llm", "outcome": "a", "margin": 1.0, **verdict}))
    return made


def run_of(folder: Path, *trees: ConversationTree) -> Path:
    folder.mkdir(parents=True)
    write_lines(folder / "trees.jsonl", (f"{one.to_json()}\n" for one in trees))
    return folder


def dropped(run: Path, out: Path, **options: Any) -> dict[str, int]:
    return make_pairs([run], out, PairOptions(**{"eval_share": 0, **options})).manifest["dropped"]


# -- what is chosen ------------------------------------------------------------------------------


def test_a_run_becomes_rows_that_can_be_trained_on(pair_data: Path) -> None:
    for name in ("train.jsonl", "eval.jsonl", "sft_train.jsonl", "sft_eval.jsonl"):
        rows = read_rows(pair_data / name)
        assert rows
        assert [problem(row) for row in rows] == [None] * len(rows)


def test_no_person_is_on_both_sides(pair_data: Path) -> None:
    train, held = (read_rows(pair_data / name) for name in ("train.jsonl", "eval.jsonl"))
    assert not {row["profile"] for row in train} & {row["profile"] for row in held}
    sides = ({row["persona_id"] for row in read_rows(pair_data / name)} for name in ("sft_train.jsonl", "eval.jsonl"))
    assert set.isdisjoint(*sides)


def test_undecided_comparisons_are_left_out_and_counted(tmp_path: Path) -> None:
    trees = [tree("c0"), tree("c1", outcome="tie"), tree("c2", outcome="unscored", reason="?"), tree("c3", margin=0.1)]
    found = make_pairs([run_of(tmp_path / "run", *trees)], tmp_path / "data", PairOptions(eval_share=0, min_margin=0.5))
    assert found.manifest["dropped"] == {"tie": 1, "unscored": 1, "below the margin": 1}
    assert (found.manifest["comparisons"], found.manifest["train"]["pairs"]) == (4, 1)


def test_near_identical_replies_are_left_out(tmp_path: Path) -> None:
    like = tree("c1")
    like.graph.nodes["0.1"]["text"] = "c1: Hens like it warm - 0 or so!"
    assert dropped(run_of(tmp_path / "run", tree("c0"), like), tmp_path / "data") == {"near-identical replies": 1}


def test_refused_rows_are_counted_with_their_reason(tmp_path: Path) -> None:
    short = tree("c1")
    short.graph.nodes["0.0"]["text"] = "k"
    assert dropped(run_of(tmp_path / "run", tree("c0"), short), tmp_path / "data") == {
        "a reply is empty or a single character": 1
    }


def test_best_worst_takes_one_pair_of_a_turn(tmp_path: Path) -> None:
    three = tree("c0")
    three.add("0", "assistant", "c0: a third thing to say", place=2, strategy="third")
    for a, b in (("0.0", "0.2"), ("0.1", "0.2")):
        three.add_verdict(a, b, Verdict(judge="llm", outcome="a", margin=1.0))
    run = run_of(tmp_path / "run", three)
    assert make_pairs([run], tmp_path / "all", WHOLE).manifest["train"]["pairs"] == 3
    assert dropped(run, tmp_path / "worst", rule="best-worst") == {"neither best nor worst": 2}
    assert len(read_rows(tmp_path / "all" / "sft_train.jsonl")) == 1


def test_balance_gives_every_turn_the_same_number(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run", tree("c0", turns=3), tree("c1", turns=2), tree("c2", turns=3))
    found = make_pairs([run], tmp_path / "data", PairOptions(eval_share=0, balance_turns=True))
    assert found.manifest["train"]["turns"] == {"1": 2, "2": 2, "3": 2}
    assert found.manifest["dropped"] == {"left out to balance the turns": 2}


def test_several_runs_keep_their_conversations_apart(tmp_path: Path) -> None:
    runs = [run_of(tmp_path / name / "run", tree("c0", person=name, fact=f"I am {name}.")) for name in ("a", "b")]
    make_pairs(runs, tmp_path / "data", WHOLE)
    rows = read_rows(tmp_path / "data" / "train.jsonl")
    assert [(row["run"], row["conversation_id"]) for row in rows] == [("run", "run/c0"), ("run-2", "run-2/c0")]


def test_a_pair_that_two_runs_share_counts_once(tmp_path: Path) -> None:
    runs = [run_of(tmp_path / name, tree("c0"), tree(f"c-{name}")) for name in ("a", "b")]
    found = make_pairs(runs, tmp_path / "data", WHOLE)
    assert found.manifest["dropped"] == {"the same pair again": 1}


def test_a_run_given_twice_is_refused(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run", tree())
    with pytest.raises(ConfigError, match="is given twice"):
        make_pairs([run, tmp_path / "x" / ".." / "run"], tmp_path / "data", WHOLE)


def test_an_unknown_judge_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no run has verdicts of --judge 'x'; there are those of 'llm'"):
        make_pairs([run_of(tmp_path / "run", tree())], tmp_path / "data", PairOptions(judge="x"))


@pytest.mark.parametrize(
    ("option", "value"),
    [("min_margin", -1), ("max_similarity", 1.1), ("eval_share", 0.95), ("eval_share", float("nan"))],
)
def test_impossible_options_are_refused(option: str, value: float) -> None:
    with pytest.raises(ConfigError, match=rf"--{option.replace('_', '-')} {value} is not between 0 and"):
        PairOptions(**{option: value})


def test_no_pair_at_all_is_refused_with_the_counts(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run", tree("c0", outcome="tie"), tree("c1", outcome="tie"))
    with pytest.raises(ConfigError, match="no pair is left of 2 comparisons: 2 tie"):
        make_pairs([run], tmp_path / "data")
    assert not (tmp_path / "data").exists()


# -- length --------------------------------------------------------------------------------------


def test_a_skewed_length_is_warned_of(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run", *(tree(f"c{place}") for place in range(20)))
    found = make_pairs([run], tmp_path / "data", WHOLE)
    assert found.manifest["train"]["chosen_is_longer"] == 1.0
    assert found.warning is not None
    assert "longer one in 100% of 20 pairs" in found.warning
    assert found.warning in (tmp_path / "data" / "README.md").read_text()


def test_a_few_pairs_are_not_enough_to_warn(tmp_path: Path) -> None:
    assert make_pairs([run_of(tmp_path / "run", tree(turns=3))], tmp_path / "data", WHOLE).warning is None


# -- the folder ----------------------------------------------------------------------------------


def test_the_folder_is_whole_and_checked(pair_data: Path) -> None:
    assert sorted(os.listdir(pair_data)) == sorted(
        ["README.md", "eval.jsonl", "manifest.json", "sft_eval.jsonl", "sft_train.jsonl", "train.jsonl"]
    )
    assert read_pair_set(pair_data)["runs"][0]["config_digest"]


def test_a_changed_file_is_found(tmp_path: Path) -> None:
    out = make_pairs([run_of(tmp_path / "run", tree())], tmp_path / "data", WHOLE).folder
    with (out / "train.jsonl").open("a") as file:
        file.write("{}\n")
    with pytest.raises(ConfigError, match=r"train\.jsonl is not the file that manifest\.json describes"):
        read_pair_set(out)


def test_a_folder_of_something_else_is_no_data(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"kind": "other", "files": {"../x": "y"}}')
    with pytest.raises(MissingError, match="holds no training data; make some with: interalign pairs RUN --out"):
        read_pair_set(tmp_path)


def test_an_older_set_is_replaced_and_anything_else_is_not(tmp_path: Path) -> None:
    run, out = run_of(tmp_path / "run", tree(turns=2)), tmp_path / "data"
    make_pairs([run], out, WHOLE)
    (out / "train.jsonl").write_text("old")
    make_pairs([run], out, WHOLE)
    assert len(read_rows(out / "train.jsonl")) == 2
    with pytest.raises(RunFolderError, match=r"run holds 'trees.jsonl', which `interalign pairs` did not write"):
        make_pairs([run], run)
    with pytest.raises(RunFolderError, match="is a file"):
        make_pairs([run], run / "trees.jsonl")


def test_a_damaged_run_leaves_nothing(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run", tree())
    with (run / "trees.jsonl").open("a") as file:
        file.write("{}\n")
    with pytest.raises(TreeError, match="line 2"):
        make_pairs([run], tmp_path / "data", WHOLE)
    assert os.listdir(tmp_path) == ["run"]


def test_a_full_disk_leaves_the_old_set(tmp_path: Path) -> None:
    run, out = run_of(tmp_path / "run", *(tree(f"c{place}", turns=4) for place in range(20))), tmp_path / "data"
    make_pairs([run], out, WHOLE)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(RunFolderError, match="data cannot be written"):
            make_pairs([run], out, PairOptions(eval_share=0, seed=1))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert sorted(os.listdir(tmp_path)) == ["data", "run"]


def test_hostile_names_stay_text_in_the_card(tmp_path: Path) -> None:
    hostile = tree(judge=HOSTILE, person=HOSTILE, fact=HOSTILE)
    hostile.graph.nodes["0.0"]["strategy"] = HOSTILE
    make_pairs([run_of(tmp_path / "run", hostile)], tmp_path / "data", WHOLE)
    text = (tmp_path / "data" / "README.md").read_text()
    outside = re.sub(r"`[^`\n]+`", "", re.sub(r"```json\n.*?\n```", "", text, flags=re.DOTALL))
    assert "script" not in outside
    assert text.count("\n# ") == 1


def test_the_data_loads_as_a_data_set(pair_data: Path, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    files = {"train": str(pair_data / "train.jsonl"), "test": str(pair_data / "eval.jsonl")}
    loaded = datasets.load_dataset("json", data_files=files, cache_dir=str(tmp_path))
    assert loaded["train"][0]["chosen"] == read_rows(pair_data / "train.jsonl")[0]["chosen"]
    by_card = datasets.load_dataset(str(pair_data), "sft", cache_dir=str(tmp_path))
    assert by_card["test"].num_rows == len(read_rows(pair_data / "sft_eval.jsonl"))


def test_the_card_names_no_path_of_this_machine(pair_data: Path, scripted_run: Path) -> None:
    for name in ("README.md", "manifest.json"):
        text = (pair_data / name).read_text()
        assert str(scripted_run.parent) not in text
        assert json.dumps(scripted_run.name) in text
