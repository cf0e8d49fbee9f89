"""templates: whether a chat template only ever adds to what it has rendered, so that the turns of a conversation can share tokens.

Most do. Others move the system prompt into the last message, close the last turn in a way of its own, or drop what was thought
before: then the history of one turn is no beginning of the next one's, and little is left to share.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from interalign.training.packing.encoding import Tokens, common_prefix

__all__ = ["prefix_stable"]

Messages = list[dict[str, str]]

_SAMPLED_ROWS = 32
_PROBES = (
    ("Hi.", "Hello! What is on your mind?", "My hens are ill.", "Oh dear. All of them?", "Two.", "Call a vet."),
    (
        "  7 + 5\n",
        "12",
        "\tdef f():\n    return {}\n",
        "`f` gives an empty dict.\n\n",
        "¿Y en español?",
        "Devuelve un dict 🦜",
    ),
)


def prefix_stable(tokenizer: Any, rows: Sequence[Mapping[str, Any]] = ()) -> str | None:
    """None if each prefix of a conversation renders to a prefix of its tokens, or the reason why trees cannot be packed.

    Looked at with and without a generation prompt, on conversations made up for it and on a sample of `rows`.
    """
    if not getattr(tokenizer, "chat_template", None):
        return "the tokenizer has no chat template"
    for messages in _conversations(tokenizer, rows):
        try:
            place = _breaks(tokenizer, messages)
        except Exception as error:  # noqa: BLE001 - a template is somebody's program and raises what it likes
            return f"the chat template fails on a conversation of {len(messages)} messages ({_short(error)})"
        if place is not None:
            return f"the chat template renders the first {place} messages differently when more follow"
    return None


def _conversations(tokenizer: Any, rows: Sequence[Mapping[str, Any]]) -> Iterator[Messages]:
    system = {"role": "system", "content": "Be brief."}
    for texts in _PROBES:
        spoken = [{"role": ("user", "assistant")[place % 2], "content": text} for place, text in enumerate(texts)]
        yield spoken
        if _takes(tokenizer, [system, *spoken]):
            yield [system, *spoken]
    step = max(1, len(rows) // _SAMPLED_ROWS)
    for row in rows[::step]:
        yield [*row["prompt"], *(row["chosen"] if "chosen" in row else row["completion"])]


def _takes(tokenizer: Any, messages: Messages) -> bool:
    """Some templates refuse a system message; data that has one is looked at in its rows."""
    try:
        tokenizer.apply_chat_template(messages, tokenize=False)
    except Exception:  # noqa: BLE001 - a template is somebody's program and raises what it likes
        return False
    return True


def _breaks(tokenizer: Any, messages: Messages) -> int | None:
    """After how many messages the rendering so far is no prefix of the next one."""
    start = 2 if messages[0]["role"] == "system" else 1
    before: Tokens | None = None
    for count in range(start, len(messages) + 1):
        now = _tokens(tokenizer, messages[:count])
        if before is not None and common_prefix(before, now) < len(before):
            return count - 1
        before = now
        if messages[count - 1]["role"] == "user" and count < len(messages):
            asked = _tokens(tokenizer, messages[:count], add_generation_prompt=True)
            if common_prefix(now, asked) < len(now):
                return count
            before = asked
    return None


def _tokens(tokenizer: Any, messages: Messages, **options: Any) -> Tokens:
    import numpy as np

    return np.asarray(
        tokenizer.apply_chat_template(messages, tokenize=True, return_dict=False, **options), dtype=np.int32
    )


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:120]
