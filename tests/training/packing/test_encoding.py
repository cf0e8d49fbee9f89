"""Rows as token paths."""

from copy import deepcopy
from typing import Any

import pytest
from datasets import Dataset
from tree_rows import completions, grow_rows
from trl import DPOConfig, DPOTrainer

from interalign.errors import ConfigError
from interalign.training.packing import encode_rows


def test_replies_begin_where_trl_cuts_them(model: Any, tiny_tokenizer: Any, options: dict[str, Any]) -> None:
    rows = grow_rows(4, turns=3, width=3)
    data = Dataset.from_list([{name: row[name] for name in ("prompt", "chosen", "rejected")} for row in rows])
    theirs = DPOTrainer(
        model, deepcopy(model), DPOConfig(**options, max_length=None), None, data, processing_class=tiny_tokenizer
    )
    for ours, row in zip(encode_rows(rows, tiny_tokenizer), theirs.train_dataset, strict=True):
        chosen, rejected = (path.tolist() for path in ours.paths)
        assert chosen[: ours.history] == row["prompt_ids"]
        assert (chosen[ours.history :], rejected[ours.history :]) == (row["chosen_ids"], row["rejected_ids"])


def test_an_sft_row_has_one_reply(tiny_tokenizer: Any) -> None:
    (row, *_) = encode_rows(completions(grow_rows(0)), tiny_tokenizer)
    (path,) = row.paths
    assert tiny_tokenizer.decode(path[row.history :]).endswith("<|end|>")


def test_rows_without_an_id_belong_together_by_their_opening(tiny_tokenizer: Any) -> None:
    rows = [
        {name: row[name] for name in ("prompt", "chosen", "rejected")} for row in grow_rows(0, turns=3, conversations=2)
    ]
    groups = [row.group for row in encode_rows(rows, tiny_tokenizer)]
    assert groups[0] == groups[1] == groups[2] != groups[3] == groups[4] == groups[5]


def test_equal_ids_of_two_runs_are_two_conversations(tiny_tokenizer: Any) -> None:
    (row, *_) = grow_rows(0)
    one, other = encode_rows([{**row, "run": "a"}, {**row, "run": "b"}], tiny_tokenizer)
    assert one.group != other.group


def test_a_template_that_drops_the_reply_is_refused(tiny_tokenizer: Any) -> None:
    (row, *_) = grow_rows(0)
    with pytest.raises(ConfigError, match="row 1: the chat template leaves nothing of its reply"):
        encode_rows([{**row, "rejected": []}], tiny_tokenizer)
