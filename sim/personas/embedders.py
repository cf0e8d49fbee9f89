"""embedders: what tells how similar two texts are: wordllama (always there), a sentence-transformers model, or an endpoint.

[embedder]
engine = "wordllama"

[embedder]
engine = "sentence_transformers"
model = "all-MiniLM-L6-v2"            # a name, or a folder

[embedder]
engine = "openai_api"                 # any server with /embeddings: OpenAI, vLLM, Ollama, llama.cpp ...
base_url = "http://localhost:8000/v1"
model = "nomic-embed-text"
api_key_env = "OPENAI_API_KEY"        # the name of a variable, never the key
"""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, Literal, Protocol, assert_never

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from interalign.agents import embed
from interalign.config import Config
from interalign.errors import CallError, MissingError, TransientError
from interalign.sim.engines import OpenAIConfig, OpenAIEngine

__all__ = [
    "Embedder",
    "EmbedderConfig",
    "EndpointEmbedder",
    "SentenceTransformersConfig",
    "WordLlamaConfig",
    "make_embedder",
]

Vectors = NDArray[np.float32]

_BATCH = 64
_RETRIES = 4


class WordLlamaConfig(Config):
    engine: Literal["wordllama"] = "wordllama"


class SentenceTransformersConfig(Config):
    engine: Literal["sentence_transformers"]
    model: str = Field(min_length=1)
    """A name on the Hugging Face hub, or a folder."""


EmbedderConfig = Annotated[WordLlamaConfig | SentenceTransformersConfig | OpenAIConfig, Field(discriminator="engine")]


class Embedder(Protocol):
    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, a row for each text; zeros for a text without meaning.

        Raises:
            CallError: an endpoint does not answer, or not with vectors.
        """
        ...

    async def close(self) -> None:
        """Free what it holds."""
        ...


def make_embedder(config: EmbedderConfig) -> Embedder:
    """Raises MissingError or ConfigError where a package, model or key is missing."""
    if isinstance(config, WordLlamaConfig):
        return _WordLlama()
    if isinstance(config, SentenceTransformersConfig):
        return _SentenceTransformers(config.model)
    if isinstance(config, OpenAIConfig):
        return EndpointEmbedder(config)
    assert_never(config)


class _WordLlama:
    async def embed(self, texts: Sequence[str]) -> Vectors:
        return embed(texts)

    async def close(self) -> None:
        pass


class _SentenceTransformers:
    def __init__(self, model: str) -> None:
        try:
            from sentence_transformers import SentenceTransformer  # pyright: ignore[reportMissingImports]
        except ImportError:
            raise MissingError(
                "embedder.engine = 'sentence_transformers' needs a package that is not installed; "
                "install it with: pip install sentence-transformers"
            ) from None
        try:
            self._model: Any = SentenceTransformer(model)
        except Exception as error:  # noqa: BLE001 - it lets errors of the hub, of torch and of JSON through
            reason = " ".join(str(error).split())[:160]
            raise MissingError(
                f"embedder.model = {model!r} cannot be loaded ({type(error).__name__}: {reason}); "
                "give a sentence-transformers model's name or folder"
            ) from None

    async def embed(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.zeros((0, 0), dtype=np.float32)
        return unit(np.asarray(self._model.encode(list(texts), show_progress_bar=False)), len(texts))

    async def close(self) -> None:
        pass


class EndpointEmbedder(OpenAIEngine):
    """Embeddings of one model on one server, 64 texts a call; faults that may pass are tried again."""

    def __init__(self, config: OpenAIConfig) -> None:
        super().__init__(config)
        self._url = f"{config.base_url}/embeddings"

    async def embed(self, texts: Sequence[str]) -> Vectors:
        slots = asyncio.Semaphore(self.config.max_in_flight)

        async def one(start: int) -> Vectors:
            async with slots:
                return await self._batch(texts[start : start + _BATCH])

        batches = await asyncio.gather(*(one(start) for start in range(0, len(texts), _BATCH)))
        if len({batch.shape[1] for batch in batches}) > 1:
            raise CallError(f"{self._url} answered with vectors of different lengths; check embedder.model")
        return np.concatenate(batches) if batches else np.zeros((0, 0), dtype=np.float32)

    async def _batch(self, texts: Sequence[str]) -> Vectors:
        retry = 0
        while True:
            try:
                data = await self._post({**self.config.parameters, "model": self.config.model, "input": list(texts)})
                return self._vectors(data, len(texts))
            except TransientError as error:
                if retry == _RETRIES:
                    raise CallError(f"the embedder failed {retry + 1} times: {error}") from None
                await asyncio.sleep(max(error.retry_after or 0.0, 0.5 * 2**retry))
            retry += 1

    def _vectors(self, data: Any, count: int) -> Vectors:
        try:
            rows = sorted(data["data"], key=lambda row: row["index"])
            vectors = np.array([row["embedding"] for row in rows], dtype=np.float64)
        except (KeyError, TypeError, ValueError):
            raise CallError(f"{self._url}: the answer holds no embeddings: {str(data)[:120]}") from None
        return unit(vectors, count, self._url)


def unit(vectors: NDArray[Any], count: int, source: str = "the embedder") -> Vectors:
    """Rows brought to length one; rows of zeros stay.

    Raises:
        CallError: there are not `count` rows of finite numbers.
    """
    if vectors.ndim != 2 or len(vectors) != count:
        raise CallError(
            f"{source} answered {count} texts with numbers of shape {vectors.shape}; a row for each is needed"
        )
    vectors = vectors.astype(np.float64)
    if not np.isfinite(vectors).all():
        raise CallError(f"{source} answered with numbers that are not finite; check embedder.model")
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)
