"""dialogues: the best and the worst conversations of each model, out of its trees."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np

from interalign.evaluation.report.heat import best_first
from interalign.evaluation.results import ModelResult, Results
from interalign.graphs import ConversationTree, Node
from interalign.sim import read_trees

__all__ = ["TREE_PAGE", "Dialogue", "address", "extremes", "tree_folders"]

TREE_PAGE = "trees.html"
_EACH = 2


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One conversation of one model with its scores."""

    model: str
    kind: str
    """best or worst."""
    case: str
    tree: ConversationTree
    scores: tuple[float | None, ...]
    trees: Path
    """The folder that the tree is from."""

    def messages(self) -> Iterator[Node]:
        """The conversation from its first message to its last reply."""
        here = self.tree[self.tree.root] if self.tree.root else None
        while here is not None:
            yield here
            below = self.tree.children(here.id)
            here = next((node for node in below if node.continued), below[0] if below else None)


def tree_folders(results: Results, folder: Path) -> dict[str, Path]:
    """By model: the folder of its trees, where there are some."""
    found = {model: folder / name for model, name in results.trees.items()}
    return {model: path for model, path in found.items() if (path / "trees.jsonl").is_file()}


def extremes(results: Results, folders: dict[str, Path]) -> list[Dialogue]:
    """The best and the worst of each evaluated model. Raises TreeError where a trees file is broken."""
    return [
        dialogue
        for model in results.models
        if model.control is None and model.name in folders
        for dialogue in _extremes(results, model, folders[model.name])
    ]


def address(trees: Path, folder: Path, conversation: str = "", node: str = "") -> str:
    """A link from a page in `folder` to the page of trees, to one conversation in it, or to one message."""
    way = quote(Path(os.path.relpath(trees, folder)).as_posix(), errors="replace")
    place = f"#{quote(conversation, safe='', errors='replace')}" if conversation else ""
    return f"{way}/{TREE_PAGE}{place}" + (f"/{node}" if node else "")


def _extremes(results: Results, model: ModelResult, trees: Path) -> Iterator[Dialogue]:
    chosen = _chosen(model)
    wanted = {results.cases[place].id: (kind, place) for kind, place in chosen}
    found = {tree.id: tree for tree in read_trees(trees) if tree.id in wanted}
    for case, (kind, place) in wanted.items():
        if case in found:
            scores = tuple(model.scores["overall"][place])
            yield Dialogue(model.name, kind, case, found[case], scores, trees)


def _chosen(model: ModelResult) -> list[tuple[str, int]]:
    """Best first, then worst; by the mean score, of cases with equal ones the first."""
    values_NK = model.values()
    order = [place for place in best_first(values_NK).tolist() if not np.isnan(values_NK[place]).all()]
    half = min(_EACH, len(order) // 2) if len(order) > 1 else len(order)
    return [("best", place) for place in order[:half]] + [("worst", place) for place in order[half:][-half:]]
