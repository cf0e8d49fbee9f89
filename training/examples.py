"""examples: rows made to fit a model: rendered by its chat template, and cut to its length at turn boundaries alone.

A reply is what is trained on, and the newest turns are what it answers: where history and reply are too long together, the oldest
turns are left out, whole. A row that is too long even so is refused, because half a reply teaches to stop in the middle.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from interalign.errors import ConfigError
from interalign.training.rows import Row, problem

__all__ = ["Fitted", "check_template", "choose_pad_token", "fit_rows"]

_PADS = ("<|pad|>", "<pad>", "[PAD]", "<|finetune_right_pad_id|>", "<|vision_pad|>", "<unk>")
"""Tokens that models keep for padding, or for nothing that is ever said."""


@dataclass
class Fitted:
    """Rows that fit, and what was done to the others."""

    rows: list[Row] = field(default_factory=list)
    shortened: int = 0
    """Rows whose oldest turns were left out."""
    turns_left_out: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """Rows that are not trained on, by reason."""
    longest: int = 0
    """Tokens of the longest row, its longer reply included."""

    def __str__(self) -> str:
        parts = [f"{len(self.rows)} rows"]
        if self.shortened:
            parts.append(f"{self.shortened} of them without their oldest turns ({self.turns_left_out} in all)")
        parts += [f"refused: {count} ({reason})" for reason, count in self.refused.most_common()]
        return ", ".join(parts)


def fit_rows(rows: Sequence[Row], tokenizer: Any, max_length: int) -> Fitted:
    """Every row checked, rendered and measured; the longest rendering of a row is what counts."""
    fitted = Fitted()
    for row in rows:
        reason = problem(row)
        kept = row if reason else _fit(row, tokenizer, max_length, fitted)
        if reason or isinstance(kept, str):
            fitted.refused[reason or str(kept)] += 1
        else:
            fitted.rows.append(kept)
    return fitted


def _fit(row: Row, tokenizer: Any, max_length: int, fitted: Fitted) -> Row | str:
    """The row, shortened if need be, or the reason why it cannot be used."""
    try:
        length = _length(row, row["prompt"], tokenizer)
        if length <= max_length:
            fitted.longest = max(fitted.longest, length)
            return row
        system = [message for message in row["prompt"][:1] if message["role"] == "system"]
        spoken = row["prompt"][len(system) :]
        turns = len(spoken) // 2  # besides the last message, which is the user's
        fewest, most = 1, turns  # turns to leave out: longer histories are longer, so that halving finds the number
        while fewest < most:
            middle = (fewest + most) // 2
            if _length(row, system + spoken[2 * middle :], tokenizer) <= max_length:
                most = middle
            else:
                fewest = middle + 1
        prompt = system + spoken[2 * most :]
        length = _length(row, prompt, tokenizer)
        if not turns or length > max_length:
            return f"the last message and a reply exceed max_length = {max_length}"
    except Exception as error:  # noqa: BLE001 - a template is somebody's program and raises what it likes
        return f"the chat template refuses it: {' '.join(str(error).split())[:120]}"
    fitted.longest = max(fitted.longest, length)
    fitted.shortened += 1
    fitted.turns_left_out += most
    return {**row, "prompt": prompt}


def _length(row: Row, prompt: list[dict[str, str]], tokenizer: Any) -> int:
    replies = [row[name] for name in ("chosen", "rejected", "completion") if name in row]
    return max(len(tokenizer.apply_chat_template(prompt + reply, return_dict=False)) for reply in replies)


def check_template(tokenizer: Any, model: str) -> None:
    """Whether the tokenizer has a chat template that renders a conversation.

    Raises:
        ConfigError: it has none, or it loses what is said.
    """
    if not tokenizer.chat_template:
        raise ConfigError(
            f"train.model = {model!r} has no chat template, so that conversations cannot be written for it; give the model's "
            "version for chats (-Instruct, -it), or a folder whose tokenizer has a chat template"
        )
    said = [("user", "the question"), ("assistant", "the answer"), ("user", "one more"), ("assistant", "the reply")]
    messages = [{"role": role, "content": text} for role, text in said]
    try:
        text = tokenizer.apply_chat_template(messages, tokenize=False)
    except Exception as error:  # noqa: BLE001 - a template is somebody's program and raises what it likes
        raise ConfigError(f"the chat template of {model!r} fails: {' '.join(str(error).split())[:200]}") from None
    lost = next((content for _, content in said if content not in text), None)
    if lost is not None:
        raise ConfigError(f"the chat template of {model!r} leaves out what was said ({lost!r}); mend its chat_template")


def choose_pad_token(tokenizer: Any) -> str | None:
    """Give the tokenizer a padding token if it has none, and say which; None if it had one.

    Padding is masked in attention and loss by its place and not by its token, so that even the end-of-text token is safe.
    """
    if tokenizer.pad_token is not None:
        return None
    known = tokenizer.get_vocab()
    pad = next((token for token in (*_PADS, tokenizer.unk_token, tokenizer.eos_token) if token in known), None)
    if pad is None:
        raise ConfigError("the tokenizer has neither a padding nor an end-of-text token; set pad_token in its folder")
    tokenizer.pad_token = pad
    return pad
