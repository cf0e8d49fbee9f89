"""config: the TOML of a full loop: one file, with the sections that its stages have anyway.

[models.NAME]                          as everywhere
[training]                             which of them is trained, and in how many rounds
[simulate.run], [simulate.cast] ...    as in `interalign simulate`
[pairs]                                the options of `interalign pairs`
[sft.train], [sft.lora] ...            as in `interalign train sft`; model, data, start and out are filled in
[dpo.train], [dpo.dpo] ...             as in `interalign train dpo`, likewise
[evaluate]                             as in `interalign evaluate`; the models are filled in
"""

from dataclasses import fields
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from interalign.config import Config, digest, parse_config
from interalign.errors import ConfigError
from interalign.evaluation import EvaluateConfig
from interalign.sim.calls import CallSettings
from interalign.sim.config import RunConfig
from interalign.sim.engines import EmbeddedConfig, EngineConfig, VLLMConfig
from interalign.sim.hf_models import EMBEDDED
from interalign.training import DPOSettings, PairOptions, SFTSettings

__all__ = ["LoopConfig", "TrainingSection"]

_FILLED_IN = {"model", "data", "start", "out"}


class TrainingSection(Config):
    """`[training]`: which model is trained, and how often."""

    model: str | None = None
    """A name of `[models]`; the only one unless set. What comes out is evaluated beside it."""
    rounds: int = Field(default=1, ge=1, le=20)
    """In each round after the first, the model of the round before answers in place of the trained one, and DPO goes on from it."""
    responder: Literal["replace", "add"] = "replace"
    """replace: the tuned model takes the places of the one that is trained. add: it stands beside it."""


class LoopConfig(Config):
    """One full loop."""

    models: dict[str, EngineConfig] = Field(min_length=1)
    training: TrainingSection = TrainingSection()
    simulate: dict[str, Any] = Field(default={})
    pairs: dict[str, Any] = Field(default={})
    sft: dict[str, Any] = Field(default={})
    dpo: dict[str, Any] = Field(default={})
    evaluate: dict[str, Any] = Field(default={})
    judges: dict[str, Any] = Field(default={})
    """`[judges.NAME]`: judges that the run and the evaluation may name."""
    calls: CallSettings = CallSettings()
    out: str | None = None
    """The folder of the loop; runs/NAME for a config NAME.toml unless set."""

    @model_validator(mode="after")
    def _playable(self) -> "LoopConfig":
        """Every stage's config is made once, so that a mistake in the last one is found before the first begins."""
        somewhere = Path("somewhere")
        self.weights()
        for number in range(1, self.training.rounds + 1):
            self.run_config(number, somewhere)
        self.pair_options()
        self.sft_settings(somewhere, somewhere)
        self.dpo_settings(somewhere, somewhere)
        self.evaluate_config([somewhere] * self.training.rounds)
        return self

    # -- the trained model ---------------------------------------------------------------------------

    @property
    def trained(self) -> str:
        """The name of the model that is trained."""
        name = self.training.model or (next(iter(self.models)) if len(self.models) == 1 else None)
        known = ", ".join(self.models)
        if name is None:
            raise ValueError(f"training.model says which of the models ({known}) is trained; name one")
        if name not in self.models:
            raise ValueError(f"training.model = {name!r}, but [models] has only {known}")
        return name

    def weights(self) -> str:
        """What is trained, as `interalign train` names it. Raises ValueError where the engine cannot serve what comes out."""
        model = self.models[self.trained]
        if isinstance(model, EmbeddedConfig):
            return f"{EMBEDDED}{model.model}"
        if isinstance(model, VLLMConfig) and model.base_url is None:
            return model.model
        raise ValueError(
            f"training.model = {self.trained!r} is played by {model.engine!r}, which cannot serve what is trained; "
            "use the engine 'embedded', or 'vllm' without a base_url"
        )

    def tuned_name(self, number: int) -> str:
        """What the result of a round is called."""
        name = f"tuned-{number}"
        return name if name not in self.models else f"{self.trained}-{name}"

    def _with_tuned(self, adapters: dict[int, Path]) -> dict[str, Any]:
        """`[models]` with the results of rounds."""
        base = self.models[self.trained]
        assert isinstance(base, (EmbeddedConfig, VLLMConfig))
        tuned = {
            self.tuned_name(number): base.model_copy(update={"model": f"{base.model}+{adapter}"})
            for number, adapter in adapters.items()
        }
        return {name: model.model_dump(mode="json") for name, model in {**self.models, **tuned}.items()}

    # -- the stages ----------------------------------------------------------------------------------

    def run_config(self, number: int, former: Path) -> RunConfig:
        """The simulation of a round; `former` is what the round before has trained."""
        adapters = {number - 1: former} if number > 1 else {}
        cast = self.simulate.get("cast", {})
        data = {
            **self.simulate,
            "cast": {"model": self.trained, **cast} if isinstance(cast, dict) else cast,
            "models": self._with_tuned(adapters),
            "judges": self.judges,
            "calls": self.calls.model_dump(mode="json"),
        }
        config = parse_config(data, RunConfig, source="[simulate]")
        run = config.run.model_copy(update={"seed": config.run.seed + number - 1})
        config = config.model_copy(update={"run": run})
        return config if number == 1 else self._on_policy(config, self.tuned_name(number - 1))

    def _on_policy(self, config: RunConfig, tuned: str) -> RunConfig:
        """The same with the tuned model among the responders."""
        cast, places = config.cast, range(len(config.cast.responders))
        mine = [place for place in places if config.model_of(cast.responders[place], "cast.responders") == self.trained]
        if not mine:
            raise ConfigError(f"no responder of [simulate.cast] is played by {self.trained!r}, which is to be trained")
        responders = list(cast.responders)
        for place in mine:
            responder = responders[place]
            changed = responder.model_copy(update={"model": tuned})
            if self.training.responder == "replace":
                responders[place] = changed
            else:
                responders.append(
                    changed.model_copy(update={"name": f"{responder.name or responder.strategy} ({tuned})"})
                )
        return config.model_copy(update={"cast": cast.model_copy(update={"responders": tuple(responders)})})

    def pair_options(self) -> PairOptions:
        """How pairs are chosen."""
        known = [field.name for field in fields(PairOptions)]
        strange = next((key for key in self.pairs if key not in known), None)
        if strange is not None:
            raise ConfigError(f"[pairs]: unknown key {strange!r}; the keys are {', '.join(known)}")
        try:
            return PairOptions(**self.pairs)
        except TypeError as error:
            raise ConfigError(f"[pairs]: {error}") from None

    def sft_settings(self, data: Path, out: Path) -> SFTSettings:
        """The supervised training of the first round."""
        return parse_config(self._training("sft", data=data, out=out), SFTSettings, source="[sft]")

    def dpo_settings(self, data: Path, start: Path) -> DPOSettings:
        """The preference training of a round."""
        return parse_config(self._training("dpo", data=data, start=start), DPOSettings, source="[dpo]")

    def _training(self, section: Literal["sft", "dpo"], **paths: Path) -> dict[str, Any]:
        given = self.sft if section == "sft" else self.dpo
        train = given.get("train", {})
        if not isinstance(train, dict):
            raise ConfigError(f"[{section}] train is {train!r}, not a table; write [{section}.train]")
        own = next((key for key in train if key in _FILLED_IN), None)
        if own is not None:
            raise ConfigError(f"[{section}.train] has {own!r}, which the loop fills in; take it out")
        if train.get("full"):
            raise ConfigError(f"[{section}.train] full = true: a loop serves adapters beside their base; take it out")
        return {**given, "train": {**train, "model": self.weights(), **{key: str(path) for key, path in paths.items()}}}

    def evaluate_config(self, adapters: list[Path]) -> EvaluateConfig:
        """Base model and the results of all rounds so far, on the same cases."""
        if "models" in self.evaluate or "out" in self.evaluate:
            raise ConfigError("[evaluate] names models or out, which the loop fills in; take them out")
        rounds = dict(enumerate(adapters, 1))
        names = [self.trained, *(self.tuned_name(number) for number in rounds)]
        data = {
            "models": self._with_tuned(rounds),
            "evaluate": {"user": self.trained, **self.evaluate, "models": names},
            "judges": self.judges,
            "calls": self.calls.model_dump(mode="json"),
        }
        return parse_config(data, EvaluateConfig, source="[evaluate]")

    def digest(self) -> str:
        """Equal for configs that come to the same: rounds and folder left out, since more rounds begin with the same ones."""
        return digest(self, exclude={"out": True, "calls": True, "training": {"rounds"}})
