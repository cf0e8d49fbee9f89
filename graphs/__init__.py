"""graphs: what grows. Conversation trees, the dialogue machine that grows them, branching policies."""

from interalign.graphs.interop import export_trees, from_oasst, import_trees, to_oasst
from interalign.graphs.machine import DialogueState, compile_dialogue, dialogue_graph, grow
from interalign.graphs.policies import Full, Policy, Walk
from interalign.graphs.stage import Stage, judging_context
from interalign.graphs.tree import ConversationTree, Label, Node, Pair

__all__ = [
    "ConversationTree",
    "DialogueState",
    "Full",
    "Label",
    "Node",
    "Pair",
    "Policy",
    "Stage",
    "Walk",
    "compile_dialogue",
    "dialogue_graph",
    "export_trees",
    "from_oasst",
    "grow",
    "import_trees",
    "judging_context",
    "to_oasst",
]
