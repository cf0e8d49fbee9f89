"""ledger: what a run used, by role and model: calls, tokens, money, latency, retries, repairs, failures."""

from array import array
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from interalign.sim.engines.base import Price

__all__ = ["Entries", "Entry", "Ledger"]

_COUNTS = ("calls", "replayed", "prompt_tokens", "cached_tokens", "completion_tokens", "retries", "repairs", "failures")


@dataclass(slots=True)
class Entry:
    """One role on one model."""

    price: Price = field(default_factory=Price)
    calls: int = 0
    """Answers received from the engine, in this and in former calls of the run."""
    replayed: int = 0
    """Answers taken from the cache."""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    """Prompt tokens that the engine took from its prefix cache."""
    completion_tokens: int = 0
    retries: int = 0
    """Calls sent again after a fault that may pass."""
    repairs: int = 0
    """Calls sent again because the answer could not be read."""
    failures: int = 0
    """Calls given up."""
    seconds: "array[float]" = field(default_factory=lambda: array("f"))
    """How long each call took."""

    def add(self, prompt: int, cached: int, completion: int, seconds: float) -> None:
        """Count one answered call."""
        self.calls += 1
        self.prompt_tokens += prompt
        self.cached_tokens += cached
        self.completion_tokens += completion
        self.seconds.append(seconds)

    def take(self) -> "Entry":
        """A copy; this one starts again at zero, for whoever holds it."""
        copy = replace(self)
        for name in _COUNTS:
            setattr(self, name, 0)
        self.seconds = array("f")
        return copy

    def absorb(self, other: "Entry") -> None:
        """Add another entry's counts to this one's."""
        for name in _COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.seconds.extend(other.seconds)

    @property
    def money(self) -> float:
        """By the prices of the config; 0 where it names none."""
        return self.price.of(self.prompt_tokens, self.cached_tokens, self.completion_tokens)

    def to_dict(self) -> dict[str, Any]:
        counts = {name: getattr(self, name) for name in _COUNTS}
        seconds = np.asarray(self.seconds) if self.seconds else np.zeros(1)
        levels = {f"seconds_p{level}": round(float(np.percentile(seconds, level)), 4) for level in (50, 90, 99)}
        return {**counts, "money": round(self.money, 6), **levels}


Entries = dict[tuple[str, str], Entry]
"""By role and model."""


class Ledger:
    """Grows during a run; `to_dict` is what usage.json holds."""

    def __init__(self, prices: Mapping[str, Price] | None = None) -> None:
        self._prices = dict(prices or {})
        self.entries: defaultdict[tuple[str, str], Entry] = defaultdict(Entry)
        self.tokens = 0
        """Prompt and completion tokens of all calls."""
        self.completion_tokens = 0
        self.calls = 0
        self.replayed = 0

    def __getitem__(self, key: tuple[str, str]) -> Entry:
        """The entry of (role, model)."""
        if key not in self.entries:
            self.entries[key] = Entry(self._prices.get(key[1], Price()))
        return self.entries[key]

    def record(self, entry: Entry, prompt: int, cached: int, completion: int, seconds: float) -> None:
        """Count one answered call."""
        entry.add(prompt, cached, completion, seconds)
        self.calls += 1
        self.tokens += prompt + completion
        self.completion_tokens += completion

    @property
    def money(self) -> float:
        return sum(entry.money for entry in self.entries.values())

    def take(self) -> "Entries":
        """Hand over what was counted since the last time, for `merge` elsewhere."""
        return {key: entry.take() for key, entry in self.entries.items()}

    def merge(self, entries: "Entries") -> None:
        """Count what another ledger has taken."""
        for key, other in entries.items():
            entry = self.entries.setdefault(key, Entry(other.price))
            entry.absorb(other)
            self.calls += other.calls
            self.replayed += other.replayed
            self.tokens += other.prompt_tokens + other.completion_tokens
            self.completion_tokens += other.completion_tokens

    def to_dict(self) -> dict[str, Any]:
        total = Entry()
        for entry in self.entries.values():
            total.absorb(entry)
        rows = [
            {"role": role, "model": model, **entry.to_dict()} for (role, model), entry in sorted(self.entries.items())
        ]
        return {"total": {**total.to_dict(), "money": round(self.money, 6)}, "by_role_and_model": rows}
