"""The vllm engine: what it says when vLLM is missing; and, by `make test-vllm`, a real server with base and adapter."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from interalign.errors import ConfigError, MissingError
from interalign.sim import RunConfig, read_trees, run, simulate
from interalign.sim.adapters import Factors, Lora, write_adapter
from interalign.sim.engines import VLLMConfig, VLLMEngine
from interalign.sim.rejudge import rejudge

Make = Callable[..., RunConfig]


def test_a_missing_vllm_is_named_with_what_helps() -> None:
    with pytest.raises(MissingError, match=r"vLLM is not installed in .*pip install 'interalign\[vllm\]'.*base_url"):
        VLLMEngine(VLLMConfig(engine="vllm", model="m"))


def test_an_interpreter_that_is_none_is_named() -> None:
    with pytest.raises(MissingError, match="python = '/no/python' cannot be run"):
        VLLMEngine(VLLMConfig(engine="vllm", model="m", python="/no/python"))


@pytest.fixture
def anything(tmp_path: Path) -> str:
    """An interpreter that claims to have vLLM."""
    fake = tmp_path / "python"
    fake.write_text("#!/bin/sh\nexit 0\n")
    fake.chmod(0o755)
    return str(fake)


def test_base_and_adapters_are_one_server_that_is_told_of_all(anything: str, tmp_path: Path) -> None:
    draw = np.ones((20, 4), np.float32)
    for name, rank in (("a", 4), ("b", 20)):
        write_adapter(Lora("m", {"x.q_proj": Factors(draw[:rank] * rank, draw.T[:, :rank])}), tmp_path / name)
    models = ["m", f"m+{tmp_path / 'a'}", f"m+{tmp_path / 'b'}"]
    base, a, b = (VLLMEngine(VLLMConfig(engine="vllm", model=model, python=anything)) for model in models)
    assert base._server is a._server is b._server is not None
    command = base._server.command()
    assert command[command.index("--model") + 1] == "m"
    assert command[command.index("--max-lora-rank") + 1] == "32"
    assert {a.config.model, b.config.model} == {entry.partition("=")[0] for entry in command if "=/" in entry}
    assert base.config.model == "m"
    assert [engine.identity().get("adapter") is None for engine in (base, a, b)] == [True, False, False]
    assert a.identity()["adapter"] != b.identity()["adapter"]


def test_an_adapter_is_checked_before_a_server_starts(anything: str, tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="no adapter at"):
        VLLMEngine(VLLMConfig(engine="vllm", model=f"m+{tmp_path}", python=anything))
    ones = np.ones((600, 2), np.float32)
    write_adapter(Lora("m", {"x.q_proj": Factors(ones, ones.T)}), tmp_path / "wide")
    with pytest.raises(ConfigError, match=r"the rank of the adapter in .* is 600; 512 is the most"):
        VLLMEngine(VLLMConfig(engine="vllm", model=f"m+{tmp_path / 'wide'}", python=anything))


def test_a_server_that_dies_at_its_start_ends_the_run_with_its_last_words(config: Make, tmp_path: Path) -> None:
    fake = tmp_path / "python"
    fake.write_text('#!/bin/sh\n[ "$1" = -c ] && exit 0\necho "ValueError: no such model" >&2\nexit 1\n')
    fake.chmod(0o755)
    wanted = config(models={"m": {"engine": "vllm", "model": "m", "python": str(fake)}})
    with pytest.raises(MissingError, match="did not start: ValueError: no such model"):
        run(lambda: simulate(wanted, tmp_path / "run"))


@pytest.fixture
def pretended(tmp_path: Path) -> str:
    """An interpreter whose vLLM is a stub in a process of its own; log-PORT notes its requests."""
    fake = tmp_path / "python"
    stub = Path(__file__).parents[1] / "support" / "counting_stub.py"
    find_port = 'while [ "$1" != --port ]; do shift; done'
    fake.write_text(
        f'#!/bin/sh\n[ "$1" = -c ] && exit 0\n{find_port}\nexec "{sys.executable}" "{stub}" "$2" "{tmp_path}/log-$2"\n'
    )
    fake.chmod(0o755)
    return str(fake)


def test_runs_after_each_other_in_one_process_have_servers_of_their_own(
    config: Make, pretended: str, tmp_path: Path
) -> None:
    section = {"engine": "vllm", "model": "m", "python": pretended, "max_in_flight": 8}
    for name in ("first", "second"):  # each in an event loop of its own
        summary = run(lambda: simulate(config(models={"m": section}), tmp_path / name))  # noqa: B023
        assert (summary.conversations, summary.failed) == (3, 0)
    assert len(list(tmp_path.glob("log-*"))) == 2


needs_vllm = pytest.mark.skipif("INTERALIGN_VLLM_PYTHON" not in os.environ, reason="opt in with: make test-vllm")


def served() -> dict[str, Any]:
    return {
        "engine": "vllm",
        "model": str(Path(os.environ["INTERALIGN_VLLM_MODELS"]) / "base"),
        "python": os.environ["INTERALIGN_VLLM_PYTHON"],
        "arguments": ["--max-model-len=2048", "--max-num-seqs=8", "--enforce-eager"],
        "environment": {"VLLM_CPU_KVCACHE_SPACE": "1"},
        "parameters": {"max_tokens": 24},
    }


@needs_vllm
def test_a_real_server_plays_base_and_adapter_side_by_side(config: Make, tmp_path: Path) -> None:
    base = served()
    cast = {
        "model": "base",
        "judge": "embedding",
        "responders": [{"strategy": "plain"}, {"name": "tuned", "model": "tuned", "strategy": "plain"}],
    }
    tuned = {**base, "model": f"{base['model']}+{Path(os.environ['INTERALIGN_VLLM_MODELS']) / 'adapter'}"}
    wanted = config(run={"conversations": 4, "turns": 2}, models={"base": base, "tuned": tuned}, cast=cast)
    summary = run(lambda: simulate(wanted, tmp_path / "run"))
    assert (summary.conversations, summary.failed) == (4, 0)
    for tree in read_trees(tmp_path / "run"):
        assert {node.model for node in tree} == {"base", "tuned"}
        assert all(node.text.strip() for node in tree)
    assert sys.executable != os.environ["INTERALIGN_VLLM_PYTHON"]


@needs_vllm
def test_a_real_server_gives_the_log_probabilities_that_the_model_gives_here(config: Make, tmp_path: Path) -> None:
    base = served()
    cast = {
        "judge": {"judge": "likelihood", "model": "base"},
        "responders": [{"strategy": "plain"}, {"strategy": "hinted"}],
    }
    wanted = config(run={"conversations": 3, "turns": 2}, models={"base": base}, cast=cast)
    run(lambda: simulate(wanted, tmp_path / "run"))
    here = {"judge": "likelihood", "weights": base["model"], "name": "here"}
    judged_here = wanted.model_copy(update={"cast": config(cast={**cast, "judge": here}, models={"base": base}).cast})
    run(lambda: rejudge(tmp_path / "run", judged_here))
    verdicts = [found for tree in read_trees(tmp_path / "run") for found in tree.verdicts.values()]
    assert len(verdicts) == 6
    for there, loaded in verdicts:
        assert there.scores == pytest.approx(loaded.scores, abs=0.05)  # the server computes in bfloat16
