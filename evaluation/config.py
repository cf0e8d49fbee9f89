"""config: the TOML of an evaluation: `[evaluate]` beside the `[models]`, `[judges]` and `[calls]` that a run has.

    [evaluate]
    models = ["base", "tuned"]
    controls = ["generic", "echo", "oracle", "swap"]
    user = "big"
    judge = { judge = "llm", model = "big" }

The evaluated models, the user's and the judge's are told apart: a model that plays its own user and judges itself says little.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from interalign.agents import Strategy
from interalign.config import Config
from interalign.evaluation.results import Control
from interalign.sim.calls import CallSettings
from interalign.sim.config import AgentConfig, CastConfig, PersonaConfig, Player, ResponderConfig, RunConfig, RunSection
from interalign.sim.engines import EngineConfig
from interalign.sim.judge_config import EmbeddingJudgeConfig, JudgeConfig, LLMJudgeConfig, with_judges

__all__ = ["EvaluateConfig", "EvaluateSection"]


class EvaluateSection(Config):
    """`[evaluate]`: what is measured, with whom, and who scores."""

    models: tuple[str, ...] = ()
    """Names of `[models]` to evaluate; the only model unless set."""
    controls: tuple[Control, ...] = ()
    """generic, echo, oracle, swap: what the models are held against."""
    cases: int = Field(default=100, ge=1)
    """The first so many of the 100 held-out personas (or of `personas`); each profile comes once before any comes again."""
    turns: int = Field(default=10, ge=1, le=100)
    seed: int = Field(default=0, ge=0)
    user: Player = AgentConfig()
    """Who plays the persona: a model's name, or a table as in a run's `[cast]`; the only model unless set."""
    responder: Player = AgentConfig()
    """How the evaluated models are asked (role, parameters), the same for all of them; they never see the persona."""
    judge: JudgeConfig = LLMJudgeConfig()
    """Scores each reply from 1 to 5."""
    disclosure: Literal["free", "planned"] = "planned"
    """planned: a fact or trait a turn, the same for all models. free: the user agent decides, so that asking can pay."""
    flip_at: int | None = Field(default=None, ge=2)
    """From this turn on the user has the personality of another case, and the judge scores by that."""
    infer_at: tuple[Annotated[int, Field(ge=1)], ...] = ()
    """Turns after which the models are asked aside what they know of the user; those behind the last turn are left out."""
    adjusted: bool = False
    """Score each reply against the disclosed part of the persona, too: the judge is asked twice as often."""
    personas: str | None = None
    """A JSONL file of personas of your own to evaluate on, one a line."""
    paper_compat: bool = False
    """As the authors' released scripts do it: a judge without history, whole scores, free disclosure."""
    concurrency: int = Field(default=64, ge=1)
    """Conversations under way at the same time; changes the speed alone."""
    out: str | None = None
    """The folder; runs/NAME for a config NAME.toml unless set."""

    @field_validator("models", "controls", "infer_at")
    @classmethod
    def _each_once(cls, values: tuple[Any, ...]) -> tuple[Any, ...]:
        twice = next((value for value in values if values.count(value) > 1), None)
        if twice is not None:
            raise ValueError(f"{twice!r} stands in it twice")
        return values

    @field_validator("responder")
    @classmethod
    def _no_model(cls, responder: AgentConfig) -> AgentConfig:
        if responder.model is not None:
            raise ValueError(
                "it is played by the models in evaluate.models; give a table with role, prompt or parameters"
            )
        return responder

    @model_validator(mode="after")
    def _flips_within_the_turns(self) -> "EvaluateSection":
        if self.flip_at is not None and self.flip_at > self.turns:
            raise ValueError(f"flip_at = {self.flip_at} is after the last turn (turns = {self.turns})")
        return self

    @property
    def plan(self) -> Literal["free", "planned"]:
        """How the user discloses, paper_compat regarded."""
        return "free" if self.paper_compat else self.disclosure


class EvaluateConfig(Config):
    """One evaluation."""

    evaluate: EvaluateSection = EvaluateSection()
    models: dict[str, EngineConfig] = Field(min_length=1)
    judges: dict[str, JudgeConfig] = Field(default={})
    """`[judges.NAME]`: judges side by side; `evaluate.judge` and `--judge` may name them."""
    calls: CallSettings = CallSettings()

    @model_validator(mode="before")
    @classmethod
    def _judges_by_name(cls, data: Any) -> Any:
        return with_judges(data, "evaluate")

    @model_validator(mode="after")
    def _playable(self) -> "EvaluateConfig":
        known = ", ".join(self.models)
        if not self.evaluate.models and len(self.models) > 1:
            raise ValueError(f"evaluate.models says which of the models ({known}) to evaluate; name one or more")
        strange = next((name for name in self.evaluate.models if name not in self.models), None)
        if strange is not None:
            raise ValueError(f"evaluate.models names {strange!r}, but [models] has only {known}")
        control = next((name for name in self.evaluated if name in ("generic", "echo")), None)
        if control is not None:
            raise ValueError(f"a model called {control!r} could not be told from the control; call it otherwise")
        try:
            self.run_config()
        except ValidationError as error:
            reason = error.errors()[0]["msg"].removeprefix("Value error, ")
            raise ValueError(reason.replace(" or cast.model", "").replace("cast.", "evaluate.")) from None
        return self

    @property
    def evaluated(self) -> tuple[str, ...]:
        """The names of the models to evaluate."""
        return self.evaluate.models or tuple(self.models)

    @property
    def judge(self) -> JudgeConfig:
        """Who scores, paper_compat regarded: a language model then gets no history and gives one whole number."""
        judge = self.evaluate.judge
        if self.evaluate.paper_compat and isinstance(judge, LLMJudgeConfig):
            changes = {"history": False, "votes": 1, "criteria": (), "expected": False, "structured": False}
            return judge.model_copy(update=changes)
        return judge

    def run_config(self, strategy: Strategy = "plain") -> RunConfig:
        """The run with the same players: every evaluated model is a responder under its own name."""
        return self._run(self.evaluated, strategy, self.judge, self.models)

    def dialogue_config(self, model: str | None, name: str, personas: str, strategy: Strategy = "plain") -> RunConfig:
        """What decides the dialogues of one model or control, and nothing else: equal configs, equal dialogues.

        The number of cases is left out (a conversation does not depend on how many others there are), and so is the judge.
        `model` is None for controls that are no model; `personas` is a hash of the cases' personas.
        """
        user = self.run_config().cast.user.model
        assert user is not None
        used = {key: self.models[key] for key in dict.fromkeys((user, model or user))}
        config = self._run((model or user,), strategy, EmbeddingJudgeConfig(), used)
        responder = config.cast.responders[0].model_copy(update={"name": name})
        cast = config.cast.model_copy(update={"responders": (responder,)})
        return config.model_copy(update={"cast": cast, "personas": PersonaConfig(sha256=personas)})

    def _run(
        self, responders: tuple[str, ...], strategy: Strategy, judge: JudgeConfig, models: dict[str, Any]
    ) -> RunConfig:
        section = self.evaluate
        only = next(iter(self.models)) if len(self.models) == 1 else None
        asked = {**section.responder.model_dump(), "strategy": strategy}
        cast = {
            "user": section.user.model_copy(update={"model": section.user.model or only}),
            "inducer": AgentConfig(model=responders[0]),
            "responders": tuple(ResponderConfig(**{**asked, "model": name, "name": name}) for name in responders),
            "judge": judge,
        }
        run = RunSection(
            conversations=1,
            turns=section.turns,
            seed=section.seed,
            disclosure=section.plan,
            flip_at=section.flip_at,
            concurrency=section.concurrency,
        )
        return RunConfig(run=run, models=models, cast=CastConfig(**cast), calls=self.calls)
