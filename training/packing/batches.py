"""batches: packs of rows as the tensors of one forward pass."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.utils.data import Dataset

from interalign.training.packing.encoding import Encoded
from interalign.training.packing.layout import lay_out

__all__ = ["PackedRows", "collate"]


@dataclass(frozen=True, slots=True)
class Pack:
    """Rows that are read together, and their numbers among all rows."""

    rows: Sequence[Encoded]
    numbers: Sequence[int]


class PackedRows(Dataset[Pack]):
    """A data set whose items are packs. Row numbers begin at `first`, so that several sets can be told apart."""

    def __init__(self, rows: Sequence[Encoded], packs: Sequence[Sequence[int]], first: int = 0) -> None:
        self.rows, self.packs, self.first = rows, packs, first

    def __len__(self) -> int:
        return len(self.packs)

    def __getitem__(self, place: int) -> Pack:
        numbers = self.packs[place]
        return Pack([self.rows[number] for number in numbers], [self.first + number for number in numbers])


def collate(packs: Sequence[Pack]) -> dict[str, Tensor]:
    """One layout of all the packs' rows; `numbers` are theirs, in its order."""
    layout = lay_out([row for pack in packs for row in pack.rows])
    return {
        "input_ids": torch.as_tensor(layout.ids, dtype=torch.long)[None],
        "position_ids": torch.as_tensor(layout.depth)[None],
        "end": torch.as_tensor(layout.end),
        "predictors": torch.as_tensor(layout.parent[layout.scored]),
        "targets": torch.as_tensor(layout.ids[layout.scored], dtype=torch.long),
        "reply": torch.as_tensor(layout.reply),
        "slot": torch.as_tensor(layout.slot),
        "numbers": torch.tensor([number for pack in packs for number in pack.numbers]),
    }
