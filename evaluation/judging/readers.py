"""readers: files of human preference judgements, of four formats told apart by the keys of their rows.

    ours, generic   a, b and a label (a, b or tie) or annotators; optionally id, history, persona, why
    LLMBar          input, output_1, output_2, label (1 or 2)
    PandaLM         instruction, input, response1, response2, annotator1, annotator2, ... (0 tie, 1 or 2)

One JSON object a line, or one JSON list of them: LLMBar and PandaLM are published as lists.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from itertools import chain
from pathlib import Path
from typing import Any, Literal, cast

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator, model_validator

from interalign.agents import Context, Message, Persona
from interalign.errors import ConfigError, MissingError

__all__ = ["NOBODY", "Judgement", "Preference", "read_judgements", "shipped_judgements"]

Preference = Literal["a", "b", "tie"]

NOBODY = Persona(
    id="nobody-in-particular",
    facts=("Nothing is known about my life.",),
    traits=("I want what I asked for: a correct answer that does just what I said.",),
)
"""Stands in for the persona where the data have none: there a judge can only say which reply is the better answer."""

_GENERIC = frozenset({"id", "persona", "history", "a", "b", "label", "annotators", "why"})
_BY_NUMBER: dict[Any, Preference] = {0: "tie", 1: "a", 2: "b", "0": "tie", "1": "a", "2": "b"}


class Judgement(BaseModel):
    """Two replies to the same history, and which of them people prefer."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, strict=True)

    id: str
    persona: Persona | None = None
    """Who the user is; None where the data do not say."""
    history: tuple[Message, ...] = ()
    """Ends with a message of the user."""
    a: str
    b: str
    label: Preference | None = None
    """The label to hold a judge to; with several annotators what most of them say, None where no answer has most."""
    annotators: dict[str, Preference] = {}
    """What each single annotator says, by name; empty where the data have the label alone."""
    why: str = ""

    @property
    def context(self) -> Context:
        """What a judge sees."""
        turns = sum(message.role == "user" for message in self.history)
        return Context(history=self.history, persona=self.persona or NOBODY, turn=turns, turns=turns)

    @field_validator("a", "b")
    @classmethod
    def _said(cls, text: str) -> str:
        if not text.strip():
            raise ValueError("it is empty; a reply has text")
        return _storable(text)

    @field_validator("history")
    @classmethod
    def _asked(cls, history: tuple[Message, ...]) -> tuple[Message, ...]:
        if not history or history[-1].role != "user":
            raise ValueError("the history must end with a message of the user, which the replies answer")
        for message in history:
            _storable(message.text)
        return history

    @model_validator(mode="after")
    def _labelled(self) -> "Judgement":
        if self.label is None and not self.annotators:
            raise ValueError("neither label nor annotators; give one, a, b or tie")
        return self


def shipped_judgements() -> list[Judgement]:
    """The 60 pairs of replies that ship with interalign, ten of them ties."""
    path = files("interalign.agents.data").joinpath("judgements.jsonl")
    return _read(path.read_text(encoding="utf-8"), "agents/data/judgements.jsonl")


def read_judgements(path: str | Path) -> list[Judgement]:
    """All rows of a file.

    Raises:
        MissingError: there is no such file.
        ConfigError: a row is broken; names the line and the reason.
    """
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:
        if isinstance(error, UnicodeDecodeError):
            raise ConfigError(f"{path}: byte {error.start + 1} is not UTF-8; save the file as UTF-8") from None
        raise MissingError(f"no file of judgements at {str(path)!r}; check the path") from None
    except OSError as error:
        raise MissingError(f"{str(path)!r} cannot be read ({error.strerror}); give a JSON Lines file") from None
    return _read(text, str(path))


def _read(text: str, source: str) -> list[Judgement]:
    rows: list[Judgement] = []
    seen: dict[str, str] = {}
    for where, data in _objects(text, source):
        row = _row(data, where, f"row-{len(rows) + 1}")
        if row.id in seen:
            raise ConfigError(f"{where}: the id {row.id!r} stands on {seen[row.id]} too; remove one of them")
        seen[row.id] = where.removeprefix(f"{source}, ")
        rows.append(row)
    if not rows:
        raise ConfigError(f"{source}: no judgement in it; give one JSON object a line, with a, b and label")
    return rows


def _objects(text: str, source: str) -> Iterator[tuple[str, Any]]:
    """Each row with the place where it stands."""
    if text.lstrip().startswith("["):
        for number, data in enumerate(_parsed(text, source), 1):
            yield f"{source}, row {number}", data
        return
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            where = f"{source}, line {number}"
            yield where, _parsed(line, where)


def _parsed(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}" if error.lineno > 1 else f"column {error.colno}"
        raise ConfigError(f"{where}: not valid JSON at {place}: {error.msg}") from None
    except (RecursionError, ValueError):
        raise ConfigError(f"{where}: a value is too large or nested too deeply") from None


def _row(data: Any, where: str, id: str) -> Judgement:
    if not isinstance(data, dict):
        raise ConfigError(f"{where}: a {type(data).__name__} where a JSON object is needed")
    try:
        if {"output_1", "output_2"} <= data.keys():
            found = _llmbar(data)
        elif {"response1", "response2"} <= data.keys():
            found = _pandalm(data)
        elif {"a", "b"} <= data.keys():
            found = _generic(data)
        else:
            keys = ", ".join(str(key) for key in list(data)[:8])
            raise ConfigError(
                f"{where}: the keys {keys} are of no known format; give a, b and label (generic), output_1, output_2 and "
                "label (LLMBar), or response1, response2 and annotator1, ... (PandaLM)"
            )
        return Judgement(**{"id": id, **found})
    except ValidationError as error:
        problem = error.errors()[0]
        key = ".".join(str(part) for part in problem["loc"])
        raise ConfigError(
            f"{where}: {f'key {key!r}: ' if key else ''}{problem['msg'].removeprefix('Value error, ')}"
        ) from None
    except ValueError as error:
        raise error if isinstance(error, ConfigError) else ConfigError(f"{where}: {error}") from None


def _llmbar(data: Mapping[str, Any]) -> dict[str, Any]:
    label = _number("label", data.get("label"), (1, 2))
    return {"history": _asked(data.get("input")), "a": data["output_1"], "b": data["output_2"], "label": label}


def _pandalm(data: Mapping[str, Any]) -> dict[str, Any]:
    names = sorted(key for key in data if key.startswith("annotator"))
    if not names:
        raise ValueError("no annotator1; a PandaLM row has annotator1, annotator2, ... (0 tie, 1 or 2)")
    votes: dict[str, Preference] = {name: _number(name, data[name], (0, 1, 2)) for name in names}
    asked = "\n\n".join(text for text in (data.get("instruction"), data.get("input")) if isinstance(text, str) and text)
    return {
        "history": _asked(asked),
        "a": data["response1"],
        "b": data["response2"],
        "label": _most(votes.values()),
        "annotators": votes,
    }


def _generic(data: Mapping[str, Any]) -> dict[str, Any]:
    unknown = next((key for key in data if key not in _GENERIC), None)
    if unknown is not None:
        raise ValueError(f"unknown key {unknown!r}; known are {', '.join(sorted(_GENERIC))}")
    found = dict(data)
    if found.get("persona") is not None:
        found["persona"] = Persona.model_validate(found["persona"])
    found["history"] = tuple(_history(found.get("history")))
    annotators = found.get("annotators") or {}
    if isinstance(annotators, list):
        annotators = {f"annotator{place}": label for place, label in enumerate(annotators, 1)}
    if not isinstance(annotators, dict):
        raise ValueError("annotators is a list of labels, or an object with a label by name")
    for name, label in chain(annotators.items(), [("label", found.get("label", "a"))]):
        if label not in ("a", "b", "tie") and not (name == "label" and label is None and annotators):
            raise ValueError(f"{name} is {label!r}; it must be a, b or tie")
    found["annotators"] = annotators
    if found.get("label") is None:
        found["label"] = _most(annotators.values())
    return {key: value for key, value in found.items() if value is not None}


def _history(given: Any) -> Iterator[Message]:
    """Messages as {role, content}; a text alone is one message of the user."""
    if isinstance(given, str):
        given = [{"role": "user", "content": given}]
    if not isinstance(given, list):
        raise ValueError("history is a list of messages with role and content, or the user's message as a text")
    for place, message in enumerate(given):
        role, text = (message.get(key) if isinstance(message, dict) else None for key in ("role", "content"))
        if role not in ("user", "assistant") or not isinstance(text, str):
            raise ValueError(f"history[{place}] must have a role (user or assistant) and a content that is text")
        yield Message(cast('Literal["user", "assistant"]', role), text)


def _asked(text: Any) -> tuple[Message, ...]:
    if not isinstance(text, str) or not text.strip():
        raise ValueError("there is no instruction that the replies answer")
    return (Message("user", text),)


def _number(name: str, value: Any, known: tuple[int, ...]) -> Preference:
    found = None if isinstance(value, (bool, float, list, dict)) else _BY_NUMBER.get(value)
    if found is None or found not in {_BY_NUMBER[number] for number in known}:
        raise ValueError(f"{name} is {value!r}; it must be one of {', '.join(map(str, known))}")
    return found


def _most(labels: Iterable[Preference]) -> Preference | None:
    """What most say; None where two answers are named equally often."""
    most = Counter(labels).most_common(2)
    return None if not most or (len(most) > 1 and most[0][1] == most[1][1]) else most[0][0]


def _storable(text: str) -> str:
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("half a surrogate pair, which no UTF-8 file can store; mend it")
    return text
