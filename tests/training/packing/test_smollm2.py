"""The equivalence with TRL on a real model with a real tokenizer: SmolLM2-135M. A few minutes of CPU time."""

import os
from copy import deepcopy
from typing import Any

import pytest
import torch
from tree_losses import BETA, assert_same_gradients, gradients, move, tree_loss, trl_dpo, trl_loss
from tree_rows import grow_rows

from interalign.training.packing import TreeArguments, TreeDPOTrainer

pytestmark = [
    pytest.mark.embedded,
    pytest.mark.skipif("INTERALIGN_SLOW" not in os.environ, reason="opt in with: INTERALIGN_SLOW=1"),
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"),  # PEFT's
]


def test_smollm2_has_the_loss_and_gradients_of_trl(options: dict[str, Any], with_lora: Any) -> None:
    from interalign.sim.hf_models import load_hf

    model, tokenizer = load_hf("embedded:smollm2-135m")
    rows = grow_rows(0, turns=3, width=2)
    model = with_lora(model, moved=0.0)
    theirs = trl_dpo(deepcopy(model), rows, tokenizer, options)
    ours = TreeDPOTrainer(model, TreeArguments(**options, beta=BETA), rows, (), tokenizer)
    for trainer in (theirs, ours):
        move(parameter for name, parameter in trainer.model.named_parameters() if "lora_B.default" in name)
    their_loss, our_loss = trl_loss(theirs), tree_loss(ours)
    assert abs(our_loss.item() - 0.693) > 1e-3
    torch.testing.assert_close(our_loss, their_loss, rtol=0, atol=1e-5)
    assert_same_gradients(gradients(ours.model, our_loss), gradients(theirs.model, their_loss))
    batch = theirs.data_collator([dict(row) for row in theirs.train_dataset])
    expected_2n = torch.stack(theirs.compute_ref_log_probs(theirs.model, batch))
    torch.testing.assert_close(ours._known_2n, expected_2n, rtol=0, atol=1e-4)
