"""answers: what judges said of the rows of a data set, kept line by line.

The same command goes on where it was stopped, for judges that call no model, too; an answer belongs to the text that was judged
and to everything that decides the judge's verdicts, so that neither another text nor another model is taken for it.
"""

from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, ValidationError

from interalign.agents import Verdict
from interalign.errors import RunFolderError

__all__ = ["Answers", "Asked", "Tokens"]

Key = tuple[str, str, int]


class Tokens(BaseModel):
    """What one model was asked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    calls: int = 0
    prompt: int = 0
    cached: int = 0
    completion: int = 0


class Asked(BaseModel):
    """What a judge said of one row, one time."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    judge: str
    identity: str
    """A hash of all that decides the judge's verdicts, the models behind it included."""
    row: str
    content: str
    """A hash of what was judged: another text is another question."""
    repeat: int
    """From 0."""
    forward: Verdict
    backward: Verdict | None = None
    """The verdict on (b, a), in terms of a and b; None where the judge asks both orders itself, or the first is unscored."""
    usage: dict[str, Tokens] = {}
    """By model."""
    seconds: float | None = None
    """Since the answer before it; None for the first one after a start, which has the loading of models in it."""

    @property
    def compared(self) -> int:
        """How many verdicts of the judge these are."""
        return 1 if self.backward is None else 2


class Answers:
    """The file of answers in a folder, by one process at a time. Use it as a context manager.

    Raises:
        RunFolderError: another process works in the folder, or it cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "answers.jsonl"
        self._found: dict[Key, Asked] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(folder / ".lock")
            self._lock.acquire(timeout=0)
        except Timeout:
            raise RunFolderError(
                f"another process is working in {folder}; wait for it, or choose another --out"
            ) from None
        except OSError as error:
            raise _unusable(folder, error) from None
        try:
            self._read()
        except OSError as error:
            self._lock.release()
            raise _unusable(folder, error) from None

    def _read(self) -> None:
        """Take in what is there. A line cut off by a kill, or of another version, is asked for again."""
        lines = self.path.read_bytes().split(b"\n") if self.path.exists() else [b""]
        for line in lines[:-1]:
            try:
                self._take(Asked.model_validate_json(line))
            except ValidationError:
                continue
        if lines[-1]:
            with self.path.open("r+b") as file:
                file.truncate(self.path.stat().st_size - len(lines[-1]))

    def _take(self, asked: Asked) -> None:
        self._found[asked.identity, asked.content, asked.repeat] = asked

    def __enter__(self) -> "Answers":
        return self

    def __exit__(self, *exception: object) -> None:
        self._lock.release()

    def get(self, identity: str, content: str, repeat: int) -> Asked | None:
        return self._found.get((identity, content, repeat))

    def add(self, asked: Asked) -> None:
        """Keep an answer: after this it survives whatever happens."""
        start = self.path.stat().st_size if self.path.exists() else 0
        try:
            with self.path.open("ab", buffering=0) as file:
                rest = memoryview(asked.model_dump_json(exclude_defaults=True).encode(errors="replace") + b"\n")
                while rest:
                    rest = rest[file.write(rest) :]
        except OSError as error:
            with suppress(OSError), self.path.open("r+b") as file:
                file.truncate(start)  # a full disk must not leave half a line behind
            raise _unusable(self.folder, error) from None
        self._take(asked)


def _unusable(folder: Path, error: OSError) -> RunFolderError:
    return RunFolderError(
        f"{folder} cannot be written ({error.strerror or error}); free space, or choose another --out; what is there is kept"
    )
