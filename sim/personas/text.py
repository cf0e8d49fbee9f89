"""text: a check in lines for the terminal."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from interalign.sim.personas.check import Near, Part, Report, effective_number

__all__ = ["printable", "report_lines"]

_VALUES = 6
_SENTENCES = 3


def report_lines(report: Report) -> Iterator[str]:
    """Everything that is on the page but the texts themselves."""
    for group in report.groups:
        yield f"{'profiles' if group.kind == 'profile' else 'personalities'}"
        for part in group.parts:
            yield from _part(part, report.threshold)
        for overlap in group.overlaps:
            found = f"{_above(overlap.above, report.threshold)}, {len(overlap.shared)} sentences shared"
            yield f"  {printable(overlap.first)} and {printable(overlap.second)}: {found}"
            yield from _near(overlap.pairs[:1])
            yield from _sentences("in both", overlap.shared)
        yield ""
    mood = "nothing is" if report.clean else "some are"
    yield f"{mood} too similar (above {report.threshold:g}) or said twice"


def _part(part: Part, threshold: float) -> Iterator[str]:
    items, words = part.items, part.words
    yield f"  {printable(part.name)}: {len(part.people)}, effectively {part.clusters:.1f} clusters (Vendi score)"
    yield (
        f"    {min(items)} to {max(items)} sentences each, of {min(words)} to {max(words)} words (mean {np.mean(words):.1f}); "
        f"{_above(part.above, threshold)}, {len(part.repeated)} sentences repeated"
    )
    yield from _near(part.pairs)
    yield from _sentences("repeated", part.repeated)
    for name, counts in part.attributes.items():
        yield f"    {printable(name)}: {_counts(counts)}"


def _above(count: int, threshold: float) -> str:
    return f"{count} pairs above {threshold:g}"


def _near(pairs: Sequence[Near]) -> Iterator[str]:
    for pair in pairs:
        yield f"    {pair.similarity:.3f}  {printable(pair.first.id)} · {printable(pair.second.id)}"


def _sentences(what: str, sentences: Sequence[str]) -> Iterator[str]:
    for sentence in sentences[:_SENTENCES]:
        yield f"    {what}: {printable(sentence)}"


def _counts(counts: Counter[str]) -> str:
    most = ", ".join(f"{printable(value) or '(empty)'} {count}" for value, count in counts.most_common(_VALUES))
    effective = effective_number(np.array(list(counts.values()), dtype=np.float64))
    return f"{len(counts)} values (effectively {effective:.1f}): {most}{' ...' if len(counts) > _VALUES else ''}"


def printable(text: str) -> str:
    """A line that cannot steer a terminal, and no longer than one line."""
    clean = "".join(character if character.isprintable() else "\ufffd" for character in text)
    return clean if len(clean) <= 100 else f"{clean[:99]}…"
