"""terminal: comparisons on the terminal, one key each."""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from interalign.graphs.drawing import plain_text
from interalign.sim.human.answers import Shown
from interalign.sim.human.desk import Desk, Sheet

__all__ = ["Terminal"]

_CHOICES: dict[str, Shown] = {"1": "first", "2": "second", "0": "tie"}
_HELP = "1 the first   2 the second   0 equal   u take the last answer back   q stop here"
_END = "That was the last one.   Enter to hand it in   u take the last answer back"


class Terminal:
    """Reads single keys from a terminal, and characters from anything else (a pipe, a test)."""

    def __init__(self, keys: Any = None, console: Console | None = None) -> None:
        self._keys = keys
        self._console = console

    async def show(self, desk: Desk) -> None:
        """Let the annotator work until everything is handed in, or q is pressed."""
        console = self._console or Console()
        try:
            with _raw(self._keys or sys.stdin) as keys:
                while desk.open:
                    sheet = desk.current
                    shown = _END if sheet is None else draw(sheet, desk, console.width)
                    console.print(shown, markup=False, highlight=False)
                    if not await self._react(desk, keys, console):
                        break
        finally:  # after Ctrl-C, too
            told = f"{desk.done} of {desk.total} comparisons judged by {desk.annotator}; answers are in {desk.answers.path}"
            console.print(told, markup=False, highlight=False, soft_wrap=True)

    async def _react(self, desk: Desk, keys: Any, console: Console) -> bool:
        """Take keys until one says something. False when the annotator stops, or there will be no more keys."""
        while True:
            key = (await _next_key(keys)).lower()
            if key in ("", "q", "\x04"):
                return False
            if key == "u" and desk.can_undo:
                desk.undo()
                return True
            if desk.current is None:
                if key in ("\n", "\r"):
                    desk.hand_in()
                    return True
            elif key in _CHOICES:
                desk.answer(_CHOICES[key])
                return True
            if key.strip():
                console.print(_HELP if desk.current else _END, style="yellow", markup=False, highlight=False)


def draw(sheet: Sheet, desk: Desk, width: int) -> RenderableType:
    """A comparison: the person, the conversation, and the two replies beside each other where there is room."""
    person = Text("\n").join(plain_text(f"· {item}") for item in (*sheet.facts, *sheet.traits))
    said = Text("\n").join(
        Text.assemble((f"{'Person' if role == 'user' else 'Friend'}: ", "bold"), plain_text(text))
        for role, text in sheet.history
    )
    first, second = (
        Panel(plain_text(text), title=title, title_align="left", border_style="cyan")
        for title, text in (("1", sheet.first), ("2", sheet.second))
    )
    table = Table.grid(expand=True)
    if width >= 80:
        table.add_column(ratio=1)
        table.add_column(ratio=1)
        table.add_row(first, second)
    else:
        table.add_row(first)
        table.add_row(second)
    title = Text(f"{desk.done + 1} of {desk.total}")
    parts = (Panel(person, title="The person", title_align="left", border_style="dim"), said, table)
    return Group(Rule(title), *parts, Text("Which reply would this person rather get?", "bold"), Text(_HELP, "dim"))


async def _next_key(keys: Any) -> str:
    """One character; empty at the end of the input. A terminal is waited for without blocking the loop."""
    try:
        descriptor = keys.fileno()
        loop = asyncio.get_running_loop()
        ready = loop.create_future()
        loop.add_reader(descriptor, lambda: ready.done() or ready.set_result(None))
    except (OSError, ValueError, AttributeError):  # a file or a test's text: never waits
        return keys.read(1)
    try:
        await ready
    finally:
        loop.remove_reader(descriptor)
    return os.read(descriptor, 1).decode(errors="replace")


@contextmanager
def _raw(keys: Any) -> Iterator[Any]:
    """Keys come as they are pressed, without Enter and without echo; Ctrl-C works as ever."""
    if not keys.isatty():
        yield keys
        return
    import termios
    import tty

    before = termios.tcgetattr(keys)
    try:
        tty.setcbreak(keys)
        yield keys
    finally:
        termios.tcsetattr(keys, termios.TCSADRAIN, before)
