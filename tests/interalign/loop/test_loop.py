"""The full loop on a tiny random model: two rounds, stopped after every stage and gone on with; what its config refuses."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from interalign.cli import app
from interalign.config import parse_config
from interalign.errors import ConfigError, RunFolderError
from interalign.loop import LoopConfig, Looped, Shows, run_loop
from interalign.loop.folder import LoopFolder
from interalign.sim import read_trees

pytestmark = [
    pytest.mark.usefixtures("tiny_cache"),
    pytest.mark.xdist_group("embedded"),
    pytest.mark.filterwarnings(
        "ignore:Could not find a config file in embedded:UserWarning"
    ),  # peft looks for a folder
]

STAGES = [
    *(f"round 1: {name}" for name in ("trees", "pairs", "sft", "dpo", "evaluation")),
    *(f"round 2: {name}" for name in ("trees", "pairs", "dpo", "evaluation")),
]
Make = Callable[..., LoopConfig]


@pytest.fixture(scope="module")
def make(tiny_gguf: Path) -> Make:
    """A loop that takes seconds; keywords replace sections."""
    short = {"max_steps": 1, "batch": 2, "packing": "pairs", "eval_steps": 9}
    engine = {"engine": "embedded", "model": str(tiny_gguf), "context": 2048, "max_in_flight": 1, "threads": 1}
    sections = {
        "models": {"base": {**engine, "parameters": {"max_tokens": 8}}, "script": {"engine": "scripted"}},
        "training": {"model": "base", "rounds": 2},
        "simulate": {
            "run": {"conversations": 3, "turns": 2, "disclosure": "planned"},
            "cast": {"user": "script", "inducer": "script", "judge": {"judge": "embedding", "margin": 0}},
        },
        "pairs": {"eval_share": 0, "max_similarity": 1},
        "sft": {"train": short, "lora": {"r": 2}},
        "dpo": {"train": {**short, "lr": 0.01}},
        "evaluate": {"user": "script", "judge": "embedding", "cases": 3, "turns": 2, "controls": ["echo"]},
    }

    def build(**changes: Any) -> LoopConfig:
        return parse_config({**sections, **changes}, LoopConfig)

    return build


@pytest.fixture(scope="module")
def looped(make: Make, _tiny_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Looped:
    """Two rounds in one go. Only look at it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INTERALIGN_CACHE", str(_tiny_cache))
        return run_loop(make(), tmp_path_factory.mktemp("loops") / "whole")


def outcome(folder: Path) -> dict[str, Any]:
    """What a loop came to, without what measures the machine."""
    findings = json.loads((folder / "manifest.json").read_text())["findings"]
    return {key: value for key, value in findings.items() if key not in ("stages", "title")}


def test_a_loop_goes_from_people_to_a_report(looped: Looped) -> None:
    folder = looped.folder
    assert [stage.name for stage in looped.findings.stages] == STAGES
    for place in ("round-1/sft", "round-1/dpo", "round-2/dpo"):
        assert (folder / place / "adapter_model.safetensors").is_file()
    assert [model.name for model in looped.results.models] == ["base", "tuned-1", "tuned-2", "echo"]
    assert [(gain.model, gain.base) for gain in looped.findings.gains] == [("tuned-1", "base"), ("tuned-2", "base")]
    echo = next(model for model in looped.findings.models if model.name == "echo")
    assert echo.copied == 1
    assert any("labelled the training pairs, too" in caution for caution in looped.findings.cautions)


def test_the_second_round_is_on_policy(looped: Looped) -> None:
    (one, two) = (
        {node.model for tree in read_trees(looped.folder / f"round-{n}" / "trees") for node in tree} for n in (1, 2)
    )
    assert one == {"base", "script"}
    assert two == {"tuned-1", "script"}
    settings = (looped.folder / "round-2" / "dpo" / "config.toml").read_text()
    assert re.search(r'start = ".*round-1/dpo"', settings)


def test_stopped_after_every_stage_it_comes_to_the_same(looped: Looped, make: Make, tmp_path: Path) -> None:
    out = tmp_path / "stopped"
    for stage in STAGES[1:]:

        def stop(line: str, here: str = stage) -> None:
            if line == here:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            run_loop(make(), out, Shows(say=stop))
        assert not (out / "manifest.json").exists()
    run_loop(make(), out)
    assert outcome(out) == outcome(looped.folder)


def test_a_finished_loop_does_nothing_again(looped: Looped, make: Make) -> None:
    before = {path: path.stat().st_mtime_ns for path in looped.folder.rglob("*.safetensors")}
    calls = {path: path.read_bytes() for path in looped.folder.rglob("trees.jsonl")}
    again = run_loop(make(), looped.folder)
    assert again.findings.model_dump(exclude={"stages"}) == looped.findings.model_dump(exclude={"stages"})
    assert before == {path: path.stat().st_mtime_ns for path in looped.folder.rglob("*.safetensors")}
    assert calls == {path: path.read_bytes() for path in looped.folder.rglob("trees.jsonl")}


def test_the_folder_of_another_loop_is_not_touched(looped: Looped, make: Make) -> None:
    other = make(evaluate={"user": "script", "judge": "embedding", "cases": 2, "turns": 2})
    with pytest.raises(RunFolderError, match=r"holds a loop of another config \(differs in: evaluate\)"):
        run_loop(other, looped.folder)
    with LoopFolder(looped.folder, make()), pytest.raises(RunFolderError, match="another process is running"):
        run_loop(make(), looped.folder)


def test_the_command_runs_a_file_and_prints_the_report(looped: Looped, make: Make, tmp_path: Path) -> None:
    config = tmp_path / "loop.toml"
    config.write_text((looped.folder / "config.toml").read_text())
    result = CliRunner().invoke(app, ["run", str(config), "--out", str(looped.folder)])
    assert result.exit_code == 0, result.output
    for part in ("tuned-2 minus base: ", "Scored by embedding on 3 held-out cases", "round 2: dpo", "report.html"):
        assert part in result.output


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"training": {"model": "nobody"}}, "training.model = 'nobody', but \\[models\\] has only base, script"),
        ({"training": {"model": "script"}}, "played by 'scripted', which cannot serve what is trained"),
        ({"training": {}}, "training.model says which of the models"),
        ({"pairs": {"margin": 1}}, "\\[pairs\\]: unknown key 'margin'; the keys are judge, rule"),
        ({"sft": {"train": {"model": "x"}}}, "\\[sft.train\\] has 'model', which the loop fills in"),
        ({"sft": {"train": {"full": True}}}, "a loop serves adapters beside their base"),
        ({"sft": {"train": {"epoch": 1}}}, "\\[sft\\].*epoch"),
        ({"dpo": {"dpo": {"beta": -1}}}, "\\[dpo\\].*beta"),
        ({"evaluate": {"models": ["base"]}}, "\\[evaluate\\] names models or out, which the loop fills in"),
        ({"evaluate": {"user": "script", "case": 1}}, "\\[evaluate\\].*case"),
        ({"simulate": {"run": {"turn": 1}}}, "\\[simulate\\].*turn"),
        ({"simulate": {"cast": {"model": "script", "judge": "embedding"}}}, "no responder .* is played by 'base'"),
    ],
)
def test_mistakes_are_found_before_anything_begins(changes: dict[str, Any], said: str, make: Make) -> None:
    with pytest.raises(ConfigError, match=said):
        make(**changes)


def test_the_tuned_model_can_stand_beside_the_base(make: Make) -> None:
    config = make(training={"model": "base", "rounds": 2, "responder": "add"})
    responders = config.run_config(2, Path("former")).cast.responders
    assert [(one.name, one.model) for one in responders[2:]] == [
        ("plain (tuned-1)", "tuned-1"),
        ("hinted (tuned-1)", "tuned-1"),
    ]


def test_each_round_has_conversations_of_its_own(make: Make) -> None:
    config = make()
    assert [config.run_config(number, Path("x")).run.seed for number in (1, 2)] == [0, 1]
