"""The runner: equal runs, resume, failures, and the folder it leaves."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from interalign.agents import Context
from interalign.errors import CallError, RunFolderError
from interalign.sim import RunConfig, ScriptedEngine, read_manifest, read_trees, run, simulate
from interalign.sim.engines import ScriptedConfig
from interalign.sim.progress import LineProgress, Snapshot

Make = Callable[..., RunConfig]


def play(config: RunConfig, out: Path, **keywords: Any) -> Any:
    return run(lambda: simulate(config, out, **keywords))


def test_equal_runs_give_equal_bytes_at_any_concurrency(config: Make, tmp_path: Path) -> None:
    models = {"script": {"engine": "scripted", "latency": 0.001}}
    for concurrency in (1, 32):
        wanted = config(run={"conversations": 20, "turns": 4, "concurrency": concurrency}, models=models)
        play(wanted, tmp_path / str(concurrency))
    assert (tmp_path / "1/trees.jsonl").read_bytes() == (tmp_path / "32/trees.jsonl").read_bytes()


def test_other_seeds_give_other_trees(config: Make, tmp_path: Path) -> None:
    for seed in (1, 2):
        play(config(run={"conversations": 2, "turns": 2, "seed": seed}), tmp_path / str(seed))
    assert (tmp_path / "1/trees.jsonl").read_bytes() != (tmp_path / "2/trees.jsonl").read_bytes()


def test_a_finished_run_has_every_file_and_true_counts(scripted_run: Path) -> None:
    manifest = read_manifest(scripted_run)
    usage = json.loads((scripted_run / "usage.json").read_text())
    assert manifest is not None
    assert manifest["conversations"] == 6
    # user, inducer, plain, hinted and a judge asked in both orders, at each turn
    assert usage["total"]["calls"] == 6 * 4 * 6
    assert {row["role"] for row in usage["by_role_and_model"]} == {"user", "inducer", "responder", "judge"}


def test_a_finished_run_is_not_run_again(config: Make, tmp_path: Path) -> None:
    play(config(), tmp_path / "r")
    before = (tmp_path / "r/manifest.json").read_bytes()
    assert play(config(), tmp_path / "r").calls == 0
    assert (tmp_path / "r/manifest.json").read_bytes() == before


def test_a_failed_conversation_is_a_record_and_its_siblings_go_on(config: Make, tmp_path: Path) -> None:
    class Broken(ScriptedEngine):
        async def create(self, messages: Any, **keywords: Any) -> Any:
            if self.calls == 3:
                self.calls += 1
                raise CallError("this server is out of order")
            return await super().create(messages, **keywords)

    summary = play(
        config(run={"conversations": 3, "turns": 2, "concurrency": 1}), tmp_path, clients={"script": Broken()}
    )
    failures = [json.loads(line) for line in (tmp_path / "failures.jsonl").read_text().splitlines()]
    assert (summary.conversations, summary.failed) == (2, 1)
    assert failures[0]["id"] == "c00000"
    assert "out of order" in failures[0]["reason"]


def test_failed_conversations_are_tried_again_by_the_same_call(config: Make, tmp_path: Path) -> None:
    bad = ScriptedEngine(scripts={"user": lambda context: ""})
    assert play(config(), tmp_path, clients={"script": bad}).failed == 3
    assert play(config(), tmp_path).failed == 0
    assert not (tmp_path / "failures.jsonl").exists()
    assert len(list(read_trees(tmp_path))) == 3


def test_an_interrupted_run_keeps_what_is_finished_and_goes_on(config: Make, tmp_path: Path) -> None:
    wanted = config(run={"conversations": 12, "turns": 3, "concurrency": 2})
    play(wanted, tmp_path / "whole")

    async def interrupted() -> None:
        work = asyncio.create_task(simulate(wanted, tmp_path / "cut", clients={"script": Slow()}))
        while not (tmp_path / "cut/trees.jsonl").exists() or (tmp_path / "cut/trees.jsonl").stat().st_size == 0:
            await asyncio.sleep(0.002)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)

    class Slow(ScriptedEngine):
        async def create(self, messages: Any, **keywords: Any) -> Any:
            await asyncio.sleep(0.001)
            return await super().create(messages, **keywords)

    asyncio.run(interrupted())
    kept = len(list(read_trees(tmp_path / "cut")))
    assert 0 < kept < 12
    assert not (tmp_path / "cut/manifest.json").exists()
    play(wanted, tmp_path / "cut")
    assert (tmp_path / "cut/trees.jsonl").read_bytes() == (tmp_path / "whole/trees.jsonl").read_bytes()


def test_another_config_is_refused_by_the_names_of_its_keys(config: Make, tmp_path: Path) -> None:
    play(config(), tmp_path)
    with pytest.raises(RunFolderError, match=r"differs in: run\.turns"):
        play(config(run={"conversations": 3, "turns": 2}), tmp_path)


def test_a_plan_discloses_a_different_item_each_turn(config: Make, tmp_path: Path) -> None:
    play(config(run={"conversations": 2, "turns": 4, "disclosure": "planned"}), tmp_path)
    for tree in read_trees(tmp_path):
        planned = [node.disclose for node in tree.main_path() if node.role == "user"]
        assert len(set(planned)) == 4
        assert set(planned) <= set(tree.persona.items)


def test_a_script_of_the_users_own_answers_a_role(config: Make, tmp_path: Path) -> None:
    engine = ScriptedEngine(
        ScriptedConfig(engine="scripted"), scripts={"user": lambda context: f"turn {context.turn} of {context.turns}"}
    )
    play(config(), tmp_path, clients={"script": engine})
    tree = next(read_trees(tmp_path))
    assert [node.text for node in tree.main_path() if node.role == "user"] == [f"turn {n} of 3" for n in (1, 2, 3)]


def test_a_plain_responder_never_sees_the_persona(config: Make, tmp_path: Path) -> None:
    seen: list[Context] = []

    class Watching(ScriptedEngine):
        async def create(self, messages: Any, *, extra_create_args: Any = None, **keywords: Any) -> Any:
            role, context = extra_create_args["scene"]
            if role == "responder":
                seen.append(context)
            return await super().create(messages, extra_create_args=extra_create_args, **keywords)

    play(config(), tmp_path, clients={"script": Watching()})
    assert len(seen) == 3 * 3 * 2
    assert all(context.persona is None for context in seen)


def test_plain_progress_is_a_line_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    progress = LineProgress()
    progress.update(Snapshot(2, 1, 3, calls=40, tokens=500, seconds=10.0))
    assert capsys.readouterr().out == "2/3 conversations, 1 failed, 40 calls, 50 tokens/s\n"
