"""Adapters for llama.cpp: what is served is what was trained, the base model beside it stays what it is."""

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from autogen_core.models import UserMessage
from served import distance, engines, expected, next_tokens, random_lora, served
from typer.testing import CliRunner

from interalign.cli import app
from interalign.errors import ConfigError, MissingError
from interalign.sim.adapters import (
    Factors,
    Lora,
    export_gguf,
    gguf_base,
    merge_into,
    read_adapter,
    served_file,
    stack,
    write_adapter,
)
from interalign.sim.hf_models import load_hf
from interalign.sim.models import MODELS, is_whole

pytestmark = [pytest.mark.usefixtures("tiny_cache"), pytest.mark.xdist_group("embedded")]


@pytest.fixture(scope="module")
def tiny_adapter(tiny_gguf: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random adapter of the tiny model. Only look at it."""
    out = tmp_path_factory.mktemp("adapters") / "random"
    keys = {"self_attn.q_proj": (32, 32), "self_attn.k_proj": (16, 32), "mlp.down_proj": (32, 64)}
    draw = np.random.default_rng(0)
    modules = {
        f"model.layers.{layer}.{name}": Factors(
            draw.normal(size=(2, inputs)).astype(np.float32), draw.normal(size=(outputs, 2)).astype(np.float32)
        )
        for layer in range(2)
        for name, (outputs, inputs) in keys.items()
    }
    write_adapter(Lora(f"embedded:{tiny_gguf}", modules), out)
    return out


def test_base_and_tuned_are_served_side_by_side_as_transformers_computes_them(
    tiny_gguf: Path, tiny_adapter: Path
) -> None:
    model, tokenizer = load_hf(f"embedded:{tiny_gguf}")
    plain = expected(model, tokenizer)
    merge_into(model, read_adapter(tiny_adapter))
    changed = expected(model, tokenizer)
    (alone,) = served(str(tiny_gguf))
    base, tuned = served(str(tiny_gguf), f"{tiny_gguf}+{tiny_adapter}")
    assert distance(base, alone) < 0.005
    assert distance(base, plain) < 0.01
    assert distance(tuned, changed) < 0.01
    assert distance(tuned, plain) > 0.1


def test_calls_at_the_same_time_do_not_mix(tiny_gguf: Path, tiny_adapter: Path) -> None:
    async def ask() -> None:
        base, tuned = engines(str(tiny_gguf), f"{tiny_gguf}+{tiny_adapter}")
        assert base.join()[0] is tuned.join()[0]
        wanted = {base: await next_tokens(base), tuned: await next_tokens(tuned)}
        try:
            found = await asyncio.gather(*(next_tokens(engine) for _ in range(6) for engine in (base, tuned)))
        finally:
            await base.close()
            await tuned.close()
        assert all(distance(one, wanted[base]) < 0.05 for one in found[::2])
        assert all(distance(one, wanted[tuned]) < 0.05 for one in found[1::2])

    asyncio.run(ask())


def test_an_adapter_that_comes_after_the_start_gets_a_server_of_its_own(tiny_gguf: Path, tiny_adapter: Path) -> None:
    async def ask() -> None:
        (base,) = engines(str(tiny_gguf))
        await next_tokens(base)
        (tuned,) = engines(f"{tiny_gguf}+{tiny_adapter}")
        assert base.join()[0] is not tuned.join()[0]
        assert distance(await next_tokens(tuned), await next_tokens(base)) > 0.1
        await base.close()
        await tuned.close()

    asyncio.run(ask())


def test_the_identity_is_of_base_and_adapter(tiny_gguf: Path, tiny_adapter: Path) -> None:
    base, tuned = engines(str(tiny_gguf), f"{tiny_gguf}+{tiny_adapter}")
    assert base.identity() == {"engine": "embedded", "model": str(tiny_gguf)}
    assert tuned.identity() == {**base.identity(), "adapter": tuned.digest}
    assert str(tiny_adapter) not in str(tuned.identity())


def test_an_adapter_that_changed_since_the_start_is_refused(tiny_gguf: Path, tiny_adapter: Path) -> None:
    with pytest.raises(ConfigError, match="is not the one that the run was started with; put it back"):
        engines(f"{tiny_gguf}+{tiny_adapter}", adapter_sha256="0" * 64)


def test_the_export_is_made_once_by_content(tiny_gguf: Path, tiny_adapter: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    write_adapter(read_adapter(tiny_adapter), copy)
    first = served_file(copy, tiny_gguf)
    made = first.stat().st_mtime_ns
    assert served_file(copy, tiny_gguf) == first
    assert first.stat().st_mtime_ns == made


@pytest.mark.parametrize(
    ("module", "shape", "said"),
    [
        (
            "model.layers.0.self_attn.q_proj",
            (48, 2),
            "q_proj' is 48 x 32, that of tiny.gguf 32 x 32: it is for another model",
        ),
        ("model.layers.7.self_attn.q_proj", (32, 2), "which tiny.gguf does not have: it is for another model"),
        ("model.layers.0.self_attn.q_proj", (32, 600), "the adapter's rank is 600; 512 is the most that is served"),
    ],
)
def test_an_adapter_that_does_not_fit_is_named(
    module: str, shape: tuple[int, int], said: str, tiny_gguf: Path, tmp_path: Path
) -> None:
    outputs, rank = shape
    made = Lora("other", {module: Factors(np.ones((rank, 32), np.float32), np.ones((outputs, rank), np.float32))})
    with pytest.raises(ConfigError, match=said):
        export_gguf(made, gguf_base(tiny_gguf), tmp_path / "x.gguf")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_no_adapter_is_named(tiny_gguf: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="no adapter at"):
        engines(f"{tiny_gguf}+{tmp_path}")


def test_the_command_exports_for_llama_cpp_and_merged(tiny_gguf: Path, tiny_adapter: Path, tmp_path: Path) -> None:
    import torch

    for form, name in (("gguf", "x.gguf"), ("merged", "whole")):
        asked = ["models", "export", str(tiny_adapter), "--to", form, "--out", str(tmp_path / name)]
        result = CliRunner().invoke(app, asked)
        assert result.exit_code == 0, result.output
    merged, tokenizer = load_hf(str(tmp_path / "whole"))
    base, _ = load_hf(f"embedded:{tiny_gguf}")
    merge_into(base, read_adapter(tiny_adapter))
    assert all(torch.equal(one, other) for one, other in zip(merged.parameters(), base.parameters(), strict=True))
    assert tokenizer.chat_template
    assert isinstance(CliRunner().invoke(app, asked).exception, OSError)


def test_the_command_says_which_file_it_needs(tiny_adapter: Path, tmp_path: Path) -> None:
    write_adapter(Lora("some/model", read_adapter(tiny_adapter).modules), tmp_path / "a")
    result = CliRunner().invoke(app, ["models", "export", str(tmp_path / "a"), "--to", "gguf"])
    assert isinstance(result.exception, MissingError)
    assert "name the file that it is to be served with by --base" in str(result.exception)


def test_two_trainings_stacked_are_served_as_one(tiny_gguf: Path, tiny_adapter: Path, tmp_path: Path) -> None:
    model, tokenizer = load_hf(f"embedded:{tiny_gguf}")
    first, second = read_adapter(tiny_adapter), random_lora(model, strength=0.5, seed=3)
    write_adapter(stack(first, second), tmp_path)
    merge_into(model, first)
    merge_into(model, second)
    (found,) = served(f"{tiny_gguf}+{tmp_path}")
    assert distance(found, expected(model, tokenizer)) < 0.01


@pytest.mark.embedded
@pytest.mark.skipif(not is_whole(MODELS["smollm2-135m"]), reason="needs: interalign models pull smollm2-135m")
def test_on_the_real_model_an_adapter_costs_no_more_than_the_base_models_own_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("INTERALIGN_CACHE")
    model, tokenizer = load_hf("embedded:smollm2-135m")
    plain = expected(model, tokenizer)
    made = random_lora(model, strength=0.15)
    write_adapter(made, tmp_path)
    merge_into(model, made)
    changed = expected(model, tokenizer)
    base, tuned = served("smollm2-135m", f"smollm2-135m+{tmp_path}")
    own_error, error, effect = distance(base, plain), distance(tuned, changed), distance(tuned, plain)
    print(f"base model {own_error:.3f}, adapter {error:.3f}, what the adapter changes {effect:.3f}")
    assert error < 1.5 * own_error
    assert effect > 3 * error


def test_answers_of_whole_conversations_are_the_same_with_adapters_loaded(tiny_gguf: Path, tiny_adapter: Path) -> None:
    asked: dict[str, Any] = {"max_tokens": 8, "temperature": 0}

    async def answer(*models: str) -> list[str]:
        made = engines(*models)
        texts: list[str] = []
        for text in ("Hello hens", "Hello hens again", "Hello hens"):
            for engine in made:
                result = await engine.create([UserMessage(content=text, source="u")], extra_create_args=asked)
                texts += [str(result.content)] if engine is made[0] else []
        for engine in made:
            await engine.close()
        return texts

    alone = asyncio.run(answer(str(tiny_gguf)))
    assert asyncio.run(answer(str(tiny_gguf), f"{tiny_gguf}+{tiny_adapter}")) == alone
