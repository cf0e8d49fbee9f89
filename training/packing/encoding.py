"""encoding: rows of training data as token paths, cut into history and reply where TRL's trainers cut them."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from interalign.errors import ConfigError

__all__ = ["Encoded", "Tokens", "common_prefix", "encode_rows"]

Tokens = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Encoded:
    """One row: a history and the replies to it, as the model reads them."""

    group: Hashable
    """Equal for rows of one conversation."""
    history: int
    """The number of tokens before the replies."""
    paths: tuple[Tokens, ...]
    """History and reply together: chosen and rejected, or the one completion."""


def encode_rows(rows: Sequence[Mapping[str, Any]], tokenizer: Any) -> list[Encoded]:
    """Each row's paths; a reply begins where the rendered history and the rendered whole part.

    Raises:
        ConfigError: a row has no reply, or its history leaves nothing in the rendering.
    """
    return [_encode(row, tokenizer, number) for number, row in enumerate(rows, 1)]


def _encode(row: Mapping[str, Any], tokenizer: Any, number: int) -> Encoded:
    names = ("chosen", "rejected") if "chosen" in row else ("completion",)
    prompt = list(row["prompt"])
    begun = _render(tokenizer, prompt, add_generation_prompt=True)
    paths = tuple(_render(tokenizer, prompt + list(row[name])) for name in names)
    history = min(common_prefix(begun, path) for path in paths)
    if history == 0 or any(len(path) == history for path in paths):
        what = "its history" if history == 0 else "its reply"
        raise ConfigError(
            f"row {number}: the chat template leaves nothing of {what}; take the row out, or mend the template"
        )
    return Encoded(_group(row), history, paths)


def _render(tokenizer: Any, messages: Sequence[Mapping[str, Any]], **options: Any) -> Tokens:
    ids = tokenizer.apply_chat_template(list(messages), tokenize=True, return_dict=False, **options)
    return np.asarray(ids, dtype=np.int32)


def common_prefix(a: Tokens, b: Tokens) -> int:
    """How many tokens the two have in common from the start."""
    length = min(len(a), len(b))
    differs = np.flatnonzero(a[:length] != b[:length])
    return int(differs[0]) if len(differs) else length


def _group(row: Mapping[str, Any]) -> Hashable:
    """The conversation that a row names, or else its first message by the user with all before it."""
    if row.get("conversation_id") is not None:
        return ("conversation", str(row.get("run")), str(row["conversation_id"]))
    opening: list[tuple[str, str]] = []
    for message in row["prompt"]:
        opening.append((message["role"], str(message["content"])))
        if message["role"] == "user":
            break
    return ("opening", *opening)
