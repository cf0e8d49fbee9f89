"""loop: from personas to a better model and the proof of it, in one go."""

from interalign.loop.config import LoopConfig
from interalign.loop.findings import Findings
from interalign.loop.running import Looped, Shows, run_loop

__all__ = ["Findings", "LoopConfig", "Looped", "Shows", "run_loop"]
