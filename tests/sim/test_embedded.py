"""The embedded engine and the demo on the real model."""

import asyncio
import json
from pathlib import Path

import pytest
from autogen_core.models import UserMessage
from pydantic import BaseModel
from typer.testing import CliRunner

from interalign.cli import app
from interalign.errors import CallError, MissingError
from interalign.sim import read_trees
from interalign.sim.engines import EmbeddedConfig, EmbeddedEngine
from interalign.sim.models import MODELS, is_whole

pytestmark = [
    pytest.mark.embedded,
    pytest.mark.xdist_group("embedded"),
    pytest.mark.skipif(
        not is_whole(MODELS["smollm2-135m"]), reason="needs: interalign models pull smollm2-135m (make test does it)"
    ),
]


def test_a_real_model_answers_in_its_schema_and_reuses_its_prefix() -> None:
    class Mood(BaseModel):
        mood: str

    async def talk() -> None:
        engine = EmbeddedEngine(EmbeddedConfig(engine="embedded", max_in_flight=2, context=2048))
        asked = [UserMessage(content="I keep six hens behind the garage and they lay every day.", source="u")]
        try:
            first = await engine.create(asked, extra_create_args={"max_tokens": 8, "seed": 2**60, "temperature": 0})
            again = await engine.create(asked, extra_create_args={"max_tokens": 8, "seed": 2**60, "temperature": 0})
            shaped = await engine.create(asked, json_output=Mood, extra_create_args={"max_tokens": 40, "seed": 1})
            with pytest.raises(CallError, match="refused"):
                await engine.create([UserMessage(content="word " * 5000, source="u")])
        finally:
            await engine.close()
        assert isinstance(first.content, str)
        assert first.content.strip()
        assert getattr(again.usage, "cached_tokens", 0) > 10
        assert isinstance(json.loads(str(shaped.content))["mood"], str)

    asyncio.run(talk())


def test_a_file_that_is_no_model_is_named(tmp_path: Path) -> None:
    fake = tmp_path / "fake.gguf"
    fake.write_bytes(b"not a model")

    async def load() -> None:
        engine = EmbeddedEngine(EmbeddedConfig(engine="embedded", model=str(fake)))
        await engine.create([UserMessage(content="x", source="u")])

    with pytest.raises(MissingError, match="cannot be loaded as a GGUF model"):
        asyncio.run(load())


def test_the_demo_grows_real_trees(tmp_path: Path) -> None:
    out = tmp_path / "demo"
    result = CliRunner().invoke(
        app, ["demo", "--out", str(out), "--conversations", "2", "--turns", "2", "--cases", "2"]
    )
    assert result.exit_code == 0, result.output
    trees = list(read_trees(out))
    assert len(trees) == 2
    for tree in trees:
        assert [len(replies) for _, replies in tree.siblings()] == [2, 2]
        assert len({node.text for node in tree}) > 3
        assert all(node.model == "smollm2" and node.text.strip() for node in tree)
    rows = [json.loads(line) for line in (out / "pairs.jsonl").read_text().splitlines()]
    decided = sum(verdict.decided for tree in trees for found in tree.verdicts.values() for verdict in found)
    assert len(rows) == decided
    assert "Content-Security-Policy" in (out / "report.html").read_text()
