"""rows: what a row of training data may be: conversational preference and prompt/completion rows, checked one by one.

A preference row has `prompt`, `chosen` and `rejected`, an SFT row `prompt` and `completion`: the forms that TRL's trainers read
without any preparation. The loss is taken on the last reply alone, so that every turn of a conversation weighs the same.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from interalign.errors import ConfigError, MissingError

__all__ = ["Row", "problem", "read_rows", "replies", "reply_rows", "sft_rows"]

Row = dict[str, Any]

_ONLY_STAGE_DIRECTION = re.compile(r"\s*(?:\*[^*\n]{1,200}\*|\([^()\n]{1,200}\)|\[[^\[\]\n]{1,200}\])\s*")
_ABOUT = ("persona_id", "profile", "run", "conversation_id", "turn", "reply_to")


def problem(row: Mapping[str, Any]) -> str | None:
    """Why a row cannot be trained on; None if it can."""
    names = ("chosen", "rejected") if "chosen" in row or "rejected" in row else ("completion",)
    for name in ("prompt", *names):
        if not _are_messages(row.get(name)):
            return f"{name} is no list of messages with a role and a text"
    texts = [_reply_of(row[name]) for name in names]
    if None in texts:
        return "a reply is not one message of the assistant"
    if any(len(cast(str, text).strip()) <= 1 for text in texts):
        return "a reply is empty or a single character"
    if len(texts) > 1 and _plain(texts[0]) == _plain(texts[1]):
        return "chosen and rejected are the same"
    return _problem_of_prompt(row["prompt"]) or _stage_direction([*row["prompt"], *(row[name][0] for name in names)])


def _are_messages(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(message, dict) and isinstance(message.get("role"), str) and isinstance(message.get("content"), str)
        for message in value
    )


def _reply_of(messages: Sequence[Mapping[str, str]]) -> str | None:
    return messages[0]["content"] if len(messages) == 1 and messages[0]["role"] == "assistant" else None


def _problem_of_prompt(prompt: Sequence[Mapping[str, str]]) -> str | None:
    """A system message may come first; then user and assistant take turns, and the user speaks last."""
    roles = [message["role"] for message in prompt]
    spoken = roles[1:] if roles[:1] == ["system"] else roles
    if spoken[:1] != ["user"]:
        return "the prompt does not begin with the user"
    if any(role != ("user", "assistant")[place % 2] for place, role in enumerate(spoken)):
        return "user and assistant do not take turns"
    if spoken[-1] != "user":
        return "the prompt does not end with the user"
    if any(not message["content"].strip() for message in prompt):
        return "a message of the prompt is empty"
    return None


def _stage_direction(messages: Iterable[Mapping[str, str]]) -> str | None:
    if any(_ONLY_STAGE_DIRECTION.fullmatch(message["content"]) for message in messages):
        return "a message is nothing but a stage direction"
    return None


def _plain(text: str | None) -> str:
    return " ".join((text or "").split())


def replies(row: Mapping[str, Any]) -> list[str]:
    """The texts that a row trains on: chosen and rejected, or the completion."""
    return [row[name][0]["content"] for name in ("chosen", "rejected", "completion") if name in row]


def sft_rows(pairs: Iterable[Row]) -> list[Row]:
    """One row for each user message that was answered: its history, and the reply that came out best.

    With several pairs at one message the best is the reply with the most victories less defeats, then with the larger sum
    of margins, then the one that comes first.
    """
    at: dict[tuple[Any, ...], list[Row]] = {}
    for row in pairs:
        at.setdefault((row.get("run"), row.get("conversation_id"), row.get("reply_to")), []).append(row)
    return [_sft_row(rows) for rows in at.values()]


def _sft_row(rows: Sequence[Row]) -> Row:
    score: dict[str, tuple[int, float]] = {}
    for row in rows:
        for name, sign in (("chosen", 1), ("rejected", -1)):
            text = row[name][0]["content"]
            wins, margin = score.get(text, (0, 0.0))
            score[text] = (wins + sign, margin + sign * row["margin"])
    best = max(score, key=lambda text: score[text])
    first = rows[0]
    about = {name: first[name] for name in _ABOUT if name in first}
    return {"prompt": first["prompt"], "completion": [{"role": "assistant", "content": best}], **about}


def reply_rows(messages: Sequence[Mapping[str, str]]) -> Iterator[Row]:
    """A row for each of the assistant's replies in a plain conversation, with all that stands before it as the prompt."""
    plain = [{"role": message["role"], "content": message["content"]} for message in messages]
    for place, message in enumerate(plain):
        if message["role"] == "assistant":
            yield {"prompt": plain[:place], "completion": [message]}


def read_rows(path: Path) -> list[Row]:
    """All rows of a JSONL file.

    Raises:
        MissingError: there is no such file.
        ConfigError: a line is no JSON object; names file and line.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise MissingError(f"no training data at {str(path)!r} ({error.strerror}); check the path") from None
    rows: list[Row] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"{path}, line {number}: not valid JSON ({error})") from None
        if not isinstance(row, dict):
            raise ConfigError(f"{path}, line {number}: a {type(row).__name__} where a JSON object is needed")
        rows.append(row)
    return rows
