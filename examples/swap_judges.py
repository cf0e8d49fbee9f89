"""swap_judges: the same trees judged by three judges, without simulating again, and what that does to the pairs.

    python examples/swap_judges.py

Runs on the scripted engine; put another engine under "models" for a real one ({"engine": "embedded"} needs
`interalign models pull smollm2-135m`). On the command line: interalign rejudge RUN --judge NAME, interalign judges compare RUN.
"""

import asyncio
import tempfile
from pathlib import Path

import interalign as ia
from interalign.sim.rejudge import rejudge

BASE = {
    "run": {"conversations": 20, "turns": 4},
    "models": {"script": {"engine": "scripted"}, "careless": {"engine": "scripted", "judge_accuracy": 0.6}},
    "cast": {"model": "script"},
}
JUDGES = {
    "llm": {"judge": "llm"},
    "careless": {"judge": "llm", "model": "careless"},
    "embedding": {"judge": "embedding"},
}


def config(judge: dict[str, str]) -> ia.RunConfig:
    return ia.RunConfig.model_validate({**BASE, "cast": {**BASE["cast"], "judge": judge}})


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        await ia.simulate(config(JUDGES["llm"]), run)
        for name in ("careless", "embedding"):
            found = await rejudge(run, config(JUDGES[name]), name)
            print(f"{name}: agrees with llm on {found.agreed} comparisons, decides {found.flipped} the other way")
        for name in JUDGES:
            pairs = [pair for tree in ia.read_trees(run) for pair in tree.pairs(name)]
            hinted = sum(pair.chosen.strategy == "hinted" for pair in pairs)
            print(f"{name}: {len(pairs)} pairs, the hinted reply is preferred in {hinted}")


if __name__ == "__main__":
    asyncio.run(main())
