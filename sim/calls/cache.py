"""cache: every answer of a run on disk, under a hash of what was asked. It makes resume exact and ablations cheap.

One SQLite file in write-ahead mode: several processes may share it, and what was written survives a kill at any moment.
The key covers the endpoint's identity, the messages, the parameters and the seed, so another model, prompt, temperature or
sample is another call.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from autogen_core.models import CreateResult, FunctionExecutionResultMessage, LLMMessage

from interalign.errors import RunFolderError
from interalign.sim.engines.base import EngineUsage

__all__ = ["CallCache", "CallRecord", "fingerprint"]

_SCHEMA = """
create table if not exists calls (
    key blob primary key, role text not null, model text not null, answer text not null,
    prompt integer not null, cached integer not null, completion integer not null, seconds real not null
) without rowid
"""


_canonical = json.JSONEncoder(sort_keys=True, default=str).encode


@dataclass(frozen=True, slots=True)
class CallRecord:
    """What the ledger needs to know of a call made earlier."""

    role: str
    model: str
    prompt: int
    cached: int
    completion: int
    seconds: float


def fingerprint(identity: bytes, messages: Sequence[LLMMessage], parameters: Mapping[str, Any]) -> bytes:
    """The cache key of a call, 16 bytes. Parameters that are equal in another order give the same key."""
    digest = blake2b(identity, digest_size=16)
    for message in messages:
        content = message.content if isinstance(message.content, str) else message.model_dump_json()
        kind = "t" if isinstance(message, FunctionExecutionResultMessage) else message.type[0]
        digest.update(f"\x1e{kind}{len(content)}\x1f{content}".encode(errors="surrogatepass"))
    digest.update(_canonical(parameters).encode())
    return digest.digest()


class CallCache:
    """The answers in `path`; made if it is not there.

    Raises:
        RunFolderError: the file cannot be opened or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._db = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
            self._db.execute("pragma journal_mode=wal")
            self._db.execute("pragma synchronous=normal")
            self._db.execute(_SCHEMA)
        except sqlite3.Error as error:
            raise _unusable(path, error) from None

    def get(self, key: bytes) -> CreateResult | None:
        """The answer kept under `key`."""
        row = self._db.execute("select answer, prompt, cached, completion from calls where key = ?", (key,)).fetchone()
        if row is None:
            return None
        usage = EngineUsage(row[1], row[3], row[2])
        return CreateResult(usage=usage, cached=True, **json.loads(row[0]))

    def put(self, key: bytes, role: str, model: str, result: CreateResult, seconds: float) -> None:
        """Keep an answer; after this it is never asked for again."""
        usage = result.usage
        counts = (usage.prompt_tokens, getattr(usage, "cached_tokens", 0), usage.completion_tokens, seconds)
        try:
            self._db.execute(
                "insert or ignore into calls values (?, ?, ?, ?, ?, ?, ?, ?)",
                (key, role, model, _dump(result), *counts),
            )
        except sqlite3.Error as error:
            raise _unusable(self.path, error) from None

    def records(self) -> Iterator[CallRecord]:
        """All calls in the cache, for the ledger of a resumed run."""
        rows = self._db.execute("select role, model, prompt, cached, completion, seconds from calls")
        return (CallRecord(*row) for row in rows)

    def __len__(self) -> int:
        return self._db.execute("select count(*) from calls").fetchone()[0]

    def close(self) -> None:
        self._db.close()


def _dump(result: CreateResult) -> str:
    if isinstance(result.content, str) and result.logprobs is None and result.thought is None:
        return json.dumps({"content": result.content, "finish_reason": result.finish_reason})
    return result.model_dump_json(include={"content", "finish_reason", "logprobs", "thought"})


def _unusable(path: Path, error: sqlite3.Error) -> RunFolderError:
    return RunFolderError(
        f"{path} cannot be written ({error}); free space or choose another --out; what is finished is kept"
    )
