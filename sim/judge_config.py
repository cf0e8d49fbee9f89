"""judge_config: the TOML of a judge. A name alone picks one with its defaults; a table says more; `[judges.NAME]` names one's own.

judge = "embedding"
judge = { judge = "llm", model = "NAME", votes = 3 }
judge = "my_module:MyJudge"
judge = "strict"                       # the table [judges.strict]
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from interalign.config import Config

__all__ = [
    "KINDS",
    "EmbeddingJudgeConfig",
    "HumanJudgeConfig",
    "JudgeConfig",
    "LLMJudgeConfig",
    "LikelihoodJudgeConfig",
    "ModelJudgeConfig",
    "OwnJudgeConfig",
    "PanelJudgeConfig",
    "RewardModelJudgeConfig",
    "add_tables",
    "calls_to_compare",
    "judge_players",
    "members_of",
    "with_judges",
]

Criterion = Literal["style", "content", "human"]


class _JudgeConfig(Config):
    name: str | None = Field(default=None, min_length=1, max_length=80)
    """What its verdicts stand under; the kind of judge unless set."""


class EmbeddingJudgeConfig(_JudgeConfig):
    judge: Literal["embedding"] = "embedding"
    margin: float = Field(default=0.02, ge=0)
    """Smaller differences of the scores are ties."""
    nearest: int = Field(default=3, ge=1)
    """How many facts and traits a reply is compared with: those that it comes closest to."""


class LLMJudgeConfig(_JudgeConfig):
    judge: Literal["llm"] = "llm"
    model: str | None = None
    """A name of `[models]`; the model of the cast unless set."""
    parameters: dict[str, Any] = Field(default={})
    votes: int = Field(default=1, ge=1, le=99)
    """How often each order of two replies, or a single reply, is asked for. More than one needs a temperature above 0."""
    history: bool = True
    """Whether the judge sees the conversation, or just the message that the replies answer."""
    rubric: str | None = None
    """Replaces what the judge is told of its task; `$profile` and `$personality` stand for the person."""
    rubric_file: str | None = None
    """A file with the rubric; it is read when the config is, and only its text is kept."""
    criteria: tuple[Criterion, ...] = ()
    """Single scores are asked for by criterion, and their mean is the score; as a whole unless set."""
    expected: bool = False
    """A single score is the mean of 1 to 5 under the model's token probabilities, not the number it writes."""
    structured: bool = False
    """Single scores are asked for as JSON, all criteria in one call."""

    @model_validator(mode="before")
    @classmethod
    def _read_rubric(cls, data: Any) -> Any:
        if not isinstance(data, Mapping) or not isinstance(data.get("rubric_file"), str):
            return data
        if data.get("rubric") is not None:
            raise ValueError("give rubric or rubric_file, not both")
        path = Path(data["rubric_file"]).expanduser()
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
            raise ValueError(f"rubric_file = {str(path)!r} cannot be read ({reason})") from None
        return {**{key: value for key, value in data.items() if key != "rubric_file"}, "rubric": text.rstrip("\n")}

    @model_validator(mode="after")
    def _consistent(self) -> "LLMJudgeConfig":
        if len(set(self.criteria)) != len(self.criteria):
            raise ValueError("criteria names one twice")
        if self.expected and (self.structured or self.votes > 1):
            raise ValueError("expected = true reads probabilities of one plain answer: leave out structured and votes")
        if self.votes > 1 and self.parameters.get("temperature") == 0:
            raise ValueError("votes at temperature 0 are the same vote again; raise the temperature, or set votes = 1")
        return self


class LikelihoodJudgeConfig(_JudgeConfig):
    judge: Literal["likelihood"] = "likelihood"
    weights: str = "embedded:smollm2-135m"
    """A model that is loaded here: a folder, a name of the Hugging Face hub, or "embedded:NAME". Not used if `model` is set."""
    dtype: Literal["float32", "bfloat16"] = "float32"
    """Of the weights that are loaded here. bfloat16: twice as fast where the processor has it, and coarser."""
    model: str | None = None
    """A name of `[models]` whose server gives the log-probabilities of prompts (vLLM)."""
    margin: float = Field(default=0.05, ge=0)
    """Smaller differences, in nats a token, are ties."""


class RewardModelJudgeConfig(_JudgeConfig):
    judge: Literal["reward_model"] = "reward_model"
    weights: str
    """A folder or a name of the Hugging Face hub: a sequence classifier with one output."""
    margin: float = Field(default=0.0, ge=0)
    """Smaller differences of the rewards are ties."""
    centre: float = 0.0
    """The reward that is a score of 3."""
    scale: float = Field(default=1.0, gt=0)
    """How many units of reward it takes from a score of 3 to one of 3.9."""


class HumanJudgeConfig(_JudgeConfig):
    judge: Literal["human"] = "human"
    where: Literal["terminal", "web"] = "terminal"
    """web: a page on this machine, whose address is printed."""
    annotator: str = Field(default="human", min_length=1, max_length=80)
    """Who judges; stands beside each answer."""
    answers: str = "human.jsonl"
    """Where the answers go, one a line; in the run folder where saved trees are judged."""
    port: int = Field(default=0, ge=0, le=65535)
    """Of the page; any free one unless set."""


class PanelJudgeConfig(_JudgeConfig):
    judge: Literal["panel"] = "panel"
    members: tuple["JudgeConfig", ...] = Field(min_length=2)
    """Judges of any kind; their verdicts are kept."""
    rule: Literal["majority", "mean", "unanimous"] = "majority"
    """majority: what most say. mean: each scores both replies, and the means decide. unanimous: all say so, or it is a tie."""
    margin: float = Field(default=0.0, ge=0)
    """Under `mean`: smaller differences of the mean scores are ties."""


class OwnJudgeConfig(_JudgeConfig):
    judge: Literal["own"] = "own"
    make: str
    """Your class, as "module:Class"."""
    options: dict[str, Any] = Field(default={})
    """What it is made with; further keys of a table whose `judge` is a "module:Class"."""


ModelJudgeConfig = LLMJudgeConfig | LikelihoodJudgeConfig
"""Judges that may be played by a model of `[models]`."""

KINDS = ("embedding", "llm", "likelihood", "reward_model", "panel", "human", "human-web")


def _judge(value: Any) -> Any:
    """A table for whatever a judge may be given as."""
    table: Any = {"judge": value} if isinstance(value, str) else value
    kind = table.get("judge") if isinstance(table, Mapping) else None
    if not isinstance(kind, str):
        return table
    rest = {key: inner for key, inner in table.items() if key != "judge"}
    if kind == "human-web":
        return {"judge": "human", "where": "web", **rest}
    if ":" in kind:
        named = {"name": rest.pop("name")} if "name" in rest else {}
        return {"judge": "own", "make": kind, "options": rest, **named}
    if kind not in KINDS and kind != "own":
        raise ValueError(
            f"there is no judge {kind!r}: use {', '.join(map(repr, KINDS))}, the NAME of a table [judges.NAME], or "
            "'module:Class' for one of your own; further keys go into a table such as { judge = 'llm', model = 'NAME' }"
        )
    return table


JudgeConfig = Annotated[
    Annotated[
        EmbeddingJudgeConfig
        | LLMJudgeConfig
        | LikelihoodJudgeConfig
        | RewardModelJudgeConfig
        | PanelJudgeConfig
        | HumanJudgeConfig
        | OwnJudgeConfig,
        Field(discriminator="judge"),
    ],
    BeforeValidator(_judge),
]
PanelJudgeConfig.model_rebuild()


def by_name(value: Any, tables: Any, above: tuple[str, ...] = ()) -> Any:
    """`value` with each name of a table `[judges.NAME]` replaced by what stands there; the panel's members, too.

    Raises:
        ValueError: a table leads back to itself, or has the name of a kind of judge.
    """
    if not isinstance(tables, Mapping):
        return value
    taken = next((name for name in tables if name in (*KINDS, "own") or ":" in name), None)
    if taken:
        raise ValueError(f"judges.{taken}: a judge of your own needs another name than {taken!r}")
    table: Any = {"judge": value} if isinstance(value, str) else value
    if not isinstance(table, Mapping):
        return value
    kind = table.get("judge")
    if isinstance(kind, str) and kind in tables:
        if kind in above:
            raise ValueError(f"judges.{kind} leads back to itself")
        rest = {key: inner for key, inner in table.items() if key != "judge"}
        found = by_name(tables[kind], tables, (*above, kind))
        return {"name": kind, **found, **rest} if isinstance(found, Mapping) else found
    if isinstance(members := table.get("members"), (list, tuple)):
        return {**table, "members": [by_name(member, tables, above) for member in members]}
    return value


def add_tables(data: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """The data of a config with the `[models]` and `[judges]` of another beside its own; its cast keeps the model it had."""
    merged = dict(data)
    models = data.get("models", {})
    if len(models) == 1:
        merged["cast"] = {"model": next(iter(models)), **data.get("cast", {})}
    for section in ("models", "judges"):
        merged[section] = {**data.get(section, {}), **more.get(section, {})}
    return merged


def with_judges(data: Any, section: str) -> Any:
    """The data of a config in which `section.judge` and the tables themselves no longer name tables of `[judges]`."""
    if not isinstance(data, Mapping) or not isinstance(tables := data.get("judges"), Mapping):
        return data
    data = {**data, "judges": {name: by_name(name, tables) for name in tables}}
    if isinstance(asking := data.get(section), Mapping) and "judge" in asking:
        data[section] = {**asking, "judge": by_name(asking["judge"], tables)}
    return data


def members_of(judge: JudgeConfig) -> Iterator[JudgeConfig]:
    """The judge itself, or the judges of a panel, of panels within it, too."""
    if isinstance(judge, PanelJudgeConfig):
        for member in judge.members:
            yield from members_of(member)
    else:
        yield judge


def calls_to_compare(judge: JudgeConfig) -> int:
    """How many calls of models one comparison takes; those of a judge of the user's own are not known, and not counted."""
    if isinstance(judge, PanelJudgeConfig):
        count = calls_to_compare if judge.rule != "mean" else _calls_to_score_two
        return sum(count(member) for member in judge.members)
    if isinstance(judge, LLMJudgeConfig):
        return 2 * judge.votes
    return 6 if isinstance(judge, LikelihoodJudgeConfig) and judge.model else 0


def _calls_to_score_two(judge: JudgeConfig) -> int:
    if isinstance(judge, PanelJudgeConfig):
        return sum(_calls_to_score_two(member) for member in judge.members)
    if isinstance(judge, LLMJudgeConfig):
        return 2 * judge.votes * (1 if judge.structured else len(judge.criteria) or 1)
    return 8 if isinstance(judge, LikelihoodJudgeConfig) and judge.model else 0


def judge_players(judge: JudgeConfig, where: str) -> Iterator[tuple[str, ModelJudgeConfig]]:
    """The judges in it that are played by a model of `[models]`, with the key of each."""
    if isinstance(judge, PanelJudgeConfig):
        for place, member in enumerate(judge.members):
            yield from judge_players(member, f"{where}.members.{place}")
    elif isinstance(judge, LLMJudgeConfig) or (isinstance(judge, LikelihoodJudgeConfig) and judge.model is not None):
        yield where, judge
