"""evaluate_with_controls: measure how well a model adapts, with a judge of your own, between controls.

    python examples/evaluate_with_controls.py

Needs no network and no model. A judge is a class with `score`; any model of `[models]` may stand for the scripts.
"""

import asyncio
import tempfile

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


class WordJudge:
    """A point for every fact and trait of the user that a reply takes up, from 1 to 5."""

    name = "words"

    def identity(self) -> dict[str, str]:
        return {"judge": "words"}

    async def score(self, context: ia.Context, reply: str, caller: Caller, *, key: str) -> Score:
        assert context.persona is not None
        found = sum(item in reply for item in context.persona.items)
        return Score(judge=self.name, value=float(min(5, 1 + found)))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(ia.evaluate(config, folder, judge=WordJudge()))
    table = Table("who", *(f"AL({turn})" for turn in range(1, found.results.turns + 1)), "average", box=None)
    for model in found.results.models:
        scores = model.values()
        table.add_row(model.name, *(f"{level:.2f}" for level in scores.mean(axis=0)), f"{scores.mean():.2f}")
    print(table)
    print("quick is to rise faster than slow, above generic and below its oracle; a swapped persona is to bring it down")


if __name__ == "__main__":
    main()
