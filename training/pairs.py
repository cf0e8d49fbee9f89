"""pairs: preference pairs as rows that TRL's trainers read (conversational preference format)."""

import json
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from interalign.files import write_lines
from interalign.graphs import ConversationTree, Pair, PairRule

__all__ = ["preference_rows", "write_rows"]


def preference_rows(
    trees: Iterable[ConversationTree],
    judge: str | None = None,
    *,
    rule: PairRule = "all",
    margin: float = 0.0,
    run: str | None = None,
) -> Iterator[dict[str, Any]]:
    """One row for each decided verdict of `judge` (None: of the first judge that looked).

    `prompt` is the history of the branch really continued, `chosen` and `rejected` are one assistant message each; persona,
    conversation, turn, margin and judge stand beside them. Ties and unscored comparisons give no row, nor do verdicts below
    `margin`. With more than two candidates, `rule` says whether each decided verdict counts, or the best against the worst
    alone. `run` names the run that the trees are of.
    """
    for tree in trees:
        profile = sha256("\n".join(tree.persona.facts).encode()).hexdigest()[:12]
        for pair in tree.pairs(judge, rule=rule, margin=margin):
            yield _row(tree, pair, profile, run)


def _row(tree: ConversationTree, pair: Pair, profile: str, run: str | None) -> dict[str, Any]:
    return {
        "prompt": [{"role": message.role, "content": message.text} for message in pair.history],
        "chosen": [{"role": "assistant", "content": pair.chosen.text}],
        "rejected": [{"role": "assistant", "content": pair.rejected.text}],
        "persona_id": tree.persona_at(pair.chosen.turn).id,
        "profile": profile,
        **({"run": run} if run is not None else {}),
        "conversation_id": tree.id,
        "turn": pair.chosen.turn,
        "reply_to": tree.parent(pair.chosen.id),
        "margin": float(pair.verdict.margin),
        "judge": pair.verdict.judge,
        "chosen_by": pair.chosen.strategy,
        "rejected_by": pair.rejected.strategy,
    }


def write_rows(rows: Iterable[dict[str, Any]], path: Path) -> int:
    """Write JSON Lines and return their number; the file appears under its name when it is whole.

    Raises:
        RunFolderError: it cannot be written.
    """
    return write_lines(path, (json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
