"""limiter: how many calls of one endpoint are under way: starts modest, grows while calls succeed, shrinks when told off."""

import asyncio
import heapq
import time
from itertools import count

__all__ = ["Limiter"]

_MODEST = 8


class Limiter:
    """Additive increase, multiplicative decrease (as TCP does it), below a fixed cap.

    The limit doubles with every limit's worth of successes until the endpoint first says that it is overloaded; from then on
    it grows by one. An overload halves it, and a Retry-After pauses the endpoint. Waiting calls are served by rank, then in
    the order in which they came.
    """

    def __init__(self, cap: int) -> None:
        self.cap = cap
        self.limit = float(min(cap, _MODEST))
        self.under_way = 0
        self._slow_start = True
        self._paused_until = 0.0
        self._shrunk_at = 0.0
        self._order = count()
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []

    async def enter(self, rank: int = 0) -> None:
        """Take one of the places; give it back with `leave`. Lower ranks go first."""
        if self.under_way < int(self.limit) and not self._waiting and time.monotonic() >= self._paused_until:
            self.under_way += 1
            return
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (rank, next(self._order), future))
        self._wake()
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self.under_way -= 1  # the place was given to a call that no longer wants it
                self._wake()
            raise

    def leave(self) -> None:
        """Give a place back."""
        self.under_way -= 1
        self._wake()

    def _wake(self) -> None:
        """Hand free places to those who wait."""
        if not self._waiting:
            return
        pause = self._paused_until - time.monotonic()
        if pause > 0:
            asyncio.get_running_loop().call_later(pause, self._wake)
            return
        while self._waiting and self.under_way < int(self.limit):
            _, _, future = heapq.heappop(self._waiting)
            if not future.done():
                self.under_way += 1
                future.set_result(None)

    def succeeded(self) -> None:
        """A call came back well."""
        if self.limit < self.cap:
            self.limit = min(self.cap, self.limit + (1.0 if self._slow_start else 1.0 / self.limit))
            self._wake()

    def overloaded(self, retry_after: float | None = None) -> None:
        """The endpoint said 429 or that it is overloaded. The calls that were under way together count as one such word."""
        now = time.monotonic()
        if retry_after:
            self._paused_until = max(self._paused_until, now + retry_after)
        if now - self._shrunk_at > 1.0:
            self._slow_start = False
            self._shrunk_at = now
            self.limit = max(1.0, self.limit / 2)
