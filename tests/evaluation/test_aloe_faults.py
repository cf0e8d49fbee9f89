"""Evaluations that things happen to: kill -9, a server that fails at some turns, judges that say anything at all."""

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
from evaluating import evaluated

from interalign.agents import Context
from interalign.config import parse_config
from interalign.evaluation import EvaluateConfig, Evaluation, evaluate
from interalign.sim import ScriptedEngine

SUPPORT = Path(__file__).parents[1] / "support"
INTERALIGN = str(Path(sys.executable).with_name("interalign"))
KILLS = 2


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


def play(config: Path, out: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([INTERALIGN, "evaluate", str(config), "--out", str(out)], stdout=subprocess.DEVNULL)


def lines(log: Path) -> int:
    return log.read_text().count("\n") if log.exists() else 0


def test_an_evaluation_killed_again_and_again_comes_to_the_same_results(
    server: tuple[str, Path], tmp_path: Path
) -> None:
    base_url, log = server
    config = tmp_path / "e.toml"
    config.write_text(
        '[evaluate]\ncases = 8\nturns = 4\ncontrols = ["generic", "swap"]\n'
        f'[models.m]\nengine = "openai_api"\nbase_url = "{base_url}"\nmodel = "m"\nmax_in_flight = 4\n'
    )
    assert play(config, tmp_path / "calm").wait(60) == 0
    needed = lines(log)
    draw = random.Random(3)
    for _ in range(KILLS):
        process, before = play(config, tmp_path / "killed"), lines(log)
        while process.poll() is None and lines(log) == before:
            time.sleep(0.005)  # kill it while it works, not while it starts
        time.sleep(draw.uniform(0.0, 0.15))
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert play(config, tmp_path / "killed").wait(60) == 0
    for name in ("results.json", "dialogues/m/trees.jsonl", "dialogues/generic/trees.jsonl"):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "calm" / name).read_bytes()
    assert lines(log) - 2 * needed <= KILLS * 4  # nothing answered was asked again, but what was on the line at a kill


class Failing(stub.Stub):
    """Fails whoever answers the third message; scores everything 4."""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        asked = body["messages"]
        answers_third = sum(message["role"] == "user" for message in asked) == 3 and asked[0]["content"].startswith(
            "You are chatting"
        )
        self.replies = [
            503 if answers_third else stub.completion("4" if "from 1 to 5" in asked[-1]["content"] else "Well.")
        ]
        return await super().answer(request)


def test_a_server_that_fails_at_a_turn_leaves_missing_scores_and_no_unequal_denominators(tmp_path: Path) -> None:
    async def work(base_url: str) -> Evaluation:
        model = {"engine": "openai_api", "base_url": base_url, "model": "m"}
        data = {
            "evaluate": {"cases": 3, "turns": 4, "controls": ["generic"], "models": ["m"]},
            "models": {"m": model},
            "calls": {"retries": 1, "retry_delay": 0.001},
        }
        return await evaluate(parse_config(data, EvaluateConfig), tmp_path)

    found = stub.with_stub(Failing(stub.completion("4")), work)
    model, generic = found.results.models
    assert model.scores["overall"] == [[4.0, 4.0, None, None]] * 3
    assert {(one.case, one.turn) for one in model.missing} == {
        (f"case000{case}", turn) for case in range(3) for turn in (3, 4)
    }
    assert all("503" in one.reason for one in model.missing)
    assert not generic.missing
    page = (tmp_path / "report.md").read_text()
    assert "Missing" in page
    assert "no reply: the responder (m) failed 2 times" in page


REFUSAL = "I'm sorry, but I can't rate people's messages."
PAGE = "The reply is friendly. " * 200 + "\n\nScore: 4"


@pytest.mark.usefixtures("_no_plots")
@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("4", 4.0),
        ("Score: 4", 4.0),
        ("4/5", 4.0),
        ("**4**", 4.0),
        ("3.5", 3.5),
        ("four", 4.0),
        ("5 out of 5", 5.0),
        (PAGE, 4.0),
        ("-1", None),
        ("0", None),
        ("6", None),
        ("", None),
        ("   \n", None),
        (REFUSAL, None),
        ("no idea " * 3000, None),
        ("{'score': }", None),
        ("\x00\ud800 <b>", None),
    ],
)
def test_whatever_a_judge_says_is_the_right_number_or_missing(tmp_path: Path, said: str, value: float | None) -> None:
    def script(context: Context) -> str:
        return said

    engines: Any = {
        name: ScriptedEngine(scripts={"scorer": script} if name == "sim" else {}) for name in ("base", "sim")
    }
    model = evaluated(tmp_path, cases=1, turns=1, clients=engines).results.models[0]
    assert model.scores["overall"] == [[value]]
    assert [bool(one.reason) for one in model.missing] == ([True] if value is None else [])
