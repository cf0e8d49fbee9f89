"""desk: what lies before an annotator: comparisons in the order in which they came, and the way back.

Answers are written down at once, but handed in together: until then each can be taken back. What was not judged when the rest
is handed in goes back without an answer.
"""

import asyncio
from dataclasses import dataclass, field

from interalign.agents import Message
from interalign.sim.human.answers import Answer, AnswerFile, Shown, now

__all__ = ["Desk", "Sheet"]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One comparison as it is shown: blind, and in its order."""

    comparison: str
    place: str
    facts: tuple[str, ...]
    traits: tuple[str, ...]
    history: tuple[Message, ...]
    first: str
    second: str


@dataclass(slots=True)
class Desk:
    """The comparisons of one annotator. A front end shows `current` and calls `answer`, `undo` and `hand_in`."""

    annotator: str
    answers: AnswerFile
    before: int = 0
    """Comparisons that the annotator had judged in former sessions."""
    _waiting: list[tuple[Sheet, "asyncio.Future[None]"]] = field(default_factory=list)
    _judged: int = 0
    """How many at the beginning of the queue are judged."""

    async def lay(self, sheet: Sheet) -> None:
        """Put a comparison down and wait until it is handed in."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((sheet, future))
        await future

    @property
    def current(self) -> Sheet | None:
        """What is to be judged next; None when nothing is left."""
        return self._waiting[self._judged][0] if self._judged < len(self._waiting) else None

    @property
    def done(self) -> int:
        """Comparisons judged, those of former sessions included."""
        return self.before + self._judged

    @property
    def total(self) -> int:
        return self.before + len(self._waiting)

    @property
    def can_undo(self) -> bool:
        return self._judged > 0

    @property
    def open(self) -> bool:
        """Whether anything has not been handed in."""
        return bool(self._waiting)

    def answer(self, choice: Shown) -> None:
        """Write down what the annotator says of the current comparison."""
        sheet = self.current
        if sheet is not None:
            self._write(sheet, choice)
            self._judged += 1

    def undo(self) -> None:
        """Take the last answer back: its comparison is the current one again."""
        if self.can_undo:
            self._write(self._waiting[self._judged - 1][0], None)
            self._judged -= 1

    def hand_in(self) -> None:
        """Give everything back: what is judged, and what is not."""
        waiting, self._waiting = self._waiting, []
        self.before += self._judged
        self._judged = 0
        for _, future in waiting:
            if not future.done():
                future.set_result(None)

    def fail(self, error: BaseException) -> None:
        """Nothing more can be judged: whoever waits gets the error."""
        waiting, self._waiting = self._waiting, []
        for _, future in waiting:
            if not future.done():
                future.set_exception(error)

    def _write(self, sheet: Sheet, choice: Shown | None) -> None:
        self.answers.add(
            Answer(
                comparison=sheet.comparison,
                annotator=self.annotator,
                choice=choice,
                first=sheet.first,
                second=sheet.second,
                time=now(),
                place=sheet.place,
            )
        )
