"""Models for PyTorch: made from a GGUF file once, checked, and found by name."""

import shutil
from pathlib import Path
from typing import Any

import gguf
import pytest

from interalign.errors import ConfigError, MissingError
from interalign.sim import hf_models
from interalign.sim.hf_models import hf_folder, load_hf, load_tokenizer

pytestmark = pytest.mark.usefixtures("tiny_cache")


def test_a_model_is_made_once(tiny_gguf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = hf_folder(f"embedded:{tiny_gguf}")
    monkeypatch.setattr(hf_models, "_convert", lambda *arguments: pytest.fail("made again"))
    assert hf_folder(f"embedded:{tiny_gguf}") == folder
    assert [path.name for path in folder.parent.glob(".making-*")] == []


def test_it_is_plain_and_keeps_its_chat_template(tiny_gguf: Path) -> None:
    model, tokenizer = load_hf(f"embedded:{tiny_gguf}")
    assert not hasattr(model.config, "quantization_config")
    assert {str(weight.dtype) for weight in model.parameters()} == {"torch.float32"}
    chat = tokenizer.apply_chat_template(
        [{"role": "user", "content": "Hi"}], tokenize=False, add_generation_prompt=True
    )
    assert chat == "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    assert model.generation_config.eos_token_id == tokenizer.eos_token_id


@pytest.mark.parametrize("harm", ["change", "remove"])
def test_a_damaged_one_is_made_again(harm: str, tiny_gguf: Path) -> None:
    folder = hf_folder(f"embedded:{tiny_gguf}")
    weights = folder / "model.safetensors"
    content = weights.read_bytes()
    if harm == "change":
        weights.write_bytes(content[:-4] + b"abcd")
    else:
        weights.unlink()
    assert hf_folder(f"embedded:{tiny_gguf}") == folder
    assert weights.read_bytes() == content


def test_another_process_that_was_faster_is_waited_for(
    tiny_gguf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = hf_folder(f"embedded:{tiny_gguf}")
    monkeypatch.setenv("INTERALIGN_CACHE", str(tmp_path))

    class Lock:
        def __init__(self, path: Path) -> None:
            self.path = path

        def __enter__(self) -> None:  # by the time the lock is had, the other process is through
            shutil.copytree(made, self.path.with_name(made.name))

        def __exit__(self, *error: object) -> None:
            pass

    monkeypatch.setattr(hf_models, "FileLock", Lock)
    monkeypatch.setattr(hf_models, "_convert", lambda *arguments: pytest.fail("made again"))
    assert hf_folder(f"embedded:{tiny_gguf}") == tmp_path / "models" / made.name


def test_a_model_without_a_chat_template_is_refused(
    tiny_gguf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tiny_gguf as maker

    monkeypatch.setattr(gguf.GGUFWriter, "add_chat_template", lambda *arguments: None)
    bare = maker.write_tiny_gguf(tmp_path / "bare.gguf")
    with pytest.raises(ConfigError, match="has no chat template; give a model that was made for chats"):
        hf_folder(f"embedded:{bare}")


def missing(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "empty").mkdir()
    (tmp_path / "none.gguf").write_bytes(b"GGUF, not")
    return {
        "embedded:no-such": "no model 'no-such'",
        str(tmp_path / "empty"): "is a folder without a config.json",
        str(tmp_path / "x.gguf"): "write 'embedded:",
        f"embedded:{tmp_path / 'none.gguf'}": "cannot be made into a model for PyTorch",
    }


def test_what_is_no_model_is_named(tmp_path: Path) -> None:
    for name, said in missing(tmp_path).items():
        with pytest.raises(MissingError, match=said):
            hf_folder(name)


def test_the_hub_is_asked_last_and_its_silence_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    def refuse(*arguments: Any, **keywords: Any) -> None:
        raise ConnectionError("no route to host")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", refuse)
    with pytest.raises(
        MissingError, match=r"no model 'some/model': .*no route to host.*embedded:NAME with one of smollm2-135m"
    ):
        load_tokenizer("some/model")


def test_a_missing_extra_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tiny_gguf: Path) -> None:
    monkeypatch.setenv("INTERALIGN_CACHE", str(tmp_path))
    monkeypatch.setattr(hf_models, "find_spec", lambda name: None)
    with pytest.raises(MissingError, match=r"torch is not installed; .*pip install 'interalign\[train\]'"):
        load_hf(f"embedded:{tiny_gguf}")
