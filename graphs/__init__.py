"""graphs: what grows. Conversation trees, the dialogue machine that grows them, branching policies."""

from interalign.graphs.ending import Ending
from interalign.graphs.interop import export_trees, from_oasst, import_trees, to_oasst
from interalign.graphs.machine import DialogueState, compile_dialogue, dialogue_graph, grow
from interalign.graphs.node import Flip
from interalign.graphs.pairing import PairRule, select_pairs, standings
from interalign.graphs.policies import Beam, BestFirst, Full, Guided, Policy, Walk
from interalign.graphs.stage import Stage, judging_context
from interalign.graphs.tree import ConversationTree, Label, Node, Pair

__all__ = [
    "Beam",
    "BestFirst",
    "ConversationTree",
    "DialogueState",
    "Ending",
    "Flip",
    "Full",
    "Guided",
    "Label",
    "Node",
    "Pair",
    "PairRule",
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
    "select_pairs",
    "standings",
    "to_oasst",
]
