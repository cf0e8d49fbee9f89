"""The human judge on the terminal: keys from a text, and from a real terminal in a process of its own."""

import asyncio
import io
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from judging import ABOUT, CONTEXT, GENERIC
from rich.console import Console
from typer.testing import CliRunner

from interalign.agents import Context, Message, Persona
from interalign.cli import app
from interalign.sim import read_trees
from interalign.sim.human import HumanJudge
from interalign.sim.human.terminal import Terminal


def shown(keys: str, path: Path, replies: tuple[str, str] = (ABOUT, GENERIC), count: int = 3, width: int = 100) -> str:
    """What stands on the terminal after these keys."""
    console = Console(file=io.StringIO(), width=width)

    async def run() -> None:
        judge = HumanJudge("anna", path, show=Terminal(io.StringIO(keys), console).show)
        contexts = [Context((Message("user", f"Message {place}."),), CONTEXT.persona) for place in range(count)]
        await asyncio.gather(*(judge.compare(context, *replies, None, key="k") for context in contexts))  # type: ignore[arg-type]

    asyncio.run(run())
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def choices(path: Path) -> list[str]:
    return [line.split('"choice":')[1].split(",")[0].strip('"') for line in path.read_text().splitlines()]


def test_keys_answer_and_enter_hands_in(tmp_path: Path) -> None:
    text = shown("120\n", tmp_path / "a.jsonl")
    assert choices(tmp_path / "a.jsonl") == ["first", "second", "tie"]
    assert "1 of 3" in text
    assert "That was the last one." in text
    assert "3 of 3 comparisons judged by anna" in text


def test_u_takes_back_even_at_the_end(tmp_path: Path) -> None:
    shown("1u2u0", tmp_path / "a.jsonl", count=1)
    assert choices(tmp_path / "a.jsonl") == ["first", "null", "second", "null", "tie"]


@pytest.mark.parametrize("keys", ["1q", "1", "1\x04"])
def test_q_and_the_end_of_the_input_stop(keys: str, tmp_path: Path) -> None:
    assert "1 of 3 comparisons judged by anna" in shown(keys, tmp_path / "a.jsonl")


def test_other_keys_do_nothing_but_explain(tmp_path: Path) -> None:
    text = shown("x\n7u1q", tmp_path / "a.jsonl")
    assert choices(tmp_path / "a.jsonl") == ["first"]
    assert text.count("1 the first   2 the second") > 3


def test_persona_history_and_replies_are_shown_as_they_are(tmp_path: Path) -> None:
    hostile = "[red]markup[/red] \x1b[31mescape \u202ereversed"
    text = shown("q", tmp_path / "a.jsonl", (hostile, "fine"))
    assert CONTEXT.persona is not None
    for part in (*CONTEXT.persona.items, "Person: Message 0.", "[red]markup[/red]"):
        assert part in text
    assert "\x1b" not in text
    assert "\u202e" not in text


@pytest.mark.parametrize("width", [20, 79, 80, 200])
def test_any_width_will_do(width: int, tmp_path: Path) -> None:
    assert "hens" in shown("q", tmp_path / "a.jsonl", width=width)


def test_the_command_judges_a_run(scripted_run: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(scripted_run, tmp_path / "run"))
    arguments = ["rejudge", str(run), "--judge", "human", "--set", "cast.judge.annotator=anna"]
    done = CliRunner().invoke(app, arguments, input="1" * 5 + "q")
    assert "5 of 24 comparisons judged by anna" in done.output
    assert f"interalign pairs {run} --judge human" in done.output
    verdicts = [found[-1] for tree in read_trees(run) for found in tree.verdicts.values()]
    assert sum(verdict.outcome == "unscored" for verdict in verdicts) == 19
    assert len((run / "human.jsonl").read_text().splitlines()) == 5


def test_ctrl_c_on_a_real_terminal_keeps_the_answers_and_mends_the_terminal(scripted_run: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(scripted_run, tmp_path / "run"))
    command = [str(Path(sys.executable).with_name("interalign")), "rejudge", str(run), "--judge", "human"]
    ours, theirs = pty.openpty()
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    try:
        text = read_until(ours, "1 of 24")
        os.write(ours, b"1")
        text += read_until(ours, "2 of 24")
        os.write(ours, b"2")
        text += read_until(ours, "3 of 24")
        process.send_signal(signal.SIGINT)
        text += read_until(ours, "answers are in")
        assert process.wait(30) == 130
    finally:
        process.kill()
        os.close(ours)
        os.close(theirs)
    assert "2 of 24 comparisons judged by human" in text
    assert "Traceback" not in text
    assert choices(run / "human.jsonl") == ["first", "second"]


def read_until(descriptor: int, wanted: str, seconds: float = 60) -> str:
    text, end = "", time.monotonic() + seconds
    while wanted not in text:
        assert time.monotonic() < end, (wanted, text)
        if not select.select([descriptor], [], [], 0.2)[0]:
            continue
        text += os.read(descriptor, 65536).decode(errors="replace")
    return text


def test_a_persona_without_traits_and_an_empty_history_are_shown(tmp_path: Path) -> None:
    console = Console(file=io.StringIO(), width=80)

    async def run() -> None:
        judge = HumanJudge("anna", tmp_path / "a.jsonl", show=Terminal(io.StringIO("1q"), console).show)
        person = Persona(id="p", facts=("I swim.",), traits=("I am brief.",))
        await judge.compare(Context(persona=person), "a", "b", None, key="k")  # type: ignore[arg-type]

    asyncio.run(run())
