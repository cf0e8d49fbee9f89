"""Small evaluations on the scripted engine."""

import asyncio
from pathlib import Path
from typing import Any

from interalign.config import parse_config
from interalign.evaluation import EvaluateConfig, Evaluation, evaluate


def config_of(*overrides: str, **section: Any) -> EvaluateConfig:
    """Six cases of four turns; keywords are keys of `[evaluate]`."""
    data = {
        "evaluate": {
            "models": ["base"],
            "user": "sim",
            "judge": {"judge": "llm", "model": "sim"},
            "cases": 6,
            "turns": 4,
            **section,
        },
        "models": {
            "base": {"engine": "scripted", "adaptation": 0.2},
            "tuned": {"engine": "scripted", "adaptation": 0.4},
            "sim": {"engine": "scripted", "judge_accuracy": 1.0},
        },
        "calls": {"retry_delay": 0.001, "retries": 1},
    }
    return parse_config(data, EvaluateConfig, overrides)


def evaluated(out: Path, *overrides: str, clients: Any = None, judge: Any = None, **section: Any) -> Evaluation:
    return asyncio.run(evaluate(config_of(*overrides, **section), out, clients=clients, judge=judge))
