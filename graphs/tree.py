"""tree: one conversation with everything that was said in it, continued or not.

A ConversationTree is a networkx arborescence. Each node is a message; user turns and replies alternate along every
branch, the root is a user message, siblings under a user message are the candidate replies of one turn. A node's id is
its path of child numbers ("0", "0.1", "0.1.0"): it depends on the place alone, not on which call came back first.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import networkx as nx

from interalign.agents import Message, Persona, Verdict
from interalign.errors import TreeError
from interalign.graphs.node import DEFAULTS, Flip, Label, Node, Pair, order
from interalign.graphs.pairing import PairRule, select_pairs
from interalign.graphs.tree_json import FORMAT, from_dict, read_object, to_dict

__all__ = ["FORMAT", "ConversationTree", "Label", "Node", "Pair"]

_ROOT = "0"


class ConversationTree:
    """A conversation as an arborescence of messages, on `graph`, a networkx.DiGraph.

    Look as much as you like at `graph`; change it through `add`, `annotate`, `set_continued` and `add_verdict` only.
    """

    def __init__(self, id: str, persona: Persona, *, seed: int = 0, **attributes: Any) -> None:
        self.graph: nx.DiGraph[str] = nx.DiGraph(
            format=FORMAT, id=id, seed=seed, persona=persona, verdicts={}, **attributes
        )

    def __repr__(self) -> str:
        return f"<ConversationTree {self.id!r}: {len(self)} messages, {len(self.verdicts)} verdicts>"

    def _repr_html_(self) -> str:
        """How notebooks show the tree."""
        from interalign.graphs.drawing.notebook import notebook_html

        return notebook_html(self)

    def __len__(self) -> int:
        return self.graph.number_of_nodes()

    def __contains__(self, id: str) -> bool:
        return id in self.graph

    def __getitem__(self, id: str) -> Node:
        attributes = self._attributes(id)
        return Node(id=id, **{name: value for name, value in attributes.items() if name != "notes"})

    def _attributes(self, id: str) -> dict[str, Any]:
        try:
            return self.graph.nodes[id]
        except KeyError:
            raise TreeError(f"conversation {self.id!r} has no message {id!r}") from None

    @property
    def id(self) -> str:
        return self.graph.graph["id"]

    @property
    def persona(self) -> Persona:
        """Who the user is, at the first turn at least: see `persona_at`."""
        return self.graph.graph["persona"]

    @property
    def flip(self) -> Flip | None:
        """When the user's preferences changed, and to whose; None where they did not."""
        return self.graph.graph.get("flip")

    def persona_at(self, turn: int) -> Persona:
        """Who the user is at a turn: the persona, or from the flip on the other one."""
        flip = self.flip
        return self.persona if flip is None or turn < flip.turn else flip.persona

    @property
    def seed(self) -> int:
        return self.graph.graph["seed"]

    @property
    def stop(self) -> str | None:
        """Why the conversation ended before its last turn; None if it did not."""
        return self.graph.graph.get("stop")

    @property
    def verdicts(self) -> dict[tuple[str, str], list[Verdict]]:
        """By the ids of the two replies (a, b); several where several judges have looked."""
        return self.graph.graph["verdicts"]

    @property
    def root(self) -> str | None:
        return _ROOT if _ROOT in self.graph else None

    # -- growing ---------------------------------------------------------------------------------

    def add(
        self, parent: str | None, role: Literal["user", "assistant"], text: str, *, place: int = 0, **more: Any
    ) -> str:
        """Add a message as child number `place` of `parent` (None: as the root) and return its id.

        Raises:
            TreeError: no such parent, the place is taken, or two messages of one role would follow each other.
        """
        if role not in ("user", "assistant"):
            raise TreeError(f"a message is of the user or of the assistant, not of {role!r}")
        id = _ROOT if parent is None else f"{parent}.{place}"
        if id in self.graph:
            raise TreeError(f"conversation {self.id!r} has a message at {id!r} already")
        if parent is None:
            before, turn = "assistant", 0
        elif parent in self.graph:
            before, turn = self.graph.nodes[parent]["role"], self.graph.nodes[parent]["turn"]
        else:
            raise TreeError(f"conversation {self.id!r} has no message {parent!r} to add to")
        if role == before:
            raise TreeError(
                f"conversation {self.id!r}: a message of the {role} cannot follow one of the {role} ({id!r})"
            )
        unknown = more.keys() - DEFAULTS.keys()
        if unknown:
            raise TreeError(f"a message has no field {sorted(unknown)[0]!r}; use annotate() for notes of your own")
        attributes = {key: value for key, value in more.items() if value != DEFAULTS.get(key)}
        self.graph.add_node(id, role=role, text=text, turn=turn + (role == "user"), **attributes)
        if parent is not None:
            self.graph.add_edge(parent, id)
        return id

    def set_continued(self, id: str) -> None:
        """Mark a reply as one that the conversation went on from."""
        self._attributes(id)["continued"] = True

    def set_induced(self, id: str, items: tuple[str, ...]) -> None:
        """Note at a user message what the inducer found new in it."""
        self._attributes(id)["induced"] = items

    def annotate(self, id: str, /, **notes: Any) -> None:
        """Keep notes of your own at a message; read them back with `notes`.

        Raises:
            TreeError: a note is no JSON value.
        """
        try:
            json.dumps(notes, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise TreeError(f"a note at message {id!r} of {self.id!r} is no JSON value: {error}") from None
        self._attributes(id).setdefault("notes", {}).update(notes)

    def notes(self, id: str) -> Mapping[str, Any]:
        return self._attributes(id).get("notes", {})

    def add_verdict(self, a: str, b: str, verdict: Verdict) -> None:
        """Keep a verdict on two replies to the same message.

        Raises:
            TreeError: the two are not siblings.
        """
        if a == b or self.parent(a) != self.parent(b) or self.parent(a) is None:
            raise TreeError(f"conversation {self.id!r}: {a!r} and {b!r} do not answer the same message")
        if order(b) < order(a):
            a, b, verdict = b, a, verdict.mirrored()
        self.verdicts.setdefault((a, b), []).append(verdict)

    def drop_verdicts(self, judge: str) -> None:
        """Forget what a judge has said of this tree."""
        for pair, found in list(self.verdicts.items()):
            self.verdicts[pair] = [verdict for verdict in found if verdict.judge != judge]
            if not self.verdicts[pair]:
                del self.verdicts[pair]

    # -- looking ---------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[Node]:
        """All messages in the order of their ids."""
        return (self[id] for id in sorted(self.graph, key=order))

    def turn(self, id: str) -> int:
        """The turn of a message, from 1."""
        return self._attributes(id)["turn"]

    def parent(self, id: str) -> str | None:
        self._attributes(id)
        return next(iter(self.graph.pred[id]), None)

    def children(self, id: str) -> list[Node]:
        """The replies to a message, or what the user said after a reply; in the order of their places."""
        self._attributes(id)
        return [self[child] for child in sorted(self.graph.succ[id], key=order)]

    def path(self, id: str) -> list[Node]:
        """From the root down to `id`, both included."""
        return [self[id] for id in self.path_ids(id)]

    def path_ids(self, id: str) -> list[str]:
        """The ids from the root down to `id`, both included."""
        self._attributes(id)
        ids = [id]
        while (above := next(iter(self.graph.pred[ids[-1]]), None)) is not None:
            ids.append(above)
        return ids[::-1]

    def history(self, id: str) -> tuple[Message, ...]:
        """The branch down to `id` as plain messages."""
        nodes = self.graph.nodes
        return tuple(Message(nodes[id]["role"], nodes[id]["text"]) for id in self.path_ids(id))

    def main_path(self) -> list[Node]:
        """The branch really continued, up to the last user message; the first of them where several were."""
        nodes: list[Node] = []
        here = self[_ROOT] if self.root else None
        while here is not None:
            nodes.append(here)
            below = self.children(here.id)
            here = below[0] if here.role == "assistant" and below else next((n for n in below if n.continued), None)
        return nodes

    def siblings(self) -> Iterator[tuple[Node, list[Node]]]:
        """Each user message with its replies, in the order of ids."""
        return ((node, self.children(node.id)) for node in self if node.role == "user")

    def verdict(self, a: str, b: str, judge: str | None = None) -> Verdict | None:
        """What `judge` (None: the first that looked) decided on two siblings, in terms of these a and b."""
        found = _pick(self.verdicts.get((a, b), ()), judge)
        if found is None:
            other = _pick(self.verdicts.get((b, a), ()), judge)
            return None if other is None else other.mirrored()
        return found

    def pairs(self, judge: str | None = None, rule: PairRule = "all", margin: float = 0.0) -> Iterator[Pair]:
        """The preference pairs that the verdicts of `judge` (None: of the first that looked) make, in the order of ids.

        `rule` and `margin` are those of `select_pairs`; ties and unscored comparisons never make a pair.
        """
        found: dict[tuple[str, str], Verdict] = {}
        turns: dict[str | None, dict[tuple[str, str], Verdict]] = {}
        for a, b in sorted(self.verdicts, key=lambda key: (order(key[0]), order(key[1]))):
            verdict = _pick(self.verdicts[a, b], judge)
            if verdict is not None:
                found[a, b] = turns.setdefault(self.parent(a), {})[a, b] = verdict
        selected = {pair for verdicts in turns.values() for pair in select_pairs(verdicts, rule, margin)}
        for (a, b), verdict in found.items():
            for chosen, rejected in {(a, b), (b, a)} & selected:
                yield Pair(self.history(a)[:-1], self[chosen], self[rejected], verdict)

    def label(self, id: str, judge: str | None = None) -> Label | None:
        """How a reply came out of the comparison with its siblings; None if it was never compared.

        With more than two siblings, chosen means that it lost none and won one, rejected that it won none and lost one.
        """
        outcomes: set[str] = set()
        for sibling in self.children(self.parent(id) or id):
            verdict = self.verdict(id, sibling.id, judge) if sibling.id != id else None
            if verdict is not None:
                outcomes.add(verdict.outcome)
        won, lost = "a" in outcomes, "b" in outcomes
        if won != lost:
            return "chosen" if won else "rejected"
        if won or "tie" in outcomes:
            return "tie"
        return "unscored" if outcomes else None

    # -- storing ---------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """networkx node-link JSON; equal trees give equal dictionaries, key order included."""
        return to_dict(self)

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "ConversationTree":
        """The inverse of `to_dict`; checks every invariant.

        Raises:
            TreeError: names the conversation and the invariant that is broken.
        """
        return from_dict(cls, data)

    @classmethod
    def from_json(cls, text: str) -> "ConversationTree":
        """Raises TreeError also where the text is not JSON."""
        return cls.from_dict(read_object(text))


def _pick(verdicts: Any, judge: str | None) -> Verdict | None:
    return next((verdict for verdict in verdicts if judge is None or verdict.judge == judge), None)
