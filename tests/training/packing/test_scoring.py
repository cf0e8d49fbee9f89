"""Log-probabilities of chosen tokens, chunk by chunk."""

from typing import Any

import pytest
import torch
from transformers import GraniteConfig, GraniteForCausalLM

from interalign.training.packing.losses import dpo_losses, reply_log_probs
from interalign.training.packing.scoring import head_is_last, scores, scoring


def test_chunks_add_up_to_the_whole() -> None:
    torch.manual_seed(0)
    head = torch.nn.Linear(8, 50)
    hidden, targets = torch.randn(7, 8), torch.randint(50, (7,))
    expected = head(hidden).log_softmax(1)[range(7), targets]
    gradients = []
    for chunk in (50, 150, 10_000):
        states = hidden.clone().requires_grad_()
        found = scores(head, states, targets, chunk)
        torch.testing.assert_close(found, expected)
        gradients.append(torch.autograd.grad((found * torch.arange(7)).sum(), states)[0])
    torch.testing.assert_close(gradients[0], gradients[2])
    torch.testing.assert_close(gradients[1], gradients[2])


def test_a_model_gives_scores_inside_and_logits_outside(model: Any) -> None:
    ids = torch.tensor([[5, 6, 7, 8]])
    with torch.no_grad():
        logits = model(ids).logits
        with scoring(model.get_output_embeddings(), torch.tensor([0, 2]), torch.tensor([6, 9])):
            inside = model(ids).logits
        assert torch.equal(model(ids).logits, logits)
    expected = logits[0].log_softmax(-1)
    torch.testing.assert_close(inside, torch.stack([expected[0, 6], expected[2, 9]])[None])


def test_the_head_comes_back_after_an_error(model: Any) -> None:
    head = model.get_output_embeddings()
    with pytest.raises(ZeroDivisionError), scoring(head, torch.tensor([0]), torch.tensor([0])):
        raise ZeroDivisionError
    assert "forward" not in vars(head)


def test_models_that_scale_their_logits_are_found(model: Any) -> None:
    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    scaled = GraniteForCausalLM(GraniteConfig(vocab_size=32, num_key_value_heads=1, logits_scaling=4.0, **sizes))
    assert head_is_last(model)
    assert not head_is_last(scaled)


def test_a_token_may_count_for_several_replies() -> None:
    sums = reply_log_probs(torch.tensor([-1.0, -2.0, -4.0]), torch.tensor([0, 0, 1, 1]), torch.tensor([0, 1, 0, 2]), 3)
    assert sums.tolist() == [-3.0, -5.0, 0.0]


def test_the_dpo_loss_of_a_known_pair() -> None:
    policy, reference = torch.tensor([-1.0, -5.0]), torch.tensor([-2.0, -4.0])
    losses, chosen, rejected = dpo_losses(policy, reference, beta=0.5)
    torch.testing.assert_close(losses, torch.tensor([0.31326166]))  # -log sigmoid(0.5 (1 + 1))
    assert (chosen.item(), rejected.item()) == (0.5, -0.5)
