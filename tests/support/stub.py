"""An OpenAI-compatible server for tests: answers from a queue of statuses and bodies, counts what it was sent."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

Reply = dict[str, Any] | str | int | tuple[int, dict[str, str]]


def completion(text: str | None = "hello", **more: Any) -> dict[str, Any]:
    usage = {"prompt_tokens": 11, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 5}}
    return {"choices": [{"message": {"content": text}, "finish_reason": "stop"}], "usage": usage, **more}


class Stub:
    """`replies` are used up in order, the last one again and again. `bodies` and `headers` are what came in."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.bodies.append(await request.json())
        self.headers.append(dict(request.headers))
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if reply == "hang":
            await asyncio.sleep(30)
        if reply == "reset":
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if isinstance(reply, tuple):
            return web.json_response({"error": {"message": "slow down"}}, status=reply[0], headers=reply[1])
        if isinstance(reply, int):
            return web.json_response({"error": {"message": f"status {reply}"}}, status=reply)
        if isinstance(reply, str):
            return web.Response(text=reply)
        return web.json_response(reply)


def with_stub(stub: Stub, work: Callable[[str], Awaitable[Any]]) -> Any:
    """Run `work(base_url)` against the stub."""

    async def run() -> Any:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", stub.answer)
        async with TestServer(app) as server:
            return await work(str(server.make_url("/v1")))

    return asyncio.run(run())
