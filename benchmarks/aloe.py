"""aloe: what an evaluation costs beside its models: 100 cases of 10 turns on the scripted engine, which answers at once.

    python benchmarks/aloe.py [--cases 100] [--turns 10]

Everything runs on one thread of one process; the second number is processor time, which other work on the machine does not change.
"""

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

from common import arguments, report

from interalign.config import parse_config
from interalign.evaluation import EvaluateConfig, Evaluation, evaluate

CONTROLS = ["generic", "echo", "oracle", "swap"]


def config(cases: int, turns: int, **section: Any) -> EvaluateConfig:
    scripts = {"base": 0.1, "tuned": 0.3, "simulator": 0.0}
    judge = {"judge": "llm", "model": "simulator"}
    data = {
        "evaluate": {
            "cases": cases,
            "turns": turns,
            "user": "simulator",
            "judge": judge,
            "models": ["base"],
            **section,
        },
        "models": {name: {"engine": "scripted", "adaptation": adaptation} for name, adaptation in scripts.items()},
    }
    return parse_config(data, EvaluateConfig)


def measured(what: str, given: EvaluateConfig, folder: Path) -> dict[str, Any]:
    wall, processor = time.perf_counter(), time.process_time()
    found: Evaluation = asyncio.run(evaluate(given, folder))
    missing = sum(len(model.missing) for model in found.results.models)
    return {
        "what": what,
        "seconds": round(time.perf_counter() - wall, 1),
        "processor": round(time.process_time() - processor, 1),
        "calls": found.calls,
        "missing": missing,
    }


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--cases", type=int, default=100)
    parser.add_argument("--turns", type=int, default=10)
    given = parser.parse_args()
    size = (given.cases, given.turns)
    two = {"models": ["base", "tuned"], "controls": CONTROLS}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        measured("warm", config(2, 2), folder / "warm")
        rows = [
            measured("one model", config(*size), folder / "one"),
            measured("two models, all controls", config(*size, **two), folder / "two"),
            measured("... the same again", config(*size, **two), folder / "two"),
            measured("... scored by embeddings", config(*size, **{**two, "judge": "embedding"}), folder / "two"),
        ]
    title = f"An evaluation of {given.cases} cases x {given.turns} turns, scripted engine"
    report(title, rows, given.json, ["calls: answers of the scripted engine; each row ends with the report written"])


if __name__ == "__main__":
    main()
