"""human: people as judges, in the terminal or on a page of this machine. They see two replies blind and in random order."""

from interalign.sim.human.judge import HumanJudge

__all__ = ["HumanJudge"]
