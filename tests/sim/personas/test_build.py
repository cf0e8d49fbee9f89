"""Building a pool: it grows, it stops for a reason, it goes on where it stood, and what it refuses has a reason."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from interalign.agents import Context, Personality, Profile, embed, read_jsonl
from interalign.agents.persona_writer import DraftContext
from interalign.config import load_config, parse_config
from interalign.errors import CallError, ConfigError, MissingError, RunFolderError
from interalign.sim import ScriptedEngine, run
from interalign.sim.engines import ScriptedConfig
from interalign.sim.personas import BuildConfig, BuildSummary, build_pool
from interalign.sim.personas.progress import BuildLines, Snapshot

ROOT = Path(__file__).parents[3]
KEPT = ("accepted.jsonl", "rejected.jsonl", "rounds.jsonl", "pool.jsonl")
NEW = "I grow {0} on the roof. My neighbour collects {0} too. I once lost a bet about {0}."


def config(**sections: Any) -> BuildConfig:
    data: dict[str, Any] = {
        "build": {"target": 30, "batch": 10, "parallel": 2},
        "saturation": {"window": 3},
        "models": {"m": {"engine": "scripted"}},
        **sections,
    }
    return parse_config(data, BuildConfig)


def build(
    out: Path, wanted: BuildConfig | None = None, script: Callable[[Context], str] | None = None, **more: Any
) -> BuildSummary:
    wanted = wanted or config()
    clients = {"m": ScriptedEngine(scripts={"writer": script})} if script else None
    return run(lambda: build_pool(wanted, out, clients=clients, **more))


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in KEPT}


# -- growing -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "form"), [("profile", Profile), ("personality", Personality)])
def test_a_pool_grows_to_its_target(tmp_path: Path, kind: str, form: type[Profile] | type[Personality]) -> None:
    summary = build(tmp_path, config(build={"kind": kind, "target": 24, "batch": 10, "parallel": 2}))
    pool = read_jsonl(tmp_path / "pool.jsonl", form)
    assert summary.stopped == "target: the pool has 24"
    assert (summary.pool, summary.accepted, len(pool)) == (24, 4, 24)
    assert pool[20:] == read_jsonl(tmp_path / "accepted.jsonl", form)
    assert all(half.attributes == {"writer": "m", "round": 1} for half in pool[20:])


def test_nobody_in_the_pool_is_too_similar(tmp_path: Path) -> None:
    build(tmp_path)
    texts = [" ".join(half.facts) for half in read_jsonl(tmp_path / "pool.jsonl", Profile)]
    near = embed(texts) @ embed(texts).T
    assert (near - 2 * np.eye(len(texts))).max() <= 0.6 + 1e-5


def test_every_draft_is_taken_or_refused_with_a_reason(tmp_path: Path) -> None:
    summary = build(tmp_path)
    refused = lines(tmp_path / "rejected.jsonl")
    rounds = lines(tmp_path / "rounds.jsonl")
    assert sum(round["drafts"] for round in rounds) == len(refused) + summary.accepted == 20 * len(rounds)
    assert sum(summary.rejected.values()) == len(refused)
    similar = [record for record in refused if record["reason"] == "too similar"]
    pool = {half.id: half for half in read_jsonl(tmp_path / "pool.jsonl", Profile)}
    for record in similar:
        both = embed([" ".join(record["items"]), " ".join(pool[record["near"]].facts)])
        assert both[0] @ both[1] == pytest.approx(record["similarity"], abs=1e-3)
        assert record["similarity"] > 0.6
        assert record["why"].startswith(f"too similar to {record['near']} at 0.")
    assert similar


def test_equal_builds_give_equal_bytes_and_other_seeds_others(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        build(tmp_path / name, config(build={"target": 26, "batch": 10, "seed": seed}))
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert contents(tmp_path / "a") != contents(tmp_path / "c")


def test_the_writer_sees_members_of_the_pool_and_what_is_wanted(tmp_path: Path) -> None:
    seen: list[Context] = []

    def script(context: Context) -> str:
        seen.append(context)
        return NEW.format(("violins", "maps", "goats", "tyres")[len(seen) % 4])

    build(
        tmp_path,
        config(build={"target": 22, "batch": 3, "examples": 4, "parallel": 1}, filter={"min_items": 3}),
        script,
    )
    pool = {half.facts for half in read_jsonl(tmp_path / "pool.jsonl", Profile)}
    assert all(isinstance(context, DraftContext) for context in seen)
    for context in seen:
        assert isinstance(context, DraftContext)
        assert (context.kind, context.count, context.items, len(set(context.examples))) == ("profile", 3, "3 to 10", 4)
        assert pool.issuperset(context.examples)


# -- stopping ------------------------------------------------------------------------------------


def test_a_writer_that_only_repeats_itself_saturates(tmp_path: Path) -> None:
    summary = build(tmp_path, config(filter={"min_items": 3}), lambda context: NEW.format("violins"))
    assert summary.stopped == "saturated: 0 of the last 6 drafts were taken in (5% is the least)"
    assert (summary.accepted, len(lines(tmp_path / "rounds.jsonl"))) == (1, 4)
    assert sum(summary.rejected.values()) == 7
    assert set(summary.rejected) <= {"repeats a sentence", "leaks an example"}


@pytest.mark.parametrize("answer", ["", "[]", " \n"])
def test_a_writer_that_writes_nothing_saturates(tmp_path: Path, answer: str) -> None:
    summary = build(tmp_path, None, lambda context: answer)
    assert summary.stopped.startswith("saturated: the last 3 rounds brought nobody")
    assert {record["why"] for record in lines(tmp_path / "rejected.jsonl")} == {
        "not a persona: the answer lists nobody"
    }


def test_a_spent_budget_stops_and_a_larger_one_goes_on(tmp_path: Path) -> None:
    build(tmp_path / "whole")
    summary = build(tmp_path / "part", config(calls={"budget": {"calls": 3}}))
    assert summary.stopped.startswith("the budget of 3 calls is used up")
    assert len(lines(tmp_path / "part/rounds.jsonl")) == 1
    build(tmp_path / "part")
    assert contents(tmp_path / "part") == contents(tmp_path / "whole")


def test_a_higher_target_goes_on_as_if_it_had_been_there_from_the_start(tmp_path: Path) -> None:
    for target in (22, 25, 30):
        build(tmp_path / "grown", config(build={"target": target, "batch": 10, "parallel": 2}))
    build(tmp_path / "whole")
    assert contents(tmp_path / "grown") == contents(tmp_path / "whole")
    assert build(tmp_path / "grown").calls == 0


# -- breaking off --------------------------------------------------------------------------------


class Failing(ScriptedEngine):
    """Fails for good from a number of calls on."""

    def __init__(self, limit: int) -> None:
        super().__init__(ScriptedConfig(engine="scripted"))
        self.limit = limit

    async def create(self, messages: Any, **keywords: Any) -> Any:
        if self.calls >= self.limit:
            raise CallError("this server is out of order")
        return await super().create(messages, **keywords)


@pytest.mark.parametrize("limit", [0, 2, 5])
def test_a_round_without_an_answer_ends_the_build_and_keeps_the_others(tmp_path: Path, limit: int) -> None:
    with pytest.raises(CallError, match="out of order"):
        run(lambda: build_pool(config(), tmp_path / "part", clients={"m": Failing(limit)}))
    assert len(lines(tmp_path / "part/rounds.jsonl")) == -(-limit // 2)
    if limit % 2 == 0:
        build(tmp_path / "part")
        build(tmp_path / "whole")
        assert contents(tmp_path / "part") == contents(tmp_path / "whole")


@pytest.mark.parametrize("name", ["accepted.jsonl", "rejected.jsonl", "rounds.jsonl"])
def test_what_a_kill_leaves_half_written_is_dropped(tmp_path: Path, name: str) -> None:
    build(tmp_path / "whole")
    build(tmp_path / "part", config(calls={"budget": {"calls": 4}}))
    with (tmp_path / "part" / name).open("ab") as file:
        file.write(b'{"round": 3, "id": "half a li')
    build(tmp_path / "part")
    assert contents(tmp_path / "part") == contents(tmp_path / "whole")


def test_a_build_with_a_real_engines_cache_asks_nothing_twice(tmp_path: Path) -> None:
    class Caching(ScriptedEngine):
        worth_caching = True

    first, second = Caching(), Caching()
    run(lambda: build_pool(config(calls={"budget": {"calls": 3}}), tmp_path, clients={"m": first}))
    summary = run(lambda: build_pool(config(), tmp_path, clients={"m": second}))
    rounds = len(lines(tmp_path / "rounds.jsonl"))
    assert (first.calls, second.calls) == (3, 2 * rounds - 3)
    assert summary.calls == second.calls


# -- what is wrong with what is given --------------------------------------------------------------


@pytest.mark.parametrize(
    ("sections", "says"),
    [
        ({"build": {"target": 20}}, "build.target = 20, but the pool begins with 20; raise it, or lower seeds.count"),
        (
            {"seeds": {"count": 900}, "build": {"target": 999}},
            "seeds.count = 900, but there are 348 profile seeds; lower it",
        ),
        ({"filter": {"min_items": 9, "max_items": 8}}, "max_items = 8 is less than min_items = 9; nothing could pass"),
        ({"filter": {"threshold": 2}}, "key 'filter.threshold' = 2"),
        ({"build": {"kind": "mood"}}, "key 'build.kind' = 'mood'"),
        ({"models": {}}, "key 'models'"),
        (
            {"models": {"a": {"engine": "scripted"}, "b": {"engine": "scripted"}}},
            "writer names no model and there are several (a, b)",
        ),
        ({"writer": "x"}, "writer is played by 'x', but [models] has only m"),
        ({"writer": {"role": "nothing"}}, "writer.role = 'nothing' is not of the form 'module:Class'"),
        ({"embedder": {"engine": "magic"}}, "magic"),
    ],
)
def test_a_wrong_config_is_refused_before_a_folder_is_made(tmp_path: Path, sections: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        build(tmp_path / "out", config(**sections))
    assert says in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_seeds_of_the_wrong_kind_are_refused_with_their_line(tmp_path: Path) -> None:
    (tmp_path / "seeds.jsonl").write_text('{"id": "p", "traits": ["I whisper."]}\n')
    with pytest.raises(ConfigError, match=r"seeds.jsonl, line 1: key 'facts'"):
        build(tmp_path / "out", config(seeds={"file": str(tmp_path / "seeds.jsonl")}))
    with pytest.raises(MissingError, match="no persona file"):
        build(tmp_path / "out", config(seeds={"file": str(tmp_path / "none.jsonl")}))


def test_a_folder_of_another_build_is_refused_with_the_keys(tmp_path: Path) -> None:
    build(tmp_path, config(build={"target": 22}))
    with pytest.raises(RunFolderError, match=r"differs in: build.seed, filter.threshold\); choose another --out"):
        build(tmp_path, config(build={"target": 22, "seed": 3}, filter={"threshold": 0.5}))


def test_seeds_that_have_changed_are_refused(tmp_path: Path) -> None:
    seeds = tmp_path / "seeds.jsonl"
    wanted = config(build={"target": 3}, seeds={"file": str(seeds)})
    seeds.write_text('{"id": "p", "facts": ["I row."]}\n')
    build(tmp_path / "out", wanted)
    seeds.write_text('{"id": "p", "facts": ["I knit."]}\n')
    with pytest.raises(RunFolderError, match="began with other seeds"):
        build(tmp_path / "out", wanted)


def test_a_folder_of_a_simulation_is_refused(tmp_path: Path, scripted_run: Path) -> None:
    before = sorted(path.name for path in scripted_run.iterdir())
    with pytest.raises(RunFolderError, match="holds a simulation, not a build"):
        build(scripted_run)
    assert {path.name for path in scripted_run.iterdir()} - set(before) <= {".lock"}


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [("rounds.jsonl", '{"round": 1}\n', "is damaged at line 1"), ("accepted.jsonl", "", "has lost its end")],
)
def test_a_damaged_folder_is_refused(tmp_path: Path, name: str, text: str, says: str) -> None:
    build(tmp_path, config(build={"target": 24}))
    (tmp_path / name).write_text(text)
    with pytest.raises(RunFolderError, match=says):
        build(tmp_path, config(build={"target": 24}))


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    from filelock import FileLock

    with FileLock(tmp_path / ".lock"), pytest.raises(RunFolderError, match="another process is building"):
        build(tmp_path)


# -- progress and example ------------------------------------------------------------------------


def test_progress_shows_pool_rate_and_cost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    priced = config(models={"m": {"engine": "scripted", "price": {"completion": 1000.0}}})
    build(tmp_path, priced, progress=BuildLines(seconds=0))
    first = capsys.readouterr().out.splitlines()[0]
    assert "/30 in the pool" in first
    assert "% of the last 20 drafts taken, 1 rounds, 2 calls" in first
    assert ", cost " in first


def test_lines_come_at_most_so_often_and_the_last_always(capsys: pytest.CaptureFixture[str]) -> None:
    shown = BuildLines(seconds=60)
    for pool in range(5):
        shown.update(Snapshot(pool, 9, 1, 0, 0, 1, 2, 0.0))
    shown.close()
    assert [line.partition("/")[0] for line in capsys.readouterr().out.splitlines()] == ["0", "4"]


def test_the_example_config_builds_offline(tmp_path: Path) -> None:
    wanted = load_config(ROOT / "examples/build_personas.toml", BuildConfig)
    summary = build(tmp_path, wanted)
    assert summary.accepted > 5
    assert summary.stopped.startswith("saturated: ")
