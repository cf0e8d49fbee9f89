"""What the tree trainers compute, beside TRL's own trainers on the same rows, one by one."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
import torch
from tree_losses import BETA, assert_same_gradients, gradients, move, tree_loss, trl_dpo, trl_loss, trl_sft
from tree_rows import Rows, completions, grow_rows

from interalign.training.packing import TreeArguments, TreeDPOTrainer, TreeSFTTrainer

pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")  # PEFT's

TREES = {
    "a walk": {"turns": 4},
    "three replies": {"turns": 3, "width": 3},
    "four replies, two continued": {"turns": 3, "width": 4, "continued": 2},
    "all continued": {"turns": 3, "width": 2, "continued": 2},
    "several conversations": {"turns": 2, "conversations": 3},
}


@pytest.fixture(params=TREES)
def rows(request: pytest.FixtureRequest) -> Rows:
    return grow_rows(7, **TREES[request.param])


@pytest.mark.parametrize("budget", [10_000, 120])
def test_dpo_has_the_loss_and_gradients_of_trl(
    model: Any, tiny_tokenizer: Any, rows: Rows, options: dict[str, Any], budget: int
) -> None:
    frozen = deepcopy(model)
    move(model.parameters())
    theirs = trl_dpo(deepcopy(model), rows, tiny_tokenizer, options, deepcopy(frozen))
    args = TreeArguments(**options, beta=BETA, token_budget=budget)
    ours = TreeDPOTrainer(model, args, rows, (), tiny_tokenizer, reference=frozen)
    their_loss, our_loss = trl_loss(theirs), tree_loss(ours)
    torch.testing.assert_close(our_loss, their_loss, rtol=0, atol=1e-5)
    assert_same_gradients(gradients(ours.model, our_loss), gradients(theirs.model, their_loss))


def test_each_reply_has_the_log_probability_of_trl(
    model: Any, tiny_tokenizer: Any, rows: Rows, options: dict[str, Any]
) -> None:
    theirs = trl_dpo(deepcopy(model), rows, tiny_tokenizer, options, deepcopy(model))
    batch = theirs.data_collator([dict(row) for row in theirs.train_dataset])
    expected_2n = torch.stack(theirs.compute_ref_log_probs(theirs.model, batch))
    ours = TreeDPOTrainer(
        model, TreeArguments(**options, token_budget=150, precompute_reference=True), rows, (), tiny_tokenizer
    )
    torch.testing.assert_close(ours._known_2n, expected_2n, rtol=0, atol=1e-4)


@pytest.mark.parametrize("moved", [0.0, 0.1])
def test_a_lora_and_its_reference_agree_with_trl(
    model: Any, tiny_tokenizer: Any, options: dict[str, Any], with_lora: Callable[..., Any], moved: float
) -> None:
    rows = grow_rows(3, turns=3, width=3)
    theirs = trl_dpo(with_lora(deepcopy(model), moved), rows, tiny_tokenizer, options)
    ours = TreeDPOTrainer(with_lora(model, moved), TreeArguments(**options, beta=BETA), rows, (), tiny_tokenizer)
    for trainer in (theirs, ours):
        move(parameter for name, parameter in trainer.model.named_parameters() if ".default." in name)
    their_loss, our_loss = trl_loss(theirs), tree_loss(ours)
    assert abs(our_loss.item() - 0.693) > 1e-3
    torch.testing.assert_close(our_loss, their_loss, rtol=0, atol=1e-5)
    assert_same_gradients(gradients(ours.model, our_loss), gradients(theirs.model, their_loss))


@pytest.mark.parametrize("budget", [10_000, 120])
def test_sft_has_the_loss_and_gradients_of_trl(
    model: Any, tiny_tokenizer: Any, rows: Rows, options: dict[str, Any], budget: int
) -> None:
    replies = completions(rows)
    theirs = trl_sft(deepcopy(model), replies, tiny_tokenizer, options)
    ours = TreeSFTTrainer(model, TreeArguments(**options, token_budget=budget), replies, (), tiny_tokenizer)
    their_loss, our_loss = trl_loss(theirs), tree_loss(ours)
    torch.testing.assert_close(our_loss, their_loss, rtol=0, atol=1e-5)
    assert_same_gradients(gradients(ours.model, our_loss), gradients(theirs.model, their_loss))
