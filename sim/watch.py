"""watch: a run as it goes on, on a terminal: what it has used, and the trees while they grow."""

from collections import deque

from rich.console import Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from interalign.graphs import ConversationTree
from interalign.graphs.drawing import plain_text
from interalign.sim.progress import Snapshot

__all__ = ["WatchProgress", "draw_snapshot"]

_AROUND = 8
"""Lines of the screen that are not conversations."""
_RECENT = 5.0
"""Seconds over which the present rate is taken."""


class WatchProgress:
    """Draws the run anew a few times a second; what it shows is gone with the run, the summary stays."""

    def __init__(self) -> None:
        self._live = Live(refresh_per_second=5, transient=True)
        self._rates: deque[tuple[float, int]] = deque()
        self._live.start()

    def update(self, snapshot: Snapshot) -> None:
        rows = max(1, self._live.console.size.height - _AROUND)
        self._live.update(draw_snapshot(snapshot, self._rate(snapshot), rows))

    def close(self) -> None:
        self._live.stop()

    def _rate(self, snapshot: Snapshot) -> float:
        """Tokens per second, of late."""
        self._rates.append((snapshot.seconds, snapshot.tokens))
        while len(self._rates) > 2 and snapshot.seconds - self._rates[0][0] > _RECENT:
            self._rates.popleft()
        since, tokens = self._rates[0]
        return (snapshot.tokens - tokens) / (snapshot.seconds - since) if snapshot.seconds > since else 0.0


def draw_snapshot(snapshot: Snapshot, rate: float, rows: int = 20) -> RenderableType:
    """What a run has come to, and at most `rows` of the conversations under way, the oldest first."""
    done = snapshot.finished + snapshot.failed
    shown = snapshot.live[:rows]
    more = len(snapshot.live) - len(shown)
    return Group(
        _count(snapshot),
        Padding(ProgressBar(total=max(snapshot.total, 1), completed=done), 0),
        _usage(snapshot, rate),
        Text(),
        _conversations(shown, snapshot.turns),
        Text(f"... and {more} more" if more > 0 else "", "dim"),
    )


def _count(snapshot: Snapshot) -> Text:
    line = Text.assemble((f"{snapshot.finished}/{snapshot.total} conversations", "bold"))
    if snapshot.failed:
        line.append(f"  {snapshot.failed} failed", "bold red")
    minutes, seconds = divmod(int(snapshot.seconds), 60)
    return line.append(f"   {len(snapshot.live)} under way   {minutes}:{seconds:02d}", "dim")


def _usage(snapshot: Snapshot, rate: float) -> Text:
    answers = snapshot.calls + snapshot.replayed
    parts = [
        f"{snapshot.in_flight} calls in flight, {snapshot.calls} answered",
        f"{rate:.0f} tokens/s",
        f"{_share(snapshot.cached_tokens, snapshot.prompt_tokens)} of prompts from prefix cache",
        f"{_share(snapshot.replayed, answers)} of answers from the run's cache",
        f"{snapshot.retries} retries",
        f"{snapshot.money:.4f} spent" if snapshot.money else "nothing spent",
    ]
    return Text(" · ".join(parts))


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "0%"


def _conversations(trees: tuple[ConversationTree, ...], turns: int) -> Table:
    table = Table(
        "conversation", "persona", "turns", "messages", "said last", box=None, header_style="dim", expand=True
    )
    table.columns[-1].ratio = 1
    for column in table.columns:
        column.no_wrap = True
    for tree in trees:
        table.add_row(
            plain_text(tree.id), plain_text(tree.persona.id), _turns(tree, turns), str(len(tree)), _last(tree)
        )
    return table


def _turns(tree: ConversationTree, turns: int) -> Text:
    """A mark for each turn: played with a verdict, played, still to come."""
    judged = {tree.turn(a) for a, _ in tree.verdicts}
    played = max((tree.turn(node.id) for node in tree), default=0)
    line = Text()
    for turn in range(1, turns + 1):
        sign, style = ("━", "green") if turn in judged else ("━", "cyan") if turn <= played else ("─", "dim")
        line.append(sign, style)
    return line


def _last(tree: ConversationTree) -> Text:
    """The newest message of the tree, on one line."""
    node = next(reversed(list(tree)), None)
    if node is None:
        return Text()
    said = plain_text(" ".join(node.text[:300].split()))
    said.truncate(300)
    return Text.assemble((f"{node.agent}: ", "dim"), said)
