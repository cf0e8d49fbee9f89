"""mixing: general instruction data among the conversations, so that a model does not forget what it could do before."""

from pathlib import Path
from typing import Any

from interalign.agents.seeds import generator
from interalign.errors import ConfigError
from interalign.training.config import MixSection, TrainSection
from interalign.training.examples import Fitted, fit_rows
from interalign.training.rows import Row, read_rows, reply_rows

__all__ = ["mix_in"]


def mix_in(fitted: Fitted, mix: MixSection, tokenizer: Any, train: TrainSection) -> str:
    """Add rows of `mix.file` to the fitted rows, so that they are `mix.share` of them all; says in a line what was added.

    Rows are drawn by seed, none twice: where there are too few, all of them are taken.

    Raises:
        MissingError, ConfigError: the file cannot be used, or no row of it.
    """
    rows = _candidates(Path(mix.file).expanduser())
    wanted = round(len(fitted.rows) * mix.share / (1 - mix.share))
    drawn: list[Row] = []
    refused: Fitted = Fitted()
    for row in generator(train.seed, "mix").sample(rows, len(rows)):
        if len(drawn) == wanted:
            break
        one = fit_rows([row], tokenizer, train.max_length)
        drawn += one.rows
        refused.refused += one.refused
        fitted.longest = max(fitted.longest, one.longest)
    if not drawn and wanted:
        why = ", ".join(f"{count} {reason}" for reason, count in refused.refused.most_common()) or "it has no rows"
        raise ConfigError(f"mix.file = {mix.file!r} has nothing to train on: {why}")
    share = len(drawn) / (len(drawn) + len(fitted.rows))
    fitted.rows += drawn
    short = f"; the file has no more, of {wanted} asked for" if len(drawn) < wanted else ""
    skipped = f", {sum(refused.refused.values())} refused" if refused.refused else ""
    return f"mixed in {len(drawn)} replies of {mix.file} ({share:.0%} of all{skipped}){short}"


def _candidates(path: Path) -> list[Row]:
    """Every reply of the file's conversations as a row of its own."""
    rows: list[Row] = []
    for number, row in enumerate(read_rows(path), 1):
        messages = row.get("messages")
        if messages is None and isinstance(row.get("prompt"), list) and isinstance(row.get("completion"), list):
            rows.append({"prompt": row["prompt"], "completion": row["completion"]})
        elif isinstance(messages, list) and all(
            isinstance(one, dict) and {"role", "content"} <= one.keys() for one in messages
        ):
            rows += reply_rows(messages)
        else:
            raise ConfigError(
                f"{path}, row {number}: neither `messages` nor `prompt` and `completion` as lists of messages"
            )
    return rows
