"""quiet: what the training libraries say to each other's developers, and nobody else can act on, is not shown."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["quiet"]

_BETWEEN_LIBRARIES = (
    # PEFT 0.21 asks transformers 5.23 by a name that the latter has given up.
    (r"`is_gradient_checkpointing` is deprecated", FutureWarning),
)


@contextmanager
def quiet() -> Iterator[None]:
    """Without bars for data sets and model files, without transformers' notes, and without the warnings listed above."""
    from datasets.utils import logging as data_logging
    from transformers.utils import logging as model_logging

    shown = [log for log in (data_logging, model_logging) if log.is_progress_bar_enabled()]
    for log in shown:
        log.disable_progress_bar()
    level = model_logging.get_verbosity()
    model_logging.set_verbosity_error()
    try:
        with warnings.catch_warnings():
            for message, category in _BETWEEN_LIBRARIES:
                warnings.filterwarnings("ignore", message=message, category=category)
            yield
    finally:
        model_logging.set_verbosity(level)
        for log in shown:
            log.enable_progress_bar()
