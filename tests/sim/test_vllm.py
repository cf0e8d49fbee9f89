"""The vllm engine: what it says when vLLM is missing; and, by `make test-vllm`, a real server with base and adapter."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from interalign.errors import MissingError
from interalign.sim import RunConfig, read_trees, run, simulate
from interalign.sim.engines import VLLMConfig, VLLMEngine

Make = Callable[..., RunConfig]


def test_a_missing_vllm_is_named_with_what_helps() -> None:
    with pytest.raises(MissingError, match=r"vLLM is not installed in .*pip install 'interalign\[vllm\]'.*base_url"):
        VLLMEngine(VLLMConfig(engine="vllm", model="m"))


def test_an_interpreter_that_is_none_is_named() -> None:
    with pytest.raises(MissingError, match="python = '/no/python' cannot be run"):
        VLLMEngine(VLLMConfig(engine="vllm", model="m", python="/no/python"))


def test_an_adapter_that_is_not_served_is_named_beside_those_that_are() -> None:
    with pytest.raises(MissingError, match=r"adapter = 'b' is not among the adapters that are served \(a\)"):
        VLLMEngine(VLLMConfig(engine="vllm", model="m", base_url="http://h/v1", adapter="b", adapters={"a": "x"}))


def test_a_server_that_dies_at_its_start_ends_the_run_with_its_last_words(config: Make, tmp_path: Path) -> None:
    fake = tmp_path / "python"
    fake.write_text('#!/bin/sh\n[ "$1" = -c ] && exit 0\necho "ValueError: no such model" >&2\nexit 1\n')
    fake.chmod(0o755)
    wanted = config(models={"m": {"engine": "vllm", "model": "m", "python": str(fake)}})
    with pytest.raises(MissingError, match="did not start: ValueError: no such model"):
        run(lambda: simulate(wanted, tmp_path / "run"))


@pytest.mark.skipif("INTERALIGN_VLLM_PYTHON" not in os.environ, reason="opt in with: make test-vllm")
def test_a_real_server_plays_base_and_adapter_side_by_side(config: Make, tmp_path: Path) -> None:
    models = Path(os.environ["INTERALIGN_VLLM_MODELS"])
    served: dict[str, Any] = {
        "engine": "vllm",
        "model": str(models / "base"),
        "adapters": {"tuned": str(models / "adapter")},
        "python": os.environ["INTERALIGN_VLLM_PYTHON"],
        "arguments": ["--max-model-len=2048", "--max-lora-rank=8", "--max-num-seqs=8", "--enforce-eager"],
        "environment": {"VLLM_CPU_KVCACHE_SPACE": "1"},
        "parameters": {"max_tokens": 24},
    }
    cast = {
        "model": "base",
        "judge": "embedding",
        "responders": [{"strategy": "plain"}, {"name": "tuned", "model": "tuned", "strategy": "plain"}],
    }
    wanted = config(
        run={"conversations": 4, "turns": 2},
        models={"base": served, "tuned": {**served, "adapter": "tuned"}},
        cast=cast,
    )
    summary = run(lambda: simulate(wanted, tmp_path / "run"))
    assert (summary.conversations, summary.failed) == (4, 0)
    for tree in read_trees(tmp_path / "run"):
        assert {node.model for node in tree} == {"base", "tuned"}
        assert all(node.text.strip() for node in tree)
    assert sys.executable != os.environ["INTERALIGN_VLLM_PYTHON"]
