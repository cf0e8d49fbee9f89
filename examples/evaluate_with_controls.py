"""evaluate_with_controls: how well two models adapt to their users, between controls; then the same dialogues by another judge.

    python examples/evaluate_with_controls.py

Needs no network and no model: scripts play everybody. The same as a config is examples/evaluate.toml.
"""

import asyncio
import tempfile
from typing import Any

from rich import print
from rich.table import Table

import interalign as ia
from interalign.agents import Caller, Score
from interalign.config import parse_config

config = parse_config(
    {
        "evaluate": {
            "models": ["slow", "quick"],
            "user": "simulator",
            "judge": {"judge": "llm", "model": "simulator"},
            "controls": ["generic", "echo", "oracle", "swap"],
            "cases": 20,
            "turns": 5,
        },
        "models": {
            "slow": {"engine": "scripted", "adaptation": 0.1},
            "quick": {"engine": "scripted", "adaptation": 0.3},
            "simulator": {"engine": "scripted"},
        },
    },
    ia.EvaluateConfig,
)


class Brevity:
    """A judge of your own is a class with `score`: this one likes short replies, whoever they are for."""

    name = "brevity"

    def identity(self) -> dict[str, Any]:
        return {"judge": "brevity"}

    async def score(self, context: ia.Context, reply: str, caller: Caller, *, key: str) -> Score:
        return Score(judge=self.name, value=max(1.0, 5.0 - len(reply.split()) / 10))


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        first = await ia.evaluate(config, folder)
        second = await ia.evaluate(config, folder, judge=Brevity())
    for found in (first, second):
        print(f"\njudge {found.results.judge}: {found.calls} calls to models")
        print(table(found.results.models))
    print(
        "\nIn the first table each model rises with its turns, above generic and below its oracle, and swap brings it down."
    )


def table(models: Any) -> Table:
    shown = Table("who", "AL(1)", "AL(5)", "average", box=None)
    for model in models:
        scores = model.values()
        shown.add_row(model.name, f"{scores[:, 0].mean():.2f}", f"{scores[:, -1].mean():.2f}", f"{scores.mean():.2f}")
    return shown


if __name__ == "__main__":
    asyncio.run(main())
