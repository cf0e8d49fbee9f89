"""common: what the benchmarks share: a table on the terminal, and the same rows as JSON."""

import argparse
import json
import os
import platform
from pathlib import Path
from typing import Any

__all__ = ["arguments", "report"]


def arguments(text: str | None) -> argparse.ArgumentParser:
    """A parser with the options that every benchmark has."""
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows to FILE, too")
    return parser


def report(title: str, rows: list[dict[str, Any]], file: Path | None, notes: list[str]) -> None:
    """Print the rows as a table and write them to `file`."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = [[_text(row.get(name)) for name in names] for row in rows]
    widths = [max(len(name), *(len(line[place]) for line in cells)) for place, name in enumerate(names)]
    print(f"\n{title}   ({os.cpu_count()} cores, Python {platform.python_version()})\n")
    for line in [names, ["-" * width for width in widths], *cells]:
        print(
            "  ".join(
                cell.ljust(width) if place == 0 else cell.rjust(width)
                for place, (cell, width) in enumerate(zip(line, widths, strict=True))
            )
        )
    print()
    for note in notes:
        print(note)
    if file is not None:
        file.write_text(json.dumps({"title": title, "rows": rows, "notes": notes}, indent=2) + "\n", encoding="utf-8")


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if isinstance(value, float) else str(value)
