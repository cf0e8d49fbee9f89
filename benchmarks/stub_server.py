"""stub_server: an OpenAI-compatible server that costs next to nothing, in a process of its own.

    python benchmarks/stub_server.py --port 8901 [--latency 0.02] [--sigma 0.8] [--tail 0.01]

Answers every chat completion with a fixed text, after a lognormal latency with that mean; a share `tail` of the calls takes
20 times as long. A latency depends on the request alone, so that schedules can be compared.
"""

import argparse
import asyncio
import hashlib
import json
import math
import multiprocessing
import random
import socket
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

TEXT = "That sounds like a long day. Which of the hens was it this time, and what did your sister say about the bus?"
BODY = json.dumps(
    {
        "choices": [{"index": 0, "message": {"role": "assistant", "content": TEXT}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 300, "completion_tokens": 26, "prompt_tokens_details": {"cached_tokens": 250}},
    }
).encode()
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


def latency_of(request: bytes, mean: float, sigma: float, tail: float) -> float:
    """Seconds that a request takes: equal requests take equally long."""
    draw = random.Random(hashlib.blake2b(request, digest_size=8).digest())
    seconds = mean * draw.lognormvariate(-sigma * sigma / 2, sigma) if mean else 0.0
    return seconds * (20 if draw.random() < tail else 1)


class _Connection(asyncio.Protocol):
    """Reads requests with a Content-Length and nothing else: what a client library sends."""

    def __init__(self, mean: float, sigma: float, tail: float) -> None:
        self.timing = (mean, sigma, tail)
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while True:
            head, found, rest = self.buffer.partition(b"\r\n\r\n")
            if not found:
                return
            length = next(
                (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
            )
            if len(rest) < length:
                return
            self.buffer = rest[length:]
            wait = latency_of(rest[:length], *self.timing)
            if wait:
                asyncio.get_running_loop().call_later(wait, self.answer)
            else:
                self.answer()

    def answer(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(RESPONSE)  # type: ignore[attr-defined]


async def serve(port: int, mean: float, sigma: float, tail: float) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(mean, sigma, tail), "127.0.0.1", port)
    await server.serve_forever()


def _main(port: int, mean: float, sigma: float, tail: float) -> None:
    asyncio.run(serve(port, mean, sigma, tail))


@contextmanager
def running(mean: float = 0.0, sigma: float = 0.8, tail: float = 0.0) -> Iterator[str]:
    """A stub server in a second process; yields its base_url."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = multiprocessing.get_context("spawn").Process(target=_main, args=(port, mean, sigma, tail), daemon=True)
    process.start()
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/", data=b"{}", timeout=30).read()
                break
            except OSError:
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.join()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8901)
    parser.add_argument("--latency", type=float, default=0.0, help="mean seconds")
    parser.add_argument("--sigma", type=float, default=0.8)
    parser.add_argument("--tail", type=float, default=0.0)
    options = parser.parse_args()
    assert math.isfinite(options.latency)
    _main(options.port, options.latency, options.sigma, options.tail)
