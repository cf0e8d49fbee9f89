"""A training from config to result folder, on a tiny random model."""

import json
import math
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from interalign.errors import RunFolderError
from interalign.training import train
from interalign.training.folder import TrainFolder, read_log
from interalign.training.progress import NoTrainProgress, TrainSnapshot
from interalign.training.rows import read_rows

torch = pytest.importorskip("torch")
pytest.importorskip("trl")

Settings = Callable[..., Any]


@pytest.fixture(autouse=True)
def quietly() -> Iterator[None]:
    """Trainers that a test uses directly run as `train` runs them."""
    from interalign.training.quiet import quiet

    with quiet():
        yield


class Stop(NoTrainProgress):
    """Presses Ctrl-C when a step is logged."""

    def __init__(self, step: int) -> None:
        self.step = step

    def update(self, snapshot: TrainSnapshot) -> None:
        if snapshot.step == self.step and "loss" in snapshot.numbers:
            raise KeyboardInterrupt


def trainer_for(config: Any, folder: Path) -> Any:
    """The trainer of a config, before it has done anything."""
    from interalign.sim.hf_models import load_tokenizer
    from interalign.training.loading import load_policy
    from interalign.training.start import find_start
    from interalign.training.trainers import make_trainer

    prefix = "sft_" if config.method == "sft" else ""
    rows = {side: read_rows(Path(config.train.data) / f"{prefix}{side}.jsonl") for side in ("train", "eval")}
    model = load_policy(config, find_start(config))
    tokenizer = load_tokenizer(config.train.model)
    return make_trainer(config, folder, model, tokenizer, rows["train"], rows["eval"], ())


def weights_of(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    (path,) = folder.glob("*.safetensors")
    return load_file(path)


@pytest.fixture(scope="session")
def sft_result(tiny_model: Path, pair_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter trained so hard that it is clearly another model. Only look at it."""
    from interalign.config import parse_config
    from interalign.training import SFTSettings

    values = {"model": str(tiny_model), "data": str(pair_data), "max_steps": 3, "batch": 2, "warmup": 0, "lr": 0.02}
    config = parse_config({"train": {**values, "packing": "pairs"}, "lora": {"r": 2}}, SFTSettings)
    return train(config, tmp_path_factory.mktemp("runs") / "sft").folder


# -- what is trained -----------------------------------------------------------------------------


@pytest.mark.parametrize("full", [False, True], ids=["lora", "full"])
@pytest.mark.parametrize("method", ["sft", "dpo"])
def test_every_trainable_weight_moves_and_no_other(
    method: str, full: bool, sft: Settings, dpo: Settings, tmp_path: Path
) -> None:
    config = {"sft": sft, "dpo": dpo}[method](full=full, lr=0.01, max_steps=3)
    trainer = trainer_for(config, tmp_path)
    before = {
        name: (weight.detach().clone(), weight.requires_grad) for name, weight in trainer.model.named_parameters()
    }
    trainer.train()
    moved = {name: not torch.equal(before[name][0], weight) for name, weight in trainer.model.named_parameters()}
    assert moved == {name: trainable for name, (_, trainable) in before.items()}
    assert full == all(moved.values())


def test_a_result_is_whole(sft: Settings, tmp_path: Path) -> None:
    done = train(sft(), tmp_path / "out")
    assert set(os.listdir(done.folder)) == {
        *("adapter_config.json", "adapter_model.safetensors", "tokenizer.json", "tokenizer_config.json"),
        *(".lock", "chat_template.jinja", "config.toml", "log.jsonl", "manifest.json"),
    }
    assert done.steps == done.manifest["steps"] == 2
    assert json.loads((done.folder / "manifest.json").read_text()) == done.manifest
    losses = [record["loss"] for record in read_log(done.folder / "log.jsonl") if "loss" in record]
    assert done.manifest["loss"] == {"first": losses[0], "last": losses[1]}
    assert done.manifest["evaluation"]["before"]["loss"] != done.manifest["evaluation"]["after"]["loss"]


@pytest.mark.parametrize("method", ["sft", "dpo"])
def test_a_batch_of_eight_is_eight_of_one(method: str, sft: Settings, dpo: Settings, tmp_path: Path) -> None:
    make = {"sft": sft, "dpo": dpo}[method]
    weights = []
    for sizes in ({"batch": 8}, {"batch": 1, "accumulation": 8}):
        trainer = trainer_for(make(max_steps=1, lr=0.01, **sizes), tmp_path / str(sizes["batch"]))
        trainer.train()
        weights.append(dict(trainer.model.named_parameters()))
    for name, weight in weights[0].items():
        torch.testing.assert_close(weights[1][name], weight, atol=1e-5, rtol=1e-4)


def test_the_loss_is_on_the_reply_alone(sft: Settings, tmp_path: Path, tiny_tokenizer: Any) -> None:
    config = sft(batch=1)
    trainer = trainer_for(config, tmp_path)
    rows = read_rows(Path(config.train.data) / "sft_train.jsonl")
    for place, row in enumerate(rows[:5]):
        batch = trainer.data_collator([trainer.train_dataset[place]])
        trained = batch["input_ids"][0][batch["labels"][0] != -100]
        assert tiny_tokenizer.decode(trained) == f"{row['completion'][0]['content']}<|end|>"


@pytest.mark.parametrize(("method", "name"), [("sft", "completion"), ("dpo", "chosen"), ("dpo", "rejected")])
def test_a_reply_is_never_cut(
    method: str, name: str, sft: Settings, dpo: Settings, tmp_path: Path, tiny_tokenizer: Any
) -> None:
    """Not by the fitting of rows to `max_length`, and not by the trainer, which cuts the end unless told otherwise."""
    config = {"sft": sft, "dpo": dpo}[method](max_length=32)
    trainer = trainer_for(config, tmp_path)
    column = {"completion": "input_ids"}.get(name, f"{name}_ids")
    rows = read_rows(Path(config.train.data) / ("sft_train.jsonl" if method == "sft" else "train.jsonl"))
    for row, ids in zip(rows, trainer.train_dataset[column], strict=True):
        assert tiny_tokenizer.decode(ids).endswith(f"{row[name][0]['content']}<|end|>")


def test_rows_that_are_too_long_are_counted(sft: Settings, tmp_path: Path) -> None:
    done = train(sft(max_length=220, max_steps=1), tmp_path)
    assert done.manifest["shortened"] > 0
    assert done.manifest["rows"] + sum(done.manifest["refused"].values()) == 14


# -- DPO -----------------------------------------------------------------------------------------


def test_dpo_begins_at_ln_2_from_the_sft_model(dpo: Settings, sft_result: Path, tmp_path: Path) -> None:
    done = train(dpo(start=str(sft_result), lr=0.01), tmp_path / "out")
    first = read_log(done.folder / "log.jsonl")[0]
    assert (first["step"], first["eval_rewards/margins"]) == (0, 0)
    assert first["eval_loss"] == pytest.approx(math.log(2), abs=1e-6)
    assert done.manifest["start"] == "adapter"


def test_the_reference_is_the_sft_model(dpo: Settings, sft_result: Path, tiny_model: Path, tmp_path: Path) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM
    from trl.trainer.utils import use_adapter

    trainer = trainer_for(dpo(start=str(sft_result), lr=0.01), tmp_path)
    trainer.train()
    ids = torch.arange(40)[None]
    base = AutoModelForCausalLM.from_pretrained(tiny_model)
    with torch.no_grad():
        plain = base(input_ids=ids).logits
        tuned = PeftModel.from_pretrained(base, str(sft_result))(input_ids=ids).logits
        policy = trainer.model(input_ids=ids).logits
        with use_adapter(trainer.model, "ref"):
            reference = trainer.model(input_ids=ids).logits
    torch.testing.assert_close(reference, tuned, atol=1e-6, rtol=1e-5)
    assert not torch.allclose(reference, plain, atol=1e-3)
    assert not torch.allclose(reference, policy, atol=1e-3)


def test_the_result_is_one_adapter_of_the_base(
    dpo: Settings, sft_result: Path, tiny_model: Path, tmp_path: Path
) -> None:
    done = train(dpo(start=str(sft_result)), tmp_path / "out")
    saved = json.loads((done.folder / "adapter_config.json").read_text())
    assert (saved["r"], saved["base_model_name_or_path"]) == (2, str(tiny_model))
    before, after = weights_of(sft_result), weights_of(done.folder)
    assert before.keys() == after.keys()
    assert all(0 < (after[key] - before[key]).abs().max() < 0.01 for key in before)


def test_a_hub_name_is_kept_and_nobody_asked_for_it(
    sft: Settings, dpo: Settings, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_network(*arguments: Any, **options: Any) -> None:
        raise AssertionError(f"asked for {arguments}")

    monkeypatch.setattr("interalign.sim.hf_models._from_hub", lambda name: tiny_model)
    monkeypatch.setattr("socket.getaddrinfo", no_network)
    first = train(sft(model="nobody/tiny", max_steps=1), tmp_path / "sft")
    done = train(dpo(model="nobody/tiny", max_steps=1, start=str(first.folder)), tmp_path / "dpo")
    for folder in (first.folder, done.folder):
        saved = json.loads((folder / "adapter_config.json").read_text())
        assert saved["base_model_name_or_path"] == "nobody/tiny"


def test_swapping_chosen_and_rejected_flips_the_margin(dpo: Settings, tmp_path: Path) -> None:
    from datasets import Dataset

    config = dpo(lr=0.01, max_steps=4)
    trainer = trainer_for(config, tmp_path)
    trainer.train()
    held = read_rows(Path(config.train.data) / "eval.jsonl")
    rows = [{name: row[name] for name in ("prompt", "chosen", "rejected")} for row in held]
    swapped = [{"prompt": row["prompt"], "chosen": row["rejected"], "rejected": row["chosen"]} for row in rows]
    margins = [trainer.evaluate(Dataset.from_list(side))["eval_rewards/margins"] for side in (rows, swapped)]
    assert margins[0] == pytest.approx(-margins[1], rel=1e-4)
    assert abs(margins[0]) > 1e-4


def test_whole_models_are_trained_on_from_whole_models(sft: Settings, dpo: Settings, tmp_path: Path) -> None:
    first = train(sft(full=True, lr=0.01), tmp_path / "sft")
    done = train(dpo(full=True, lr=0.01, start=str(first.folder)), tmp_path / "dpo")
    assert done.manifest["start"] == "model"
    assert done.manifest["evaluation"]["before"]["loss"] == pytest.approx(math.log(2), abs=1e-6)
    assert (done.folder / "model.safetensors").is_file()
    on_top = train(dpo(start=str(first.folder)), tmp_path / "on-top")
    assert on_top.manifest["base"] == str(first.folder)
    assert on_top.manifest["evaluation"]["before"]["loss"] == pytest.approx(math.log(2), abs=1e-6)


# -- trees ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["sft", "dpo"])
def test_trees_and_pairs_come_to_the_same(
    method: str, sft: Settings, dpo: Settings, sft_result: Path, tmp_path: Path
) -> None:
    """One step on all rows, from an adapter: whatever way they are laid out, it is the same step."""
    make = {"sft": sft, "dpo": dpo}[method]
    keys = {"start": str(sft_result), "batch": 14, "max_steps": 1, "lr": 0.01}
    done = [train(make(**keys, packing=packing), tmp_path / packing) for packing in ("pairs", "tree")]
    assert [one.manifest["packing"] for one in done] == ["pairs", "tree"]
    for side in ("before", "after"):
        losses = [one.manifest["evaluation"][side]["loss"] for one in done]
        assert losses[0] == pytest.approx(losses[1], abs=2e-5)
    for key, weight in weights_of(done[0].folder).items():
        torch.testing.assert_close(weights_of(done[1].folder)[key], weight, atol=2e-4, rtol=1e-3)


class Notes(NoTrainProgress):
    """Keeps what a training says."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def note(self, line: str) -> None:
        self.lines.append(line)


def test_a_template_that_is_not_prefix_stable_falls_back_to_pairs(
    sft: Settings, tiny_model: Path, tmp_path: Path
) -> None:
    model = tmp_path / "model"
    shutil.copytree(tiny_model, model)
    template = model / "chat_template.jinja"
    template.write_text("{{ messages | length }}" + template.read_text())
    notes = Notes()
    done = train(sft(model=str(model), packing="tree", max_steps=1), tmp_path / "out", progress=notes)
    assert done.manifest["packing"] == "pairs"
    assert any(
        line.startswith("training on pairs, not trees: the chat template renders the first") for line in notes.lines
    )


# -- going on ------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["dpo", "full", "tree"])
def test_going_on_equals_never_having_stopped(
    method: str, sft: Settings, dpo: Settings, sft_result: Path, tmp_path: Path
) -> None:
    keys: dict[str, Any] = {"max_steps": 4, "save_steps": 1, "lr": 0.01, "batch": 1, "eval_steps": 2}
    start = {"start": str(sft_result)}
    keys |= {"dpo": start, "full": {"full": True}, "tree": {**start, "packing": "tree", "batch": 3}}[method]
    config = (sft if method == "full" else dpo)(**keys)
    whole = train(config, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        train(config, tmp_path / "parts", progress=Stop(3))
    assert (tmp_path / "parts/checkpoints/checkpoint-2").is_dir()
    parts = train(config, tmp_path / "parts")
    assert (parts.steps, parts.manifest["weights"]) == (2, whole.manifest["weights"])
    logs = [[_timeless(record) for record in read_log(done.folder / "log.jsonl")] for done in (whole, parts)]
    assert logs[0] == logs[1]


def _timeless(record: dict[str, Any]) -> dict[str, Any]:
    machine = ("seconds", "runtime", "per_second", "time")
    return {key: value for key, value in record.items() if not key.endswith(machine)}


def test_a_training_that_broke_off_at_its_very_end_ends(
    sft: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, text: str) -> None:
        raise RunFolderError(f"{path} cannot be written")

    with monkeypatch.context() as patch:
        patch.setattr("interalign.training.folder._digest_of", lambda folder: full(folder, ""))
        with pytest.raises(RunFolderError):
            train(sft(), tmp_path)
    assert not (tmp_path / "manifest.json").exists()
    done = train(sft(), tmp_path)
    assert (done.steps, done.manifest["steps"]) == (0, 2)
    assert [record["step"] for record in read_log(tmp_path / "log.jsonl")] == [0, 1, 2, 2]


def test_a_training_that_was_killed_before_its_first_checkpoint_begins_its_log_anew(
    sft: Settings, tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(sft(), tmp_path, progress=Stop(1))
    train(sft(), tmp_path)
    assert [record["step"] for record in read_log(tmp_path / "log.jsonl")] == [0, 1, 2, 2]


def test_a_finished_training_has_nothing_left_to_do(sft: Settings, tmp_path: Path) -> None:
    first = train(sft(), tmp_path / "out")
    again = train(sft(save_steps=7), tmp_path / "out")
    assert (again.steps, again.manifest) == (0, first.manifest)


def test_half_a_checkpoint_is_passed_over(sft: Settings, tmp_path: Path) -> None:
    with TrainFolder(tmp_path / "out", sft()) as folder:
        for step, state in ((9, '{"a": 1}'), (10, '{"a": 1}'), (100, '{"a"'), (11, None)):
            place = folder.checkpoints / f"checkpoint-{step}"
            place.mkdir(parents=True)
            if state:
                (place / "trainer_state.json").write_text(state)
        found = folder.last_checkpoint()
        assert found is not None
        assert found.name == "checkpoint-10"
