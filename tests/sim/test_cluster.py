"""Runs on a local Ray cluster."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from interalign.errors import ConfigError, MissingError
from interalign.sim import RunConfig, ScriptedEngine, run, simulate

ray = pytest.importorskip("ray", reason="needs the extra ray")
pytestmark = [
    pytest.mark.xdist_group("ray"),
    # Ray leaves files and sockets of its own to the collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::FutureWarning"),
]
Make = Callable[..., RunConfig]

MODELS = {"script": {"engine": "scripted", "latency": 0.01}}
SIZE = {"conversations": 60, "turns": 5, "concurrency": 8}


def workers() -> list[int]:
    """The processes of the cluster's players."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                command = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if command.startswith(b"ray::_Worker"):
                found.append(int(folder.name))
    return found


def kill_one_when(path: Path, killed: list[int]) -> None:
    """Kill a player once a few conversations are finished."""
    for _ in range(6000):
        if path.exists() and path.read_bytes().count(b"\n") >= 3 and (found := workers()):
            os.kill(found[0], signal.SIGKILL)
            killed.append(found[0])
            return
        time.sleep(0.01)


def test_a_cluster_grows_the_trees_of_a_local_run_though_a_worker_is_killed(config: Make, tmp_path: Path) -> None:
    run(lambda: simulate(config(run=SIZE, models=MODELS), tmp_path / "local"))
    killed: list[int] = []
    killer = threading.Thread(target=kill_one_when, args=(tmp_path / "ray/trees.jsonl", killed))
    killer.start()
    summary: Any = run(lambda: simulate(config(run={**SIZE, "executor": "ray"}, models=MODELS), tmp_path / "ray"))
    killer.join()
    assert killed
    assert (summary.conversations, summary.failed) == (60, 0)
    assert (tmp_path / "ray/trees.jsonl").read_bytes() == (tmp_path / "local/trees.jsonl").read_bytes()
    usage = [json.loads((tmp_path / name / "usage.json").read_text())["total"]["calls"] for name in ("local", "ray")]
    # What the killed worker had under way is paid twice, what it had finished is not: it played at most 8 at a time.
    assert 0 <= usage[1] - usage[0] <= 8 * 5 * 6


def test_no_cluster_at_the_address_is_said_in_a_sentence(config: Make, tmp_path: Path) -> None:
    wanted = config(run={"conversations": 1, "executor": "ray", "ray_address": "127.0.0.1:1"})
    with pytest.raises(MissingError, match=r"no Ray cluster at 127\.0\.0\.1:1 .*ray start --head"):
        run(lambda: simulate(wanted, tmp_path))


def test_a_cast_made_in_python_is_refused(config: Make, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="plays what the config describes"):
        run(lambda: simulate(config(run={"executor": "ray"}), tmp_path, clients={"script": ScriptedEngine()}))
