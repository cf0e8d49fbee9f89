"""answers: what people have judged: JSON Lines, appended to at once, so that nothing is asked twice and nothing is lost.

A line says who judged which comparison, when, and what was shown. The last line of an annotator on a comparison counts; one
without a choice takes the former back. The texts stand in it: the file can be read without the trees.
"""

import json
import os
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from interalign.agents import Context
from interalign.errors import ConfigError, RunFolderError

__all__ = ["Answer", "AnswerFile", "Shown", "comparison_id"]

Shown = Literal["first", "second", "tie"]


class Answer(BaseModel):
    """One line."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    comparison: str
    """`comparison_id` of what was shown."""
    annotator: str
    choice: Shown | None
    """The reply, in the order in which the two were shown; None takes the former answer back."""
    first: str
    """The reply that was shown first."""
    second: str
    time: str
    """When, in UTC."""
    place: str = ""
    """The judge's key of the comparison, which names the conversation and the replies."""


def comparison_id(context: Context, a: str, b: str) -> str:
    """Equal for the same persona, history and two replies, whichever is called a, in whatever run."""
    assert context.persona is not None, "a judge knows the persona it judges for"
    parts = [*context.persona.items, *(f"{role}: {text}" for role, text in context.history), *sorted((a, b))]
    return blake2b(json.dumps(parts).encode(), digest_size=12).hexdigest()


class AnswerFile:
    """The answers in `path`, which need not be there.

    Raises:
        ConfigError: a line is no answer.
        RunFolderError: the file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._found: dict[tuple[str, str], Answer] = {}
        self._end = 0
        try:
            content = path.read_bytes() if path.exists() else b""
        except OSError as error:
            raise RunFolderError(f"{path} cannot be read ({error.strerror or error}); check it") from None
        for number, line in enumerate(content.splitlines(keepends=True), 1):
            if not self._read(line, number):
                break
            self._end += len(line)
        self._whole = not content[: self._end] or content[: self._end].endswith(b"\n")

    def _read(self, line: bytes, number: int) -> bool:
        """Take up a line; False for the last one, where a killed process has not finished it."""
        try:
            answer = Answer.model_validate_json(line) if line.strip() else None
        except ValidationError:
            if not line.endswith(b"\n"):
                return False
            raise ConfigError(f"{self.path}, line {number} is no answer of an annotator; mend or delete it") from None
        if answer is not None:
            self._keep(answer)
        return True

    def _keep(self, answer: Answer) -> None:
        key = (answer.comparison, answer.annotator)
        if answer.choice is None:
            self._found.pop(key, None)
        else:
            self._found[key] = answer

    def of(self, comparison: str) -> list[Answer]:
        """What stands of a comparison, by the names of the annotators."""
        found = [answer for (id, _), answer in self._found.items() if id == comparison]
        return sorted(found, key=lambda answer: answer.annotator)

    def has(self, comparison: str, annotator: str) -> bool:
        return (comparison, annotator) in self._found

    def add(self, answer: Answer) -> None:
        """Append an answer; after this it survives whatever happens. Raises RunFolderError where it cannot be written."""
        line = answer.model_dump_json().encode() + b"\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("r+b" if self.path.exists() else "xb") as file:
                file.truncate(self._end)
                file.seek(self._end)
                file.write(line if self._whole else b"\n" + line)
                file.flush()
                os.fsync(file.fileno())
                self._end, self._whole = file.tell(), True
        except OSError as error:
            raise RunFolderError(
                f"{self.path} cannot be written ({error.strerror or error}); free space; former answers are kept"
            ) from None
        self._keep(answer)


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
