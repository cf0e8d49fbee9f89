"""interop: conversation trees in the formats of others: networkx node-link JSON, OpenAssistant message trees, GraphML.

    nodelink   JSON Lines, a tree a line: what a run folder holds, and what networkx.node_link_graph reads
    oasst      JSON Lines, an OpenAssistant message tree a line; sibling ranks are preferences (0 is the best)
    graphml    one XML graph with all trees in it, for Gephi, yEd, Cytoscape and igraph

Each comes back as it was: what the other format has no place for travels in an `interalign` field that its own readers pass
over. Trees that others wrote are checked like any tree, and nothing in them is taken for more than text.
"""

import gzip
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, Literal, assert_never

from interalign.agents import Persona, Verdict
from interalign.errors import MissingError, TreeError
from interalign.files import write_lines
from interalign.graphs.tree import FORMAT, ConversationTree, Node

__all__ = ["Format", "export_trees", "from_oasst", "import_trees", "to_oasst"]

Format = Literal["nodelink", "oasst", "graphml"]
UNKNOWN = Persona(
    id="unknown",
    facts=("Nothing is known about the life of this person.",),
    traits=("Nothing is known about how this person talks.",),
)
_SCALARS = ("role", "text", "turn", "agent", "model", "strategy", "continued", "disclose", "tokens")
_NOT_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def export_trees(trees: Iterable[ConversationTree], path: Path, format: Format) -> int:
    """Write the trees to `path`, and return their number.

    Raises:
        RunFolderError: the file cannot be written; nothing half-written is left.
    """
    if format == "nodelink":
        return write_lines(path, (f"{tree.to_json()}\n" for tree in trees))
    if format == "oasst":
        return write_lines(path, (json.dumps(to_oasst(tree)) + "\n" for tree in trees))
    if format == "graphml":
        known = list(trees)
        write_lines(path, _graphml(known))
        return len(known)
    assert_never(format)


def import_trees(path: Path, format: Format) -> Iterator[ConversationTree]:
    """The trees of a file, which may be compressed (.gz).

    Raises:
        MissingError: there is no such file.
        TreeError: something in it is no tree; names the file and, for JSON Lines, the line.
    """
    if format == "graphml":
        yield from _from_graphml(_read(path), path)
        return
    for number, line in enumerate(_read(path).splitlines(), 1):
        if line.strip():
            try:
                yield from_oasst(_object(line)) if format == "oasst" else ConversationTree.from_json(line.decode())
            except (TreeError, UnicodeDecodeError) as error:
                raise TreeError(f"{path}, line {number}: {error}") from None


def _read(path: Path) -> bytes:
    try:
        return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (FileNotFoundError, IsADirectoryError):
        raise MissingError(f"no file at {str(path)!r} to read trees from; check the path") from None
    except (OSError, EOFError, zlib.error) as error:
        raise TreeError(f"{path} cannot be read: {error}") from None


def _object(line: bytes) -> Mapping[str, Any]:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise TreeError(f"not valid JSON: {error}") from None
    if not isinstance(data, dict):
        raise TreeError(f"a {type(data).__name__} where a JSON object is needed")
    return data


# -- OpenAssistant ---------------------------------------------------------------------------------


def to_oasst(tree: ConversationTree, lang: str = "en", judge: str | None = None) -> dict[str, Any]:
    """An OpenAssistant message tree. Replies that `judge` (None: the first that looked) could score get a rank."""
    data = tree.to_dict()
    records = {node["id"]: node for node in data["nodes"]}
    messages: dict[str, dict[str, Any]] = {}
    for node in tree:
        above = tree.parent(node.id)
        rest = {key: value for key, value in records[node.id].items() if key not in ("role", "text")}
        message = _message(tree, node, above, lang) | {"rank": _rank(tree, node, judge), "interalign": rest}
        messages[node.id] = message
        if above is not None:
            messages[above]["replies"].append(message)
    return {
        "message_tree_id": tree.id,
        "tree_state": "ready_for_export",
        "prompt": messages.get(tree.root or ""),
        "interalign": data["graph"],
    }


def _message(tree: ConversationTree, node: Node, above: str | None, lang: str) -> dict[str, Any]:
    return {
        "message_id": f"{tree.id}/{node.id}",
        "parent_id": None if above is None else f"{tree.id}/{above}",
        "text": node.text,
        "role": "prompter" if node.role == "user" else "assistant",
        "lang": lang,
        "review_count": 0,
        "review_result": None,
        "deleted": False,
        "synthetic": True,
        "model_name": node.model or None,
        "emojis": {},
        "labels": {},
        "replies": [],
    }


def _rank(tree: ConversationTree, node: Node, judge: str | None) -> int | None:
    """How many siblings did better: won more of their comparisons, less those they lost. None if nothing was scored."""
    scores = {other.id: _score(tree, other, judge) for other in tree.children(tree.parent(node.id) or node.id)}
    mine = scores.get(node.id)
    return None if mine is None else sum(score is not None and score > mine for score in scores.values())


def _score(tree: ConversationTree, node: Node, judge: str | None) -> int | None:
    above = tree.parent(node.id)
    assert above is not None
    verdicts = [tree.verdict(node.id, other.id, judge) for other in tree.children(above) if other.id != node.id]
    scored = [verdict.outcome for verdict in verdicts if verdict is not None and verdict.outcome != "unscored"]
    return scored.count("a") - scored.count("b") if scored else None


def from_oasst(record: Mapping[str, Any], persona: Persona = UNKNOWN) -> ConversationTree:
    """The inverse of `to_oasst`. Trees of others have no persona: `persona` stands in; ranks become verdicts of the judge
    "ranks", equal ranks ties; deleted messages are left out with what answers them.

    Raises:
        TreeError: it is no OpenAssistant message tree, or user and assistant do not take turns.
    """
    own = record.get("interalign")
    try:
        nodes, verdicts = _unfold(record["prompt"], own is not None)
        name = str(record["message_tree_id"])
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise TreeError(
            f"not an OpenAssistant message tree ({type(error).__name__}: {error}); flat lists of messages are not read"
        ) from None
    graph = {"format": FORMAT, "id": name, "seed": 0, "persona": persona.model_dump(mode="json"), "verdicts": verdicts}
    edges = [{"source": node["id"].rpartition(".")[0], "target": node["id"]} for node in nodes if "." in node["id"]]
    return ConversationTree.from_dict({"graph": own or graph, "nodes": nodes, "edges": edges})


def _unfold(prompt: Mapping[str, Any] | None, own: bool) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Nodes and verdicts in node-link form; `own` trees bring their node records with them."""
    nodes: list[dict[str, Any]] = []
    verdicts: list[dict[str, Any]] = []
    todo = [("0", 1, prompt)] if prompt is not None else []
    while todo:
        id, turn, message = todo.pop()
        kept = [reply for reply in message.get("replies") or () if not reply.get("deleted")]
        if own:
            id = message["interalign"]["id"]
            places = [reply["interalign"]["id"] for reply in kept]
        else:
            places = [f"{id}.{place}" for place in range(len(kept))]
            verdicts += _preferences(places, kept)
        user = message["role"] == "prompter"
        fields = message["interalign"] if own else _foreign(message, turn, bool(kept) and not user)
        nodes.append({**fields, "id": id, "role": "user" if user else message["role"], "text": message["text"]})
        todo += [(place, turn + (not user), reply) for place, reply in zip(places, kept, strict=True)]
    return nodes, verdicts


def _foreign(message: Mapping[str, Any], turn: int, answered: bool) -> dict[str, Any]:
    """The fields of somebody else's message; what it was called there is kept as a note."""
    fields: dict[str, Any] = {"turn": turn, "notes": {"message_id": str(message["message_id"])}}
    if message.get("model_name"):
        fields["model"] = str(message["model_name"])
    return fields | {"continued": True} if answered else fields


def _preferences(ids: Sequence[str], replies: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for (a, one), (b, other) in combinations(zip(ids, replies, strict=True), 2):
        ranks = one.get("rank"), other.get("rank")
        if one["role"] != "assistant" or ranks[0] is None or ranks[1] is None:
            continue
        lead = int(ranks[1]) - int(ranks[0])
        outcome = "tie" if lead == 0 else "a" if lead > 0 else "b"
        verdict = Verdict(judge="ranks", outcome=outcome, margin=float(abs(lead)))
        yield {"a": a, "b": b, "by": [verdict.model_dump(mode="json", exclude_defaults=True)]}


# -- GraphML ---------------------------------------------------------------------------------------


def _graphml(trees: Sequence[ConversationTree]) -> Iterator[str]:
    """All trees as one graph, their messages with their plain fields to look at and their exact records to read back."""
    import networkx as nx

    graph: nx.DiGraph[str] = nx.DiGraph()
    for number, tree in enumerate(trees):
        data = tree.to_dict()
        names = {node["id"]: f"{number}/{node['id']}" for node in data["nodes"]}
        for node in data["nodes"] or [{"id": ""}]:
            rest = {"node": node, **({"graph": data["graph"]} if node["id"] in ("0", "") else {})}
            plain = {key: _xml(node[key]) for key in _SCALARS if key in node}
            label = tree.label(node["id"]) if node.get("role") == "assistant" else None
            plain |= {"conversation": _xml(tree.id), **({"label": label} if label else {})}
            graph.add_node(names.get(node["id"], f"{number}/"), **plain, interalign=json.dumps(rest))
        graph.add_edges_from((names[edge["source"]], names[edge["target"]]) for edge in data["edges"])
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield from (f"{line}\n" for line in nx.generate_graphml(graph))


def _xml(value: Any) -> Any:
    """XML has no place for some characters; the exact text is in `interalign`."""
    return _NOT_XML.sub("\ufffd", value) if isinstance(value, str) else value


def _from_graphml(content: bytes, path: Path) -> Iterator[ConversationTree]:
    import networkx as nx

    try:
        if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
            raise TreeError("it declares a document type, which GraphML does not need")
        graph = nx.parse_graphml(content.decode())
        trees: dict[str, dict[str, Any]] = {}
        for name, fields in graph.nodes(data=True):
            record = json.loads(fields["interalign"])
            tree = trees.setdefault(str(name).split("/")[0], {"graph": None, "nodes": []})
            tree["graph"] = record.get("graph", tree["graph"])
            tree["nodes"] += [record["node"]] if record["node"]["id"] else []
        for tree in trees.values():
            ids = [node["id"] for node in tree["nodes"] if "." in node["id"]]
            edges = [{"source": id.rpartition(".")[0], "target": id} for id in ids]
            yield ConversationTree.from_dict({**tree, "edges": edges})
    except TreeError as error:
        raise TreeError(f"{path}: {error}") from None
    except (ValueError, LookupError, TypeError, AttributeError, SyntaxError, nx.NetworkXException) as error:
        raise TreeError(f"{path} is no GraphML that interalign has written: {type(error).__name__}: {error}") from None
