"""The limit of calls under way."""

import asyncio
import time

from interalign.sim.calls import Limiter


def test_it_starts_modest_doubles_and_never_passes_its_cap() -> None:
    limiter = Limiter(20)
    seen = [limiter.limit]
    for _ in range(50):
        limiter.succeeded()
        seen.append(limiter.limit)
    assert seen[0] == 8
    assert seen[8] == 16
    assert max(seen) == seen[-1] == 20


def test_an_overload_halves_it_once_and_growth_is_slow_from_then_on() -> None:
    limiter = Limiter(64)
    for _ in range(100):
        limiter.succeeded()
    for _ in range(30):  # the calls that were under way together
        limiter.overloaded()
    assert limiter.limit == 32
    for _ in range(32):
        limiter.succeeded()
    assert 32.9 < limiter.limit < 33.1


def test_it_never_falls_below_one() -> None:
    limiter = Limiter(1)
    limiter.overloaded()
    assert limiter.limit == 1


def test_a_retry_after_pauses_everybody() -> None:
    async def wait() -> float:
        limiter = Limiter(8)
        limiter.overloaded(retry_after=0.1)
        started = time.monotonic()
        await limiter.enter()
        return time.monotonic() - started

    assert asyncio.run(wait()) > 0.09


def test_who_waits_is_served_by_rank_and_then_in_turn() -> None:
    async def order() -> list[str]:
        limiter, served = Limiter(1), []
        await limiter.enter()

        async def one(name: str, rank: int) -> None:
            await limiter.enter(rank)
            served.append(name)
            limiter.leave()

        waiting = [asyncio.create_task(one(name, rank)) for name, rank in (("late", 1), ("first", 0), ("second", 0))]
        await asyncio.sleep(0)
        limiter.leave()
        await asyncio.gather(*waiting)
        return served

    assert asyncio.run(order()) == ["first", "second", "late"]


def test_a_cancelled_call_gives_its_place_back() -> None:
    async def cancel() -> int:
        limiter = Limiter(1)
        await limiter.enter()
        waiting = asyncio.create_task(limiter.enter())
        await asyncio.sleep(0)
        limiter.leave()  # hands the place over ...
        waiting.cancel()  # ... to somebody who no longer wants it
        await asyncio.gather(waiting, return_exceptions=True)
        return limiter.under_way

    assert asyncio.run(cancel()) == 0
