"""prefix_cache: how much of each prompt the embedded engine need not read again.

    python benchmarks/prefix_cache.py [--conversations 2] [--turns 10] [--json FILE]

Conversations on the embedded model with the shipped prompts, which only grow at their end from turn to turn; and the same
conversations with the prompts in the paper's layout, where the whole dialogue is retold inside one message, after the part that
changes. Needs: interalign models pull smollm2-135m
"""

import asyncio
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from autogen_core.models import LLMMessage, SystemMessage, UserMessage
from common import arguments, report

from interalign.agents import Agent, Candidate, Cast, Context, EmbeddingJudge, Inducer, Responder, Role, UserAgent
from interalign.config import parse_config
from interalign.sim import RunConfig, simulate

SHORT = {"max_tokens": 24, "min_p": 0.1}


def retold(context: Context) -> str:
    """The dialogue as text, newest message first told what to do: what comes last in our prompts stands first here."""
    lines = "\n".join(f"{message.role}: {message.text}" for message in context.history)
    return f"Turn {context.turn} of {context.turns}.\nThe dialogue so far:\n{lines}"


class Retold(Role[Any]):
    """A shipped role, asked in the paper's layout: instructions, the turn and all of the dialogue in one user message."""

    def __init__(self, role: Role[Any], seen: str) -> None:
        self.role, self.seen, self.name, self.parameters = role, seen, role.name, role.parameters

    def messages(self, context: Context) -> Sequence[LLMMessage]:
        system = self.role.messages(replace(context, history=context.history[:1], inductions=(), known=()))[0]
        text = system.content if isinstance(system, SystemMessage) else ""
        known = f"Known of the user: {'; '.join(context.known)}\n" if context.known else ""
        return [UserMessage(content=f"{known}{retold(context)}\n\n{text}", source=self.seen)]

    def parse(self, text: str) -> Any:
        return self.role.parse(text)


def cast_of(paper: bool) -> Cast:
    def agent(role: Role[Any]) -> Agent[Any]:
        return Agent(Retold(role, "dialogue") if paper else role, "smollm2", SHORT)

    return Cast(
        user=agent(UserAgent()),
        inducer=agent(Inducer()),
        responders=(
            Candidate("plain", agent(Responder("plain"))),
            Candidate("hinted", agent(Responder("hinted")), strategy="hinted"),
        ),
        judge=EmbeddingJudge(),
    )


def play(paper: bool, conversations: int, turns: int) -> dict[str, Any]:
    config = parse_config(
        {
            "models": {"smollm2": {"engine": "embedded", "context": 32768}},
            "run": {"conversations": conversations, "turns": turns},
            "cast": {"judge": "embedding"},
        },
        RunConfig,
    )
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        asyncio.run(simulate(config, folder, cast=cast_of(paper)))
        seconds = time.perf_counter() - started
        total = json.loads((Path(folder) / "usage.json").read_text())["total"]
    return {
        "prompt layout": "retold, as in the paper" if paper else "growing at its end",
        "calls": total["calls"],
        "prompt tokens": total["prompt_tokens"],
        "read again": total["prompt_tokens"] - total["cached_tokens"],
        "from the cache": total["cached_tokens"] / total["prompt_tokens"],
        "seconds": seconds,
    }


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--conversations", type=int, default=2)
    parser.add_argument("--turns", type=int, default=10)
    options = parser.parse_args()
    rows = [play(paper, options.conversations, options.turns) for paper in (False, True)]
    notes = [
        f"share of prompt tokens from the prefix cache: {rows[0]['from the cache']:.3f} (target 0.85)",
        f"time saved against the paper's layout: {1 - rows[0]['seconds'] / rows[1]['seconds']:.1%}",
    ]
    report("Prefix cache of the embedded engine", rows, options.json, notes)


if __name__ == "__main__":
    main()
