"""A server in a process of its own that answers by hash, and notes every request.

python counting_stub.py PORT LOG      a line a request: when it came, when it was answered, the hash of its body
"""

import asyncio
import hashlib
import json
import random
import sys
import time
from pathlib import Path
from typing import Any

from aiohttp import web


def text_for(body: dict[str, Any], digest: str) -> str:
    """A judge's word or number where one is asked for, else a text of its own for every request."""
    asked = body["messages"][-1]["content"]
    if "first, second or tie" in asked:
        return random.Random(digest).choice(("first", "second"))
    if "Answer with one number from 1 to 5" in asked:
        return random.Random(digest).choice("12345")
    return f"answer {digest[:8]}"


async def serve(port: int, log: Path) -> None:
    async def answer(request: web.Request) -> web.Response:
        came = time.time()
        raw = await request.read()
        digest = hashlib.sha256(raw).hexdigest()
        await asyncio.sleep(random.Random(digest).uniform(0.002, 0.02))
        usage = {"prompt_tokens": 10, "completion_tokens": 2}
        message = {"content": text_for(json.loads(raw), digest)}
        with log.open("a") as file:
            file.write(f"{came} {time.time()} {digest}\n")
        return web.json_response({"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage})

    async def healthy(request: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    app.router.add_post("/v1/chat/completions", answer)
    app.router.add_get("/health", healthy)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
