"""Runs that things happen to: kill -9, a failing server, a secret key, a second process."""

import json
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stub
from aiohttp import web

from interalign.config import parse_config
from interalign.sim import RunConfig, read_trees, simulate

SUPPORT = Path(__file__).parents[1] / "support"
INTERALIGN = str(Path(sys.executable).with_name("interalign"))
KILLS = 20


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The base_url and the log of a counting stub."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path / "requests.log"
    command = [sys.executable, str(SUPPORT / "counting_stub.py"), str(port), str(log)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield f"http://127.0.0.1:{port}/v1", log
        process.terminate()


def write_config(folder: Path, base_url: str, conversations: int = 40) -> Path:
    path = folder / "run.toml"
    path.write_text(
        f"[run]\nconversations = {conversations}\nturns = 6\n"
        f'[models.stub]\nengine = "openai_api"\nbase_url = "{base_url}"\nmodel = "m"\nmax_in_flight = 16\n'
    )
    return path


def play(config: Path, out: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([INTERALIGN, "simulate", str(config), "--out", str(out)], stdout=subprocess.DEVNULL)


def test_a_run_killed_again_and_again_ends_as_if_nothing_had_been(server: tuple[str, Path], tmp_path: Path) -> None:
    base_url, log = server
    config = write_config(tmp_path, base_url)
    assert play(config, tmp_path / "calm").wait(60) == 0
    calm = log.read_text().splitlines()
    log.unlink()
    draw, kills = random.Random(7), []
    while (process := play(config, tmp_path / "killed")).poll() is None:
        lines = _lines(log)
        while process.poll() is None and _lines(log) == lines:
            time.sleep(0.002)  # kill it while it works, not while it starts
        time.sleep(draw.uniform(0.0, 0.12))
        if len(kills) == KILLS:
            assert process.wait(60) == 0
            break
        process.send_signal(signal.SIGKILL)
        process.wait()
        kills.append(time.time())
    assert len(kills) == KILLS
    assert (tmp_path / "killed/trees.jsonl").read_bytes() == (tmp_path / "calm/trees.jsonl").read_bytes()
    _no_finished_call_was_repeated([line.split() for line in log.read_text().splitlines()], kills, len(calm))


def _lines(log: Path) -> int:
    return log.read_text().count("\n") if log.exists() else 0


def _no_finished_call_was_repeated(requests: list[list[str]], kills: list[float], needed: int) -> None:
    """What is asked again was under way at a kill: on the line, or answered too late to be read."""
    answered: dict[str, float] = {}
    for _, done, digest in requests:
        if digest in answered:
            assert any(abs(kill - answered[digest]) < 0.5 for kill in kills)
        answered[digest] = float(done)
    assert len(answered) == needed
    assert len(requests) - needed <= KILLS * 16


FAULTS: list[Any] = [
    500,
    503,
    (429, {"Retry-After": "0.01"}),
    "reset",
    '{"choices": [',
    "no json",
    stub.completion(""),
    "hang",
]


class Unreliable(stub.Stub):
    """A fault for one request in five, whichever it is."""

    def __init__(self) -> None:
        super().__init__(stub.completion("first"))
        self.draw = random.Random(3)
        self.faults = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if self.draw.random() < 0.2:
            self.faults += 1
            self.replies = [self.draw.choice(FAULTS)]
        else:
            self.replies = [stub.completion("first")]
        return await super().answer(request)


def test_with_a_fault_in_every_fifth_call_each_conversation_ends_or_says_why(tmp_path: Path) -> None:
    unreliable = Unreliable()

    async def work(base_url: str) -> Any:
        model = {"engine": "openai_api", "base_url": base_url, "model": "m", "timeout": 0.5}
        data = {
            "run": {"conversations": 12, "turns": 4},
            "models": {"stub": model},
            "calls": {"retry_delay": 0.001, "retries": 3},
        }
        return await simulate(parse_config(data, RunConfig), tmp_path)

    summary = stub.with_stub(unreliable, work)
    failures = tmp_path / "failures.jsonl"
    records = [json.loads(line) for line in failures.read_text().splitlines()] if failures.exists() else []
    assert unreliable.faults > 30
    assert summary.conversations + summary.failed == 12
    assert len(records) == summary.failed
    assert all(record["reason"] for record in records)
    usage = json.loads((tmp_path / "usage.json").read_text())["total"]
    assert usage["retries"] + usage["repairs"] > 0
    for tree in read_trees(tmp_path):
        assert [node.role for node in tree.main_path()] == ["user", "assistant"] * 3 + ["user"]
        assert all(len(replies) == 2 for _, replies in tree.siblings())


def test_the_key_is_in_no_file_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUB_KEY", "sk-very-secret-0123")
    answering = stub.Stub(stub.completion("second"))

    async def work(base_url: str) -> Any:
        model = {"engine": "openai_api", "base_url": base_url, "model": "m", "api_key_env": "STUB_KEY"}
        return await simulate(
            parse_config({"run": {"conversations": 2, "turns": 2}, "models": {"stub": model}}, RunConfig),
            tmp_path / "r",
        )

    stub.with_stub(answering, work)
    assert answering.headers[0]["Authorization"] == "Bearer sk-very-secret-0123"
    files = [path for path in (tmp_path / "r").rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {
        "calls.sqlite",
        "config.toml",
        "manifest.json",
        "trees.jsonl",
        "usage.json",
    }
    assert not [path for path in files if b"sk-very-secret" in path.read_bytes()]


def test_a_second_process_on_a_run_folder_is_refused(server: tuple[str, Path], tmp_path: Path) -> None:
    config = write_config(tmp_path, server[0], conversations=3000)
    with play(config, tmp_path / "run") as first:
        while not (tmp_path / "run/config.toml").exists():
            time.sleep(0.01)
        second = subprocess.run(
            [INTERALIGN, "simulate", str(config), "--out", str(tmp_path / "run")],
            capture_output=True,
            text=True,
            check=False,
        )
        assert first.poll() is None
        first.kill()
    assert second.returncode == 2
    assert "another process is running in" in second.stderr
