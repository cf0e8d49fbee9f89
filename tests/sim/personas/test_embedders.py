"""Embedders: unit vectors from each of them, and a sentence for each way in which they can fail."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import TypeAdapter

from interalign.errors import CallError, ConfigError, MissingError
from interalign.sim.personas import embedders as module
from interalign.sim.personas import make_embedder
from interalign.sim.personas.embedders import EmbedderConfig

CONFIG: TypeAdapter[Any] = TypeAdapter(EmbedderConfig)
Answer = Callable[[dict[str, Any]], Any]


def vector_of(text: str) -> list[float]:
    return [float(len(text)), 3.0, 4.0]


def good(body: dict[str, Any]) -> Any:
    """In reverse order: the index says which is which."""
    return {"data": [{"index": n, "embedding": vector_of(text)} for n, text in enumerate(body["input"])][::-1]}


def ask(texts: list[str], *answers: Answer | int, seen: list[Any] | None = None, **config: Any) -> Any:
    """Embed with a server that gives one answer after the other, the last again and again."""
    left = list(answers)

    async def handle(request: web.Request) -> web.Response:
        body = await request.json()
        if seen is not None:
            seen.append((body, request.headers))
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, int):
            return web.json_response({"error": {"message": "no"}}, status=answer)
        return web.Response(text=json.dumps(answer(body)), content_type="application/json")

    async def run() -> Any:
        app = web.Application()
        app.router.add_post("/v1/embeddings", handle)
        async with TestServer(app) as server:
            settings = {"engine": "openai_api", "base_url": str(server.make_url("/v1")), "model": "m", **config}
            embedder = make_embedder(CONFIG.validate_python(settings))
            try:
                return await embedder.embed(texts)
            finally:
                await embedder.close()

    return asyncio.run(run())


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    monkeypatch.setattr(module.asyncio, "sleep", lambda seconds: sleep(0))


def test_wordllama_is_there_without_anything() -> None:
    vectors = asyncio.run(make_embedder(CONFIG.validate_python({"engine": "wordllama"})).embed(["I row.", "I knit."]))
    assert vectors.shape == (2, 256)


def test_an_endpoint_gives_unit_vectors_in_the_order_of_the_texts() -> None:
    texts = ["x" * length for length in range(1, 200)]
    seen: list[Any] = []
    vectors = ask(texts, good, seen=seen, parameters={"dimensions": 3})
    wanted = np.array([vector_of(text) for text in texts])
    np.testing.assert_allclose(vectors, wanted / np.linalg.norm(wanted, axis=1, keepdims=True), atol=1e-6)
    assert vectors.dtype == np.float32
    assert sorted(len(body["input"]) for body, _ in seen) == [7, 64, 64, 64]
    assert all(body["model"] == "m" and body["dimensions"] == 3 for body, _ in seen)


def test_the_key_goes_into_the_header_and_is_named_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setenv("EMBED_KEY", "secret-1")
    ask(["a"], good, seen=seen, api_key_env="EMBED_KEY")
    assert seen[0][1]["Authorization"] == "Bearer secret-1"
    monkeypatch.delenv("EMBED_KEY")
    with pytest.raises(ConfigError, match="variable 'EMBED_KEY' that api_key_env names is not set"):
        ask(["a"], good, api_key_env="EMBED_KEY")


def test_no_texts_ask_nothing() -> None:
    seen: list[Any] = []
    assert len(ask([], good, seen=seen)) == len(seen) == 0


def test_zeros_stay_zeros() -> None:
    assert not ask(["a"], lambda body: {"data": [{"index": 0, "embedding": [0, 0]}]}).any()


def test_faults_that_pass_are_tried_again() -> None:
    assert ask(["a"], 503, 429, good).shape == (1, 3)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (401, "check the key"),
        (404, "check base_url and model"),
        (500, "the embedder failed 5 times"),
        (lambda body: {"data": "x"}, "holds no embeddings"),
        (lambda body: {"oops": 1}, "holds no embeddings"),
        (lambda body: {"data": [{"index": 0, "embedding": ["a"]}]}, "holds no embeddings"),
        (lambda body: {"data": []}, "a row for each is needed"),
        (lambda body: {"data": [{"index": 0, "embedding": [1]}] * 2}, "a row for each is needed"),
        (lambda body: {"data": [{"index": 0, "embedding": [1, float("nan")]}]}, "not finite"),
    ],
    ids=["key", "model", "down", "text", "none", "words", "too few", "too many", "nan"],
)
def test_an_endpoint_that_gives_no_vectors_gets_a_sentence(answer: Any, says: str) -> None:
    with pytest.raises(CallError, match=says):
        ask(["a"], answer)


def test_batches_of_different_widths_are_refused() -> None:
    with pytest.raises(CallError, match="different lengths"):
        ask(
            ["a"] * 65,
            lambda body: {
                "data": [{"index": n, "embedding": [1.0] * len(body["input"])} for n in range(len(body["input"]))]
            },
        )


def test_a_missing_package_is_named_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(MissingError, match="pip install sentence-transformers"):
        make_embedder(CONFIG.validate_python({"engine": "sentence_transformers", "model": "m"}))


def test_a_sentence_transformers_model_is_used_as_its_package_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class SentenceTransformer:
        def __init__(self, name: str) -> None:
            if name != "folder":
                raise OSError(f"{name} is not\n a model")

        def encode(self, texts: list[str], show_progress_bar: bool) -> Any:
            return np.array([vector_of(text) for text in texts])  # of no texts: of one dimension

    package = ModuleType("sentence_transformers")
    package.SentenceTransformer = SentenceTransformer  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sentence_transformers", package)
    embedder = make_embedder(CONFIG.validate_python({"engine": "sentence_transformers", "model": "folder"}))
    np.testing.assert_allclose(np.linalg.norm(asyncio.run(embedder.embed(["a", "bb"])), axis=1), 1, atol=1e-6)
    assert len(asyncio.run(embedder.embed([]))) == 0
    with pytest.raises(MissingError, match=r"'other' cannot be loaded \(OSError: other is not a model\)"):
        make_embedder(CONFIG.validate_python({"engine": "sentence_transformers", "model": "other"}))
