"""terminal: a conversation tree for the terminal, candidates side by side."""

import unicodedata

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from interalign.graphs.tree import ConversationTree, Label, Node

__all__ = ["draw_tree", "list_trees", "plain_text"]

_BIDI_CONTROLS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
_MARKS: dict[Label | None, tuple[str, str]] = {
    "chosen": ("✓ preferred", "green"),
    "rejected": ("✗ rejected", "red"),
    "tie": ("= tie", "yellow"),
    "unscored": ("? unscored", "yellow"),
    None: ("not judged", "dim"),
}


def draw_tree(tree: ConversationTree) -> RenderableType:
    """The branch that was continued, with all candidates of each turn beside each other."""
    parts: list[RenderableType] = [plain_text(f"{tree.id}   {tree.persona.id}", "bold"), Text()]
    for node in tree.main_path():
        if node.role == "user":
            parts += [_said(node), _candidates(tree, tree.children(node.id)), Text()]
    return Group(*parts)


def _said(node: Node) -> RenderableType:
    return Panel(plain_text(node.text), title=f"turn {node.turn} · user", title_align="left", border_style="blue")


def _candidates(tree: ConversationTree, replies: list[Node]) -> RenderableType:
    table = Table.grid(expand=True, padding=(0, 1))
    for _ in replies:
        table.add_column(ratio=1)
    table.add_row(*(_reply(tree, reply) for reply in replies))
    return table


def _reply(tree: ConversationTree, reply: Node) -> RenderableType:
    mark, colour = _MARKS[tree.label(reply.id)]
    title = Text.assemble((mark, colour), " · ", plain_text(reply.agent), " → continued" if reply.continued else "")
    return Panel(
        plain_text(reply.text), title=title, title_align="left", border_style="cyan" if reply.continued else "dim"
    )


def list_trees(trees: list[ConversationTree]) -> RenderableType:
    """A line for each tree."""
    table = Table("conversation", "persona", "turns", "messages", "pairs", box=None, header_style="bold")
    for tree in trees:
        turns = max((node.turn for node in tree), default=0)
        table.add_row(
            plain_text(tree.id), plain_text(tree.persona.id), str(turns), str(len(tree)), str(len(list(tree.pairs())))
        )
    return table


def plain_text(text: str, style: str = "") -> Text:
    """Somebody's text as it is: no markup is read, and neither control characters nor changes of direction get through."""
    return Text("".join("\ufffd" if _is_control(character) else character for character in text), style)


def _is_control(character: str) -> bool:
    return character not in "\n\t" and (
        unicodedata.category(character) in ("Cc", "Cs") or unicodedata.bidirectional(character) in _BIDI_CONTROLS
    )
