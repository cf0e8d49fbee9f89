"""errors: everything interalign raises on purpose.

    InteralignError
    ├── ConfigError (ValueError)        a config file, an override or a persona file is wrong
    ├── MissingError (FileNotFoundError) a model, file or extra that is needed is not there
    ├── RunFolderError (OSError)        a run folder cannot be used, read or written
    ├── BudgetError (RuntimeError)      a run's budget is used up
    ├── CallError (RuntimeError)        a model call failed for good
    │   └── TransientError              ... or may succeed when it is sent again
    ├── ParseError (ValueError)         a model's text is not the answer its role asked for
    ├── TreeError (ValueError)          a conversation tree breaks one of its invariants
    └── DivergedError (ArithmeticError) a training's loss or weights are no numbers any more

Each message says what was given, why it fails and what helps. The command line prints it without a traceback and exits 2.
"""

__all__ = [
    "BudgetError",
    "CallError",
    "ConfigError",
    "DivergedError",
    "InteralignError",
    "MissingError",
    "ParseError",
    "RunFolderError",
    "TransientError",
    "TreeError",
]


class InteralignError(Exception):
    """Base of all errors raised on purpose."""


class ConfigError(InteralignError, ValueError):
    """A config file, an override or a persona file is wrong."""


class MissingError(InteralignError, FileNotFoundError):
    """A model, file or extra that is needed is not there."""


class RunFolderError(InteralignError, OSError):
    """A run folder cannot be used, read or written."""


class BudgetError(InteralignError, RuntimeError):
    """A run's budget is used up; what it has is kept."""


class CallError(InteralignError, RuntimeError):
    """A model call failed for good."""


class TransientError(CallError):
    """A model call failed in a way that may pass: sending it again can help."""

    def __init__(self, message: str, retry_after: float | None = None, overloaded: bool = False) -> None:
        super().__init__(message)
        self.overloaded = overloaded
        """Whether the endpoint said that it gets too much: fewer calls at a time help."""
        self.retry_after = retry_after
        """Seconds that the server asked us to wait, if it said so."""


class ParseError(InteralignError, ValueError):
    """A model's text is not the answer its role asked for."""


class TreeError(InteralignError, ValueError):
    """A conversation tree breaks one of its invariants."""


class DivergedError(InteralignError, ArithmeticError):
    """A training's loss or weights are no numbers any more."""
