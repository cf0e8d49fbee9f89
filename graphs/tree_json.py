"""tree_json: a conversation tree as networkx node-link JSON, and back with every invariant checked.

Equal trees give equal bytes: keys stand in one order, and fields that say nothing are left out.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from interalign.agents import Persona, Verdict
from interalign.errors import TreeError
from interalign.graphs.node import DEFAULTS, Flip, order

if TYPE_CHECKING:
    from interalign.graphs.tree import ConversationTree

__all__ = ["FORMAT", "from_dict", "read_object", "to_dict"]

FORMAT = 1
_TYPES = {
    "agent": str,
    "model": str,
    "strategy": str,
    "continued": bool,
    "disclose": str,
    "induced": tuple,
    "tokens": int,
}
_FIELDS = ("role", "text", "turn", *DEFAULTS, "notes")


def to_dict(tree: "ConversationTree") -> dict[str, Any]:
    """Node-link data, key order included."""
    attributes = dict(tree.graph.graph)
    attributes["persona"] = tree.persona.model_dump(mode="json")
    if tree.flip is not None:
        attributes["flip"] = {"turn": tree.flip.turn, "persona": tree.flip.persona.model_dump(mode="json")}
    attributes["verdicts"] = [
        {"a": a, "b": b, "by": [verdict.model_dump(mode="json", exclude_defaults=True) for verdict in found]}
        for (a, b), found in sorted(tree.verdicts.items(), key=lambda item: (order(item[0][0]), order(item[0][1])))
    ]
    ids = sorted(tree.graph, key=order)
    return {
        "directed": True,
        "multigraph": False,
        "graph": attributes,
        "nodes": [{"id": id, **_in_order(tree.graph.nodes[id])} for id in ids],
        "edges": [{"source": tree.parent(id), "target": id} for id in ids if tree.parent(id) is not None],
    }


def _in_order(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: attributes[name] for name in _FIELDS if name in attributes}


def read_object(text: str) -> dict[str, Any]:
    """Raises TreeError where the text is no JSON object."""
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise TreeError(f"not valid JSON at column {error.colno}: {error.msg}") from None
    except (RecursionError, ValueError):
        raise TreeError("not a conversation tree: a value is too large or nested too deeply") from None
    if not isinstance(data, dict):
        raise TreeError("not a conversation tree: a JSON object is needed")
    return data


def from_dict(kind: "type[ConversationTree]", data: Mapping[str, Any]) -> "ConversationTree":
    """The inverse of `to_dict`.

    Raises:
        TreeError: names the conversation and the invariant that is broken.
    """
    try:
        tree = _bare(kind, data["graph"])
        parents = {edge["target"]: edge["source"] for edge in data["edges"]}
        if len(parents) != len(data["edges"]) or len(parents) != max(len(data["nodes"]) - 1, 0):
            raise TreeError(f"conversation {tree.id!r} is not a tree: a message has no parent, or several")
        for node in sorted(data["nodes"], key=lambda node: order(node["id"])):
            _restore(tree, node, parents.get(node["id"]))
        for record in data["graph"].get("verdicts", []):
            for verdict in record["by"]:
                tree.add_verdict(record["a"], record["b"], Verdict.model_validate(verdict))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, TreeError):
            raise
        what = error.errors()[0]["msg"] if isinstance(error, ValidationError) else f"{type(error).__name__}: {error}"
        raise TreeError(f"not a conversation tree in node-link JSON: {what}") from None
    return tree


def _bare(kind: "type[ConversationTree]", graph: Mapping[str, Any]) -> "ConversationTree":
    """The tree without its messages."""
    attributes = dict(graph)
    if attributes.pop("format") != FORMAT:
        raise TreeError(f"a tree of another format than {FORMAT}; it was written by another version of interalign")
    persona = Persona.model_validate(attributes.pop("persona"))
    attributes.pop("verdicts", None)
    if attributes.get("flip") is not None:
        flip = attributes["flip"]
        attributes["flip"] = Flip(flip["turn"], Persona.model_validate(flip["persona"]))
        if not isinstance(flip["turn"], int) or flip["turn"] < 2:
            raise TreeError(f"conversation {attributes.get('id')!r} flips at turn {flip['turn']!r}, not at one from 2")
    return kind(persona=persona, **attributes)


def _restore(tree: "ConversationTree", node: Mapping[str, Any], parent: str | None) -> None:
    attributes = dict(node)
    id, role, text, turn = (attributes.pop(key) for key in ("id", "role", "text", "turn"))
    notes = attributes.pop("notes", None)
    place = int(id.rpartition(".")[2])
    if isinstance(attributes.get("induced"), list):
        attributes["induced"] = tuple(attributes["induced"])
    for name, kind in _TYPES.items():
        if name in attributes and not isinstance(attributes[name], kind):
            raise TreeError(f"conversation {tree.id!r}: {name} of message {id!r} is {attributes[name]!r}")
    added = tree.add(parent, role, text, place=place, **attributes)
    if added != id or tree[added].turn != turn or role not in ("user", "assistant") or not isinstance(text, str):
        raise TreeError(f"conversation {tree.id!r}: message {id!r} does not fit its place in the tree")
    if notes:
        tree.annotate(added, **notes)
