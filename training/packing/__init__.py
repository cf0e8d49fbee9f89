"""packing: whole conversation trees in one sequence, every message once. Imports torch and transformers.

`prefix_stable` and `model_refusal` say whether a tokenizer and a model can take part; the trainers do the rest.
"""

from interalign.training.packing.arguments import TreeArguments
from interalign.training.packing.encoding import Encoded, encode_rows
from interalign.training.packing.layout import Layout, ancestors, lay_out
from interalign.training.packing.packs import pack_rows, tree_size
from interalign.training.packing.suitability import model_refusal
from interalign.training.packing.templates import prefix_stable
from interalign.training.packing.trainers import TreeDPOTrainer, TreeSFTTrainer

__all__ = [
    "Encoded",
    "Layout",
    "TreeArguments",
    "TreeDPOTrainer",
    "TreeSFTTrainer",
    "ancestors",
    "encode_rows",
    "lay_out",
    "model_refusal",
    "pack_rows",
    "prefix_stable",
    "tree_size",
]
