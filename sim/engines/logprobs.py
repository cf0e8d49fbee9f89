"""logprobs: token log-probabilities in a server's answer, as autogen-core's types."""

from collections.abc import Mapping
from typing import Any

from autogen_core.models import ChatCompletionTokenLogprob, TopLogprob

__all__ = ["read_logprobs", "read_prompt_logprobs"]


def read_logprobs(data: Mapping[str, Any]) -> list[ChatCompletionTokenLogprob] | None:
    """Those of a chat completion's tokens; None where there are none, or they cannot be read."""
    try:
        return [_token(entry) for entry in data["choices"][0]["logprobs"]["content"]]
    except (KeyError, IndexError, TypeError, ValueError):
        return None


def read_prompt_logprobs(data: Mapping[str, Any], last: str) -> list[ChatCompletionTokenLogprob] | None:
    """vLLM's `prompt_logprobs`: those of the prompt's last tokens, enough to cover its last message. None as above.

    No more are kept, because they go into the cache: a text has no more tokens than bytes.
    """
    try:
        entries = data["prompt_logprobs"][-max(1, len(last.encode(errors="replace"))) :]
        # The first token of a prompt has no probability; an entry's first candidate is the token that stands there.
        tokens = [next(iter(entry.values())) for entry in entries if entry]
        return [ChatCompletionTokenLogprob(token=_text(token), logprob=float(token["logprob"])) for token in tokens]
    except (KeyError, TypeError, ValueError, AttributeError, StopIteration):
        return None


def _token(entry: Mapping[str, Any]) -> ChatCompletionTokenLogprob:
    tops = [TopLogprob(float(top["logprob"]), _bytes(top)) for top in entry.get("top_logprobs") or ()]
    return ChatCompletionTokenLogprob(
        token=_text(entry), logprob=float(entry["logprob"]), top_logprobs=tops or None, bytes=_bytes(entry)
    )


def _text(entry: Mapping[str, Any]) -> str:
    """vLLM calls it `decoded_token` in a prompt."""
    return str(entry.get("token", entry.get("decoded_token")) or "")


def _bytes(entry: Mapping[str, Any]) -> list[int]:
    return list(entry.get("bytes") or _text(entry).encode(errors="replace"))
