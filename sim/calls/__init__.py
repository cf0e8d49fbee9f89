"""calls: the call path: cache, budget, limits, retries, repairs and the ledger, in one place."""

from interalign.sim.calls.cache import CallCache
from interalign.sim.calls.ledger import Entries, Entry, Ledger
from interalign.sim.calls.limiter import Limiter
from interalign.sim.calls.path import CallPath
from interalign.sim.calls.settings import BudgetSettings, CallSettings

__all__ = ["BudgetSettings", "CallCache", "CallPath", "CallSettings", "Entries", "Entry", "Ledger", "Limiter"]
