"""scale: does a large run cost more per conversation than a small one, and how much memory does it take?

    python benchmarks/scale.py [--sizes 331,3310] [--json FILE]

Conversations of 10 turns on the scripted engine, each size in a process of its own.
"""

import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from common import arguments, report

from interalign.config import parse_config
from interalign.sim import RunConfig, simulate

TURNS = 10


def play(size: int) -> dict[str, Any]:
    """One run; called in a process of its own."""
    config = parse_config(
        {"models": {"script": {"engine": "scripted"}}, "run": {"conversations": size, "turns": TURNS}}, RunConfig
    )
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        summary = asyncio.run(simulate(config, Path(folder) / "run"))
        seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    return {
        "conversations": summary.conversations,
        "calls": summary.calls,
        "seconds": seconds,
        "ms per conversation": seconds / size * 1e3,
        "peak MB": peak,
    }


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--sizes", default="331,3310")
    parser.add_argument("--one", type=int, help="play this size and print its row as JSON")
    options = parser.parse_args()
    if options.one:
        print(json.dumps(play(options.one)))
        return
    rows = []
    for size in options.sizes.split(","):
        done = subprocess.run([sys.executable, __file__, "--one", size], capture_output=True, text=True, check=True)
        rows.append(json.loads(done.stdout.splitlines()[-1]))
    growth = rows[-1]["ms per conversation"] / rows[0]["ms per conversation"]
    notes = [
        f"time per conversation, largest over smallest: {growth:.3f} (target 1.15)",
        f"peak memory of the largest: {rows[-1]['peak MB']:.0f} MB (target 700)",
    ]
    report("Runs on the scripted engine", rows, options.json, notes)


if __name__ == "__main__":
    main()
