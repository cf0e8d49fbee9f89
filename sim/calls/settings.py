"""settings: `[calls]`: faults, caps and the cache."""

from pydantic import Field

from interalign.config import Config

__all__ = ["BudgetSettings", "CallSettings"]


class BudgetSettings(Config):
    """`[calls.budget]`: caps at which a run stops cleanly, with what it has. Calls of a resumed run's past count."""

    calls: int | None = Field(default=None, ge=1)
    tokens: int | None = Field(default=None, ge=1)
    """Prompt and completion tokens together."""
    money: float | None = Field(default=None, gt=0)
    """In the unit of the models' prices."""


class CallSettings(Config):
    """`[calls]`: what happens when a call goes wrong, and how much a run may use."""

    retries: int = Field(default=4, ge=0)
    """How often a call is sent again after a fault that may pass."""
    retry_delay: float = Field(default=0.5, ge=0)
    """Seconds before the first retry; doubles each time, with jitter, up to a minute."""
    repairs: int = Field(default=2, ge=0)
    """How often a model is asked again when its answer cannot be read."""
    cache: str | None = None
    """A file of answers that several runs share; calls.sqlite in the run folder unless set."""
    budget: BudgetSettings = BudgetSettings()
