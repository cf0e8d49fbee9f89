"""ledger: what a run used, by role and model: calls, tokens, retries, repairs, failures."""

from collections import defaultdict
from dataclasses import asdict, dataclass, field
from typing import Any

from interalign.agents import Usage

__all__ = ["Entry", "Ledger"]


@dataclass(slots=True)
class Entry:
    """One role on one model."""

    calls: int = 0
    """Answers received."""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    retries: int = 0
    """Calls sent again after a fault that may pass."""
    repairs: int = 0
    """Calls sent again because the answer could not be read."""
    failures: int = 0
    """Calls given up."""

    def add(self, usage: Usage) -> None:
        self.calls += usage.calls
        self.prompt_tokens += usage.prompt
        self.cached_tokens += usage.cached
        self.completion_tokens += usage.completion


@dataclass(slots=True)
class Ledger:
    """Grows during a run; `to_dict` is what usage.json holds."""

    entries: defaultdict[tuple[str, str], Entry] = field(default_factory=lambda: defaultdict(Entry))

    def __getitem__(self, key: tuple[str, str]) -> Entry:
        """The entry of (role, model)."""
        return self.entries[key]

    @property
    def total(self) -> Entry:
        """The sum over all roles and models."""
        total = Entry()
        for entry in self.entries.values():
            for name, value in asdict(entry).items():
                setattr(total, name, getattr(total, name) + value)
        return total

    def to_dict(self) -> dict[str, Any]:
        rows = [
            {"role": role, "model": model, **asdict(entry)} for (role, model), entry in sorted(self.entries.items())
        ]
        return {"total": asdict(self.total), "by_role_and_model": rows}
