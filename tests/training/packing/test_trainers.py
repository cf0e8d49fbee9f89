"""The tree trainers as trainers: steps, accumulation, resuming, references, what they log."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import GraniteConfig, GraniteForCausalLM
from tree_losses import gradients, tree_loss
from tree_rows import completions, grow_rows

from interalign.errors import ConfigError
from interalign.training.packing import TreeArguments, TreeDPOTrainer, TreeSFTTrainer

pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")  # PEFT's

ROWS = grow_rows(0, turns=3, width=2, conversations=4)
Make = Callable[..., Any]


@pytest.fixture
def dpo(model: Any, tiny_tokenizer: Any, options: dict[str, Any]) -> Make:
    """A DPO trainer on four walks of three pairs, one walk a pack; keywords are arguments."""

    def make(rows: Any = ROWS, held: Any = (), policy: Any = None, **more: Any) -> TreeDPOTrainer:
        given = {**options, "token_budget": 400, "learning_rate": 1e-2, "lr_scheduler_type": "constant", **more}
        return TreeDPOTrainer(policy or deepcopy(model), TreeArguments(**given), rows, held, tiny_tokenizer)

    return make


def weights(trainer: Any) -> dict[str, torch.Tensor]:
    return {name: parameter.detach().clone() for name, parameter in trainer.model.named_parameters()}


def test_two_steps_move_every_trainable_parameter_and_no_other(dpo: Make, model: Any, with_lora: Make) -> None:
    trainer = dpo(policy=with_lora(model, moved=0.0), max_steps=2)
    before = weights(trainer)
    trainer.train()
    for name, after in weights(trainer).items():
        assert torch.equal(after, before[name]) != trainer.model.get_parameter(name).requires_grad, name


def test_packs_together_equal_packs_one_after_the_other(dpo: Make) -> None:
    # Plain gradient descent: Adam would make much of the last digit of gradients that are nearly zero.
    plain = {"max_steps": 2, "optim": "sgd", "max_grad_norm": 0.0}
    together = dpo(per_device_train_batch_size=4, **plain)
    apart = dpo(per_device_train_batch_size=1, gradient_accumulation_steps=4, **plain)
    assert len(apart.train_dataset) == 4
    for trainer in (together, apart):
        trainer.train()
    for name, parameter in weights(together).items():
        torch.testing.assert_close(parameter, weights(apart)[name], rtol=0, atol=1e-5)
    logged = [[record.get("loss") for record in trainer.state.log_history[:2]] for trainer in (together, apart)]
    assert logged[0] == pytest.approx(logged[1], abs=1e-5)


def test_a_step_takes_the_rows_asked_for(dpo: Make) -> None:
    for budget, accumulation in ((10_000, 1), (400, 2)):
        trainer = dpo(rows_per_step=6, token_budget=budget, per_device_train_batch_size=1)
        assert trainer.args.gradient_accumulation_steps == accumulation
        trainer.train()
        assert trainer.state.max_steps == 2 * trainer.args.num_train_epochs


def test_resuming_equals_going_through(dpo: Make, model: Any, with_lora: Make, tmp_path: Path) -> None:
    policy = with_lora(model, moved=0.1)
    saving = {"max_steps": 4, "per_device_train_batch_size": 1, "save_strategy": "steps", "save_steps": 2}
    through = dpo(policy=deepcopy(policy), **saving)
    through.train()
    again = dpo(policy=deepcopy(policy), **saving)
    again.train(resume_from_checkpoint=str(tmp_path / "out" / "checkpoint-2"))
    for name, parameter in weights(through).items():
        torch.testing.assert_close(parameter, weights(again)[name], rtol=0, atol=1e-6)


def test_swapping_chosen_and_rejected_flips_the_margin(dpo: Make) -> None:
    swapped = [{**row, "chosen": row["rejected"], "rejected": row["chosen"]} for row in ROWS]
    trainer = dpo(held=ROWS, max_steps=3)
    trainer.train()
    margin = trainer.evaluate()["eval_rewards/margins"]
    reference = trainer._reference.frozen
    other = dpo(rows=swapped, held=swapped, policy=trainer.model)
    other._reference.frozen = reference
    assert margin > 0
    assert other.evaluate()["eval_rewards/margins"] == pytest.approx(-margin, rel=1e-4)


def test_an_evaluation_is_the_mean_over_its_pairs(dpo: Make, model: Any) -> None:
    found = []
    for budget in (10_000, 400, 50):
        trainer = dpo(held=ROWS, token_budget=budget, policy=deepcopy(model))
        torch.manual_seed(3)
        with torch.no_grad():
            for parameter in trainer.model.parameters():
                parameter.add_(0.02 * torch.randn_like(parameter))
        found.append(trainer.evaluate())
    names = [name for name in found[0] if name == "eval_loss" or "logps" in name or "rewards" in name]
    assert len(names) == 7
    for other in found[1:]:
        assert [other[name] for name in names] == pytest.approx([found[0][name] for name in names], abs=1e-4)


def test_the_reference_is_asked_about_each_pack_once(dpo: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    real = TreeDPOTrainer._ask
    monkeypatch.setattr(TreeDPOTrainer, "_ask", lambda self, *more: (asked.append(1), real(self, *more))[1])
    trainer = dpo(num_train_epochs=3, per_device_train_batch_size=1)
    trainer.train()
    assert len(asked) == len(trainer.train_dataset)


@pytest.mark.parametrize("lora", [False, True])
def test_a_reference_asked_before_gives_the_same_training(dpo: Make, model: Any, with_lora: Make, lora: bool) -> None:
    policy = with_lora(model) if lora else model
    trained = []
    for before in (True, False):
        trainer = dpo(policy=deepcopy(policy), max_steps=2, precompute_reference=before)
        trainer.train()
        trained.append(trainer)
    assert trained[0]._reference is None
    for name, parameter in weights(trained[0]).items():
        torch.testing.assert_close(parameter, weights(trained[1])[name], rtol=0, atol=1e-4)


def test_a_new_adapter_needs_no_copy_and_a_trained_one_does(dpo: Make, model: Any, with_lora: Make) -> None:
    new, trained = (dpo(policy=with_lora(deepcopy(model), moved)) for moved in (0.0, 0.1))
    assert list(new.model.peft_config) == ["default"]
    assert list(trained.model.peft_config) == ["default", "ref"]
    trained.train()
    learns = [name for name, parameter in trained.model.named_parameters() if parameter.requires_grad]
    assert learns
    assert not any(".ref." in name for name in learns)


def test_checkpointed_activations_give_the_same_gradients(
    model: Any, tiny_tokenizer: Any, options: dict[str, Any], with_lora: Make
) -> None:
    policy = with_lora(model)
    found = []
    for on in (False, True):
        args = TreeArguments(**{**options, "activation_checkpointing": on})
        trainer = TreeSFTTrainer(deepcopy(policy), args, completions(ROWS), (), tiny_tokenizer)
        if on:
            trainer.model.activation_checkpointing_enable()
        found.append(gradients(trainer.model, tree_loss(trainer)))
    for name, gradient in found[0].items():
        torch.testing.assert_close(found[1][name], gradient, rtol=0, atol=1e-5)


def test_logits_that_are_scaled_are_scored_as_the_model_gives_them(
    tiny_tokenizer: Any, options: dict[str, Any]
) -> None:
    sizes = {
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "initializer_range": 0.5,
    }
    config = GraniteConfig(vocab_size=len(tiny_tokenizer), num_key_value_heads=1, logits_scaling=4.0, **sizes)
    trainer = TreeSFTTrainer(
        GraniteForCausalLM(config), TreeArguments(**options), completions(ROWS[:1]), (), tiny_tokenizer
    )
    (row,) = trainer.train_dataset.rows
    ids = torch.as_tensor(row.paths[0], dtype=torch.long)[None]
    with torch.no_grad():
        log_probs = trainer.model(ids).logits[0, :-1].log_softmax(-1).gather(1, ids[0, 1:, None])[row.history - 1 :]
        torch.testing.assert_close(tree_loss(trainer), -log_probs.mean(), rtol=0, atol=1e-5)


def test_dropout_is_off_unless_asked_for(dpo: Make, model: Any) -> None:
    from peft import LoraConfig, get_peft_model

    noisy = LoraConfig(r=2, lora_dropout=0.5, target_modules="all-linear", task_type="CAUSAL_LM")
    for off in (True, False):
        trainer = dpo(policy=get_peft_model(deepcopy(model), noisy), disable_dropout=off)
        rates = {module.p for module in trainer.model.modules() if isinstance(module, torch.nn.Dropout)}
        assert rates == ({0.0} if off else {0.5})


def test_a_window_shorter_than_a_conversation_is_refused(dpo: Make, model: Any) -> None:
    model.config.sliding_window = 20
    with pytest.raises(ConfigError, match=r"look back 20 tokens .* train on pairs \(packing = \"pairs\"\)"):
        dpo(policy=model)


def test_nothing_to_train_on_is_an_error(dpo: Make) -> None:
    with pytest.raises(ConfigError, match="no rows to train on"):
        dpo(rows=[])
