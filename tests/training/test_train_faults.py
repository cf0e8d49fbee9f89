"""What goes wrong in a training gets one sentence, before the model is loaded wherever that is possible."""

import importlib.util
import json
import os
import resource
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from interalign.config import load_config, parse_config
from interalign.errors import ConfigError, InteralignError, MissingError, RunFolderError
from interalign.training import DPOSettings, SFTSettings, train
from interalign.training.folder import TrainFolder, read_log

torch = pytest.importorskip("torch")
pytest.importorskip("trl")

Settings = Callable[..., Any]


@pytest.fixture
def no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loading the model fails the test: what is wrong has to be found before."""
    import interalign.training.loading as loading

    def load(*arguments: Any) -> None:
        raise AssertionError("the model was loaded")

    monkeypatch.setattr(loading, "load_policy", load)


def refused(config: Any, out: Path, kind: type[InteralignError] = ConfigError) -> str:
    """The sentence; no folder may be left."""
    with pytest.raises(kind) as error:
        train(config, out)
    assert not out.exists()
    assert "\n" not in str(error.value)
    return str(error.value)


def copied(folder: Path, target: Path) -> Path:
    shutil.copytree(folder, target)
    return target


# -- configs -------------------------------------------------------------------------------------


def test_full_training_and_lora_exclude_each_other() -> None:
    data = {"train": {"model": "m", "data": "d", "full": True}, "lora": {"r": 4}}
    with pytest.raises(ConfigError, match=r"train\.full = true trains all weights, and \[lora\] an adapter"):
        parse_config(data, SFTSettings)


def test_dpo_says_what_it_starts_from() -> None:
    with pytest.raises(ConfigError, match=r"train\.start is missing: DPO begins with the result of SFT"):
        parse_config({"train": {"model": "m", "data": "d"}}, DPOSettings)


def test_the_sections_of_the_other_method_are_unknown() -> None:
    for key, kind in (("dpo", SFTSettings), ("mix", DPOSettings)):
        with pytest.raises(ConfigError, match=f"unknown key {key!r}"):
            parse_config({"train": {"model": "m", "data": "d", "start": "base"}, key: {}}, kind)


def test_the_learning_rate_suits_the_method() -> None:
    for kind, full, rate in ((SFTSettings, False, 2e-4), (SFTSettings, True, 1e-5), (DPOSettings, False, 5e-5)):
        config = parse_config({"train": {"model": "m", "data": "d", "start": "base", "full": full}}, kind)
        assert config.rate == rate
    assert parse_config({"train": {"model": "m", "data": "d", "lr": 0.5}}, SFTSettings).rate == 0.5


def test_the_examples_are_valid() -> None:
    root = Path(__file__).parents[2] / "examples"
    first, second = load_config(root / "sft.toml", SFTSettings), load_config(root / "dpo.toml", DPOSettings)
    assert first.train.out == second.train.start


# -- found before the model is loaded ------------------------------------------------------------


@pytest.mark.usefixtures("no_model")
def test_missing_data_is_refused(sft: Settings, tmp_path: Path) -> None:
    message = refused(sft(data=str(tmp_path / "absent")), tmp_path / "out", MissingError)
    assert "holds no training data; make some with: interalign pairs RUN" in message


@pytest.mark.usefixtures("no_model")
def test_data_that_has_changed_is_refused(sft: Settings, pair_data: Path, tmp_path: Path) -> None:
    data = copied(pair_data, tmp_path / "data")
    (data / "sft_train.jsonl").write_text("")
    assert "is not the file that manifest.json describes" in refused(sft(data=str(data)), tmp_path / "out")


@pytest.mark.usefixtures("no_model")
def test_data_without_a_usable_row_is_refused(sft: Settings, tmp_path: Path) -> None:
    message = refused(sft(max_length=16), tmp_path / "out")
    assert "has nothing to train on: 14 the last message and a reply exceed max_length = 16" in message


@pytest.mark.usefixtures("no_model")
@pytest.mark.parametrize(("template", "words"), [(None, "has no chat template"), ("hello", "leaves out what was said")])
def test_a_wrong_template_is_refused(
    sft: Settings, tiny_model: Path, tmp_path: Path, template: str | None, words: str
) -> None:
    model = copied(tiny_model, tmp_path / "model")
    (model / "chat_template.jinja").unlink()
    if template:
        (model / "chat_template.jinja").write_text(template)
    assert words in refused(sft(model=str(model)), tmp_path / "out")


@pytest.mark.usefixtures("no_model")
def test_a_missing_start_is_refused(dpo: Settings, tmp_path: Path) -> None:
    message = refused(dpo(start=str(tmp_path / "absent")), tmp_path / "out", MissingError)
    assert "there is no such folder; run the training that writes it first" in message
    message = refused(dpo(start=str(tmp_path)), tmp_path / "out", MissingError)
    assert "holds neither an adapter nor a model" in message


@pytest.mark.usefixtures("no_model")
def test_an_unfinished_start_is_refused(sft: Settings, dpo: Settings, tmp_path: Path) -> None:
    with TrainFolder(tmp_path / "sft", sft()):
        pass
    message = refused(dpo(start=str(tmp_path / "sft")), tmp_path / "out", MissingError)
    assert "its training has not come to its end; run its command again" in message


def adapter(folder: Path, base: str) -> str:
    """An adapter's folder, as PEFT writes it, of a model of another name."""
    folder.mkdir()
    values = {
        "peft_type": "LORA",
        "r": 2,
        "lora_alpha": 4,
        "base_model_name_or_path": base,
        "target_modules": ["q_proj"],
    }
    (folder / "adapter_config.json").write_text(json.dumps(values))
    (folder / "adapter_model.safetensors").write_bytes(b"")
    return str(folder)


@pytest.mark.usefixtures("no_model")
def test_the_adapter_of_another_model_is_refused(dpo: Settings, tmp_path: Path) -> None:
    message = refused(dpo(start=adapter(tmp_path / "sft", "other/model")), tmp_path / "out")
    assert "was trained from 'other/model', but train.model = " in message


@pytest.mark.usefixtures("no_model")
def test_another_rank_than_that_of_the_adapter_is_refused(dpo: Settings, tiny_model: Path, tmp_path: Path) -> None:
    config = dpo({"lora": {"r": 8}}, start=adapter(tmp_path / "sft", str(tiny_model)))
    assert "[lora] r = 8, but the adapter of train.start = " in refused(config, tmp_path / "out")


def test_an_adapter_that_does_not_fit_is_refused(dpo: Settings, tiny_model: Path, tmp_path: Path) -> None:
    from safetensors.torch import save_file

    start = adapter(tmp_path / "sft", str(tiny_model))
    name = "base_model.model.model.layers.0.self_attn.q_proj.lora_{}.weight"
    shapes = {name.format("A"): torch.zeros(2, 99), name.format("B"): torch.zeros(99, 2)}
    save_file(shapes, Path(start) / "adapter_model.safetensors")
    with pytest.raises(ConfigError, match=r"does not fit train\.model = .*size mismatch"):
        train(dpo(start=start), tmp_path / "out")


@pytest.mark.usefixtures("no_model")
def test_a_missing_extra_is_named_with_its_command(
    sft: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in ("trl", "peft") else found(name))
    message = refused(sft(), tmp_path / "out", MissingError)
    assert message == "training needs trl, peft, which are not installed; run: pip install 'interalign[train]'"


@pytest.mark.usefixtures("no_model")
def test_a_missing_logger_is_named(sft: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "wandb" else found(name))
    message = refused(sft(log=["wandb"]), tmp_path / "out", MissingError)
    assert message == "train.log has 'wandb', which is not installed; run: pip install wandb"


def test_a_target_that_the_model_lacks_is_refused(sft: Settings, tmp_path: Path) -> None:
    config = sft({"lora": {"targets": ["q_proj", "wq"]}})
    with pytest.raises(ConfigError, match=r"has no layer 'wq'; it has down_proj, gate_proj, k_proj, lm_head"):
        train(config, tmp_path / "out")


@pytest.mark.usefixtures("no_model")
def test_several_gpus_in_one_process_are_refused(
    sft: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    assert "4 GPUs are visible to one process; start one for each with `accelerate launch" in refused(
        sft(), tmp_path / "out"
    )


# -- folders -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("no_model")
def test_the_folder_of_another_training_is_refused(sft: Settings, dpo: Settings, tmp_path: Path) -> None:
    with TrainFolder(tmp_path, sft()):
        pass
    with pytest.raises(RunFolderError, match=r"differs in: train\.epochs, train\.lr, lora\.r\)"):
        TrainFolder(tmp_path, sft({"lora": {"r": 3, "alpha": 4}}, epochs=2, lr=0.1))
    with pytest.raises(RunFolderError, match="holds something else than a dpo training"):
        TrainFolder(tmp_path, dpo())


@pytest.mark.usefixtures("no_model")
def test_a_folder_of_something_else_is_refused(sft: Settings, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("x")
    with pytest.raises(RunFolderError, match=r"holds 'thesis\.tex' but no config\.toml"):
        train(sft(), tmp_path / "out")


@pytest.mark.usefixtures("no_model")
def test_a_folder_in_use_is_refused(sft: Settings, tmp_path: Path) -> None:
    with TrainFolder(tmp_path, sft()), pytest.raises(RunFolderError, match="another process is training in"):
        TrainFolder(tmp_path, sft())


@pytest.mark.usefixtures("no_model")
def test_other_data_under_the_same_name_is_refused(sft: Settings, tmp_path: Path) -> None:
    with TrainFolder(tmp_path, sft(data_sha256="0" * 64)):
        pass
    with pytest.raises(RunFolderError, match=r"differs in: train\.data_sha256\)"):
        train(sft(), tmp_path)


@pytest.fixture
def small_disk() -> Iterator[None]:
    """No file grows beyond 30,000 bytes: to a program that writes one this is a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("small_disk")
def test_a_full_disk_ends_a_training_with_a_sentence(sft: Settings, tmp_path: Path) -> None:
    config = sft({"lora": {"r": 16}}, save_steps=1)
    with pytest.raises(
        RunFolderError, match=r"checkpoint-1 cannot be written \(.+\); free space and run the same command"
    ):
        train(config, tmp_path)
    assert os.listdir(tmp_path / "checkpoints") == []
    assert not (tmp_path / "manifest.json").exists()


# -- numbers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("save_steps", [1, 50])
def test_a_loss_that_is_no_number_stops_the_training(sft: Settings, tmp_path: Path, save_steps: int) -> None:
    from interalign.errors import DivergedError

    config = sft(full=True, lr=1e30, max_steps=4, save_steps=save_steps)
    with pytest.raises(DivergedError, match=r"at step \d of 4: the training has diverged; lower train\.lr"):
        train(config, tmp_path)
    assert not (tmp_path / "manifest.json").exists()
    assert len([record for record in read_log(tmp_path / "log.jsonl") if "loss" in record]) < 4
    for path in tmp_path.glob("checkpoints/*/model.safetensors"):
        from safetensors.torch import load_file

        assert all(torch.isfinite(weight).all() for weight in load_file(path).values())
