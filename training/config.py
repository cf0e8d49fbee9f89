"""config: the TOML of a training: from which model, on which data, how. The classes are the reference of the keys.

`[lora]` is there unless `train.full` is set. `[dpo]` belongs to `interalign train dpo`, `[mix]` to `interalign train sft`.
"""

from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from interalign.config import Config, digest

__all__ = [
    "BASE",
    "DPOSection",
    "DPOSettings",
    "LoraSection",
    "MixSection",
    "Packing",
    "SFTSettings",
    "TrainSection",
    "TrainSettings",
]

BASE = "base"
"""What `train.start` says to begin with the model itself."""
Logger = Literal["trackio", "wandb"]
Packing = Literal["tree", "pairs"]
ALL_LINEAR = "all-linear"


class TrainSection(Config):
    """`[train]`: what both methods need."""

    model: str
    """A Hugging Face name, a folder, or "embedded:NAME" for a model of the embedded engine."""
    data: str
    """A folder that `interalign pairs` has written."""
    start: str | None = None
    """What training begins with: the folder of a former training (an adapter of `model`, or a whole model), or "base"."""
    out: str | None = None
    """The result's folder; runs/NAME for a config NAME.toml unless set."""
    full: bool = False
    """Whether all weights are trained, and not a LoRA adapter alone."""
    epochs: float = Field(default=1.0, gt=0)
    max_steps: int | None = Field(default=None, ge=1)
    """Ends training sooner; the learning rate falls to its end by then."""
    lr: float | None = Field(default=None, gt=0)
    """The highest learning rate; unless set, one that suits the method, and LoRA or full training."""
    warmup: float = Field(default=0.1, ge=0, lt=1)
    """The share of the steps in which the learning rate rises."""
    schedule: Literal["linear", "cosine", "constant"] = "linear"
    """How the learning rate falls afterwards."""
    batch: int = Field(default=8, ge=1)
    """Examples of one forward pass on each device; as trees, however many `token_budget` lets through."""
    accumulation: int = Field(default=1, ge=1)
    """A step is taken on batch x accumulation examples of each device; as trees, on about so many."""
    max_length: int = Field(default=2048, ge=16)
    """Tokens of history and reply together. Of longer ones the oldest turns are left out; a reply is never cut."""
    seed: int = Field(default=0, ge=0)
    packing: Packing = "tree"
    """tree: a conversation's messages once, in one sequence, if the chat template allows it. pairs: each example by itself."""
    token_budget: int = Field(default=2048, ge=16)
    """tree: the most tokens of one forward pass on each device; larger trees are cut into sub-trees."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """auto: bfloat16 on a GPU that has it, float32 elsewhere."""
    gradient_checkpointing: bool | None = None
    """Less memory for a fifth more time; on GPUs unless set."""
    save_steps: int = Field(default=50, ge=1)
    """Steps between checkpoints, from which the same command goes on."""
    eval_steps: int | None = Field(default=None, ge=1)
    """Steps between evaluations; at the end of each epoch unless set."""
    log: tuple[Logger, ...] = ()
    """Where the log goes besides log.jsonl."""
    data_sha256: str | None = None
    """Of the data's manifest.json, filled in when a training starts: it is not resumed on other data."""
    start_sha256: str | None = None
    """Of the weights that it starts with, likewise."""


class LoraSection(Config):
    """`[lora]`: the adapter that is trained. Where `train.start` is an adapter, that one goes on with its own values."""

    r: int = Field(default=16, ge=1)
    alpha: float = Field(default=32.0, gt=0)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    targets: tuple[str, ...] | Literal["all-linear"] = ALL_LINEAR
    """Names of the layers that it changes."""


class DPOSection(Config):
    """`[dpo]`"""

    beta: float = Field(default=0.1, gt=0)
    """How strongly the model is held to the one it started from."""


class MixSection(Config):
    """`[mix]`: general instruction data among the conversations, against forgetting."""

    file: str
    """JSON Lines with `messages`, or `prompt` and `completion` as lists of messages."""
    share: float = Field(default=0.2, gt=0, lt=1)
    """The part of all training rows that is drawn from it, by seed."""
    sha256: str | None = None
    """The file's hash, filled in when a training starts."""


class TrainSettings(Config):
    """What the configs of both methods have in common."""

    method: ClassVar[Literal["sft", "dpo"]]

    train: TrainSection
    lora: LoraSection = LoraSection()

    @model_validator(mode="after")
    def _consistent(self) -> "TrainSettings":
        if self.train.full and "lora" in self.model_fields_set:
            raise ValueError("train.full = true trains all weights, and [lora] an adapter; take one of them out")
        return self

    @property
    def rate(self) -> float:
        """The learning rate that holds."""
        own = _RATES[self.method, self.train.full]
        return own if self.train.lr is None else self.train.lr

    def digest(self) -> str:
        """Equal for configs that give the same weights."""
        return digest(self, exclude=self._left_out)

    def differing_keys(self, other: "TrainSettings") -> list[str]:
        """The dotted keys, of those that change the weights, in which the two differ."""
        mine, others = (_flat(config.model_dump(mode="json", exclude=self._left_out)) for config in (self, other))
        return [key for key in dict.fromkeys((*mine, *others)) if mine.get(key) != others.get(key)]

    @property
    def _left_out(self) -> Any:
        return {"train": _FREE, **({"lora": True} if self.train.full else {})}


class SFTSettings(TrainSettings):
    """Supervised training on the preferred replies."""

    method = "sft"
    mix: MixSection | None = None


class DPOSettings(TrainSettings):
    """Direct preference optimisation, from what `train.start` names and held to it."""

    method = "dpo"
    dpo: DPOSection = DPOSection()

    @model_validator(mode="after")
    def _starts_somewhere(self) -> "DPOSettings":
        if self.train.start is None:
            raise ValueError(
                "train.start is missing: DPO begins with the result of SFT and is held to it; give its folder, "
                f'or start = "{BASE}" to begin with the model itself'
            )
        return self


_FREE = {"out", "log", "save_steps", "eval_steps", "gradient_checkpointing"}
"""Keys that do not change what comes out."""
_RATES = {("sft", False): 2e-4, ("sft", True): 1e-5, ("dpo", False): 5e-5, ("dpo", True): 1e-6}
"""By method and whether all weights are trained. An adapter's weights are few and start at zero: they need larger steps."""


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    if not isinstance(value, dict):
        return {path: value}
    return {
        key: inner for name, below in value.items() for key, inner in _flat(below, f"{path}.{name}".lstrip(".")).items()
    }
