"""The cache of answers, and the budget that counts what is in it."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import stub
from autogen_core.models import CreateResult, LLMMessage, SystemMessage, UserMessage
from typer.testing import CliRunner

from interalign.cli import app
from interalign.config import parse_config
from interalign.errors import RunFolderError
from interalign.sim import RunConfig, read_trees, run, simulate
from interalign.sim.calls import CallCache
from interalign.sim.calls.cache import fingerprint
from interalign.sim.engines import EngineUsage
from interalign.sim.engines.base import Price

Make = Callable[..., RunConfig]
ASKED: list[LLMMessage] = [SystemMessage(content="s"), UserMessage(content="u", source="x")]


def answer(text: str) -> CreateResult:
    return CreateResult(finish_reason="stop", content=text, usage=EngineUsage(10, 3, 4), cached=False)


def test_what_is_kept_comes_back_with_its_usage(tmp_path: Path) -> None:
    cache = CallCache(tmp_path / "c.sqlite")
    cache.put(b"k", "user", "m", answer("héllo 🦜"), 0.5)
    cache.close()
    found = CallCache(tmp_path / "c.sqlite").get(b"k")
    assert found is not None
    assert (found.content, found.cached, found.usage) == ("héllo 🦜", True, EngineUsage(10, 3, 4))


@pytest.mark.parametrize(
    "other",
    [
        (b"other", ASKED, {"a": 1}),
        (b"m", ASKED[:1], {"a": 1}),
        (b"m", [ASKED[0], UserMessage(content="v", source="x")], {"a": 1}),
        (b"m", [SystemMessage(content="su"), UserMessage(content="", source="x")], {"a": 1}),
        (b"m", ASKED, {"a": 2}),
        (b"m", ASKED, {"a": 1, "seed": 0}),
    ],
)
def test_another_call_has_another_key(other: Any) -> None:
    assert fingerprint(*other) != fingerprint(b"m", ASKED, {"a": 1})


def test_the_order_of_parameters_and_the_sources_do_not_matter() -> None:
    named = [ASKED[0], UserMessage(content="u", source="somebody else")]
    assert fingerprint(b"m", ASKED, {"a": 1, "b": 2}) == fingerprint(b"m", named, {"b": 2, "a": 1})


def test_several_processes_write_one_file(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from interalign.sim.calls import CallCache\n"
        "from interalign.sim.engines import EngineUsage; from autogen_core.models import CreateResult\n"
        "cache = CallCache(Path(sys.argv[1]))\n"
        "for n in range(300):\n"
        "    result = CreateResult(finish_reason='stop', content=str(n), usage=EngineUsage(1, 1), cached=False)\n"
        "    cache.put(f'{n % 200}-{sys.argv[2] if n < 100 else 0}'.encode(), 'user', 'm', result, 0.1)\n"
    )
    path = tmp_path / "c.sqlite"
    started = [subprocess.Popen([sys.executable, "-c", code, str(path), str(n)]) for n in (1, 2)]
    assert [process.wait(60) for process in started] == [0, 0]
    assert len(CallCache(path)) == 2 * 100 + 200


def test_a_file_that_is_no_cache_is_named(tmp_path: Path) -> None:
    (tmp_path / "c.sqlite").write_bytes(b"not a database " * 100)
    with pytest.raises(RunFolderError, match=r"c\.sqlite cannot be written"):
        CallCache(tmp_path / "c.sqlite")


def test_a_run_with_a_shared_cache_asks_nothing_twice(tmp_path: Path) -> None:
    server = stub.Stub(stub.completion("first"))

    async def work(base_url: str) -> list[Any]:
        model = {"engine": "openai_api", "base_url": base_url, "model": "m"}
        data = {
            "run": {"conversations": 2, "turns": 2},
            "models": {"m": model},
            "calls": {"cache": str(tmp_path / "shared.sqlite")},
        }
        config = parse_config(data, RunConfig)
        return [await simulate(config, tmp_path / name) for name in ("a", "b")]

    first, second = stub.with_stub(server, work)
    assert (first.calls, second.calls, len(server.bodies)) == (24, 0, 24)


def test_the_command_shows_and_prunes_the_cache(tmp_path: Path) -> None:
    cache = CallCache(tmp_path / "calls.sqlite")
    cache.put(b"k", "user", "m", answer("x"), 0.5)
    cache.close()
    shown = CliRunner().invoke(app, ["calls", str(tmp_path)]).output
    assert "1 answers" in shown
    assert "deleted" in CliRunner().invoke(app, ["calls", str(tmp_path), "--prune"]).output
    assert not list(tmp_path.glob("calls.sqlite*"))


# -- budget --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("budget", "spent"),
    [({"calls": 70}, "calls"), ({"tokens": 22_000}, "tokens"), ({"money": 0.025}, "money")],
)
def test_a_run_stops_at_its_cap_with_trees_to_use_and_goes_on_later(
    config: Make, tmp_path: Path, budget: dict[str, Any], spent: str
) -> None:
    models = {"script": {"engine": "scripted", "latency": 0.001, "price": {"prompt": 1.0, "completion": 4.0}}}
    size = {"conversations": 8, "turns": 3}
    play = lambda **more: run(lambda: simulate(config(run=size, models=models, **more), tmp_path))  # noqa: E731
    stopped = play(calls={"budget": budget})
    assert "budget is used up" in stopped.stopped
    assert stopped.calls <= 70 if spent == "calls" else stopped.calls < 8 * 18
    assert any(list(tree.pairs()) for tree in read_trees(tmp_path))
    assert not (tmp_path / "manifest.json").exists()
    assert play().conversations == 8
    assert [tree.stop for tree in read_trees(tmp_path)] == [None] * 8


def test_prices_count_cached_tokens_as_the_config_says() -> None:
    assert Price(prompt=2, completion=8).of(1_000_000, 500_000, 1_000_000) == 10
    assert Price(prompt=2, cached=1, completion=8).of(1_000_000, 500_000, 1_000_000) == 9.5


def test_an_estimate_counts_the_calls_exactly_and_the_tokens_nearly(config: Make, tmp_path: Path) -> None:
    from interalign.sim.estimate import estimate

    wanted = config(run={"conversations": 40, "turns": 4})
    found = asyncio.run(estimate(wanted))
    summary = run(lambda: simulate(wanted, tmp_path))
    assert found.total.calls == summary.calls == 40 * 4 * 6
    assert abs(found.total.completion_tokens / summary.tokens - 1) < 0.2


def test_an_estimate_of_a_full_tree_counts_its_branches(config: Make, tmp_path: Path) -> None:
    from interalign.sim.estimate import calls_per_conversation

    wanted = config(run={"conversations": 1, "turns": 4}, policy={"kind": "full", "width": 2, "depth": 3})
    assert calls_per_conversation(wanted) == run(lambda: simulate(wanted, tmp_path)).calls == (1 + 2 + 4 + 8) * 6
