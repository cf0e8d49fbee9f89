"""torch_models: what judges that load a model share: is it there, where does it run, how is a chat turned into tokens."""

import os
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from interalign.errors import MissingError
from interalign.sim.hf_models import EMBEDDED
from interalign.sim.models import locate

__all__ = ["be_patient", "check_weights", "device", "render"]


def check_weights(weights: str, who: str) -> None:
    """See at once what would fail later.

    Raises:
        MissingError: PyTorch is not installed, or the embedded model is not there.
    """
    for package in ("torch", "transformers"):
        if find_spec(package) is None:
            raise MissingError(f"{who} needs {package}; install it with: pip install 'interalign[train]'")
    if weights.startswith(EMBEDDED):
        locate(weights.removeprefix(EMBEDDED))


def be_patient() -> None:
    """Let PyTorch's threads sleep while they wait for each other, if it is not loaded yet.

    They spin otherwise: beside another busy process, two threads on two cores took three times the processor time.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def device() -> str:
    """A GPU if there is one."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def render(tokenizer: Any, wire: Sequence[dict[str, str]], answer: bool = True) -> list[int]:
    """The tokens of a chat up to where the next reply begins (`answer`), or up to its end.

    A template that has no place for a system message gets it as the beginning of the first message.
    """
    from jinja2.exceptions import TemplateError

    try:
        found = tokenizer.apply_chat_template(list(wire), add_generation_prompt=answer, return_dict=False)
    except TemplateError:
        if wire[0]["role"] != "system" or len(wire) < 2:
            raise
        first = {"role": wire[1]["role"], "content": f"{wire[0]['content']}\n\n{wire[1]['content']}"}
        found = tokenizer.apply_chat_template([first, *wire[2:]], add_generation_prompt=answer, return_dict=False)
    return list(found)
