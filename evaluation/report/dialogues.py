"""dialogues: the best and the worst conversations of each model, out of its trees."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np

from interalign.evaluation.results import ModelResult, Results
from interalign.graphs import ConversationTree
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
    link: str
    """The conversation in the page of trees."""


def tree_folders(results: Results, folder: Path) -> dict[str, Path]:
    """By model: the folder of its trees, where it is inside the results' own folder and has trees."""
    home = folder.resolve()
    found = {model: (home / name).resolve() for model, name in results.trees.items()}
    return {
        model: path for model, path in found.items() if path.is_relative_to(home) and (path / "trees.jsonl").is_file()
    }


def extremes(results: Results, folders: dict[str, Path], folder: Path) -> list[Dialogue]:
    """The best and the worst of each evaluated model. Raises TreeError where a trees file is broken."""
    return [
        dialogue
        for model in results.models
        if model.control is None and model.name in folders
        for dialogue in _extremes(results, model, folders[model.name], folder)
    ]


def address(trees: Path, folder: Path, conversation: str, node: str = "") -> str:
    """A link from a page in `folder` to a conversation, or a message of it, in the page of trees."""
    way = quote(trees.relative_to(folder.resolve()).as_posix())
    return f"{way}/{TREE_PAGE}#{quote(conversation, safe='')}" + (f"/{node}" if node else "")


def _extremes(results: Results, model: ModelResult, trees: Path, folder: Path) -> Iterator[Dialogue]:
    chosen = _chosen(model)
    wanted = {results.cases[place].id: (kind, place) for kind, place in chosen}
    found = {tree.id: tree for tree in read_trees(trees) if tree.id in wanted}
    for case, (kind, place) in wanted.items():
        if case in found:
            scores = tuple(model.scores["overall"][place])
            yield Dialogue(model.name, kind, case, found[case], scores, address(trees, folder, case))


def _chosen(model: ModelResult) -> list[tuple[str, int]]:
    """Best first, then worst; by the mean score, of cases with equal ones the first."""
    values_NK = model.values()
    scored = np.flatnonzero(~np.isnan(values_NK).all(axis=1))
    means = np.nanmean(values_NK[scored], axis=1) if len(scored) else np.empty(0)
    order = scored[np.argsort(-means, kind="stable")].tolist()
    half = min(_EACH, len(order) // 2) if len(order) > 1 else len(order)
    return [("best", place) for place in order[:half]] + [("worst", place) for place in order[half:][-half:]]
