"""The likelihood judge on a server that gives the log-probabilities of prompts, as vLLM does."""

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from judging import ABOUT, CONTEXT, GENERIC

from interalign.agents import LikelihoodJudge, Verdict
from interalign.agents.judges import ServerLogProbs
from interalign.config import parse_config
from interalign.errors import ConfigError
from interalign.sim import CallPath, RunConfig, make_judge
from interalign.sim.calls import CallCache
from interalign.sim.engines import OpenAIConfig, OpenAIEngine


def render(body: dict[str, Any]) -> list[str]:
    """A token a word; the template closes each message but an open last one, and begins the answer where it is asked to."""
    tokens: list[str] = []
    for message in body["messages"]:
        tokens += [f"<{message['role']}>", *message["content"].split(), "</s>"]
    if body.get("continue_final_message"):
        tokens.pop()
    elif body.get("add_generation_prompt", True):
        tokens.append("<assistant>")
    return tokens


def logprob(token: str, known: bool) -> float:
    """A word's own number, higher where the persona is known and it is about the hens."""
    return -1 - hashlib.sha256(token.encode()).digest()[0] / 64 + 2.0 * (known and token == "hens")


async def answer(request: web.Request) -> web.Response:
    body = await request.json()
    tokens = render(body)
    known = "hens" in body["messages"][0]["content"]
    data: dict[str, Any] = {
        "choices": [{"message": {"content": "x"}, "finish_reason": "length"}],
        "usage": {"prompt_tokens": len(tokens), "completion_tokens": 1},
    }
    if "prompt_logprobs" in body:
        entries = [
            {str(place): {"logprob": logprob(token, known), "rank": 1, "decoded_token": token}}
            for place, token in enumerate(tokens)
        ]
        data["prompt_logprobs"] = [None, *entries[1:]]
    return web.json_response(data)


async def silent(request: web.Request) -> web.Response:
    """A server that knows nothing of `prompt_logprobs`."""
    usage = {"prompt_tokens": len(render(await request.json())), "completion_tokens": 1}
    return web.json_response({"choices": [{"message": {"content": "x"}, "finish_reason": "length"}], "usage": usage})


def judged(a: str, b: str, handler: Any = answer, cache: CallCache | None = None) -> Verdict:
    async def run() -> Verdict:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", handler)
        async with TestServer(app) as server:
            config = OpenAIConfig(engine="openai_api", base_url=str(server.make_url("/v1")), model="m")
            engine = OpenAIEngine(config.model_copy(update={"base_url": config.base_url}))
            engine.identity = lambda: {"engine": "stub"}  # type: ignore[method-assign]  # the port changes
            calls = CallPath({"m": engine}, cache=cache)
            try:
                return await LikelihoodJudge(ServerLogProbs("m")).compare(CONTEXT, a, b, calls, key="k")
            finally:
                await calls.close()

    return asyncio.run(run())


def gain(reply: str) -> float:
    words = reply.split()
    return sum(logprob(word, True) - logprob(word, False) for word in words) / len(words)


def test_the_replys_tokens_are_told_from_the_prompts() -> None:
    verdict = judged(ABOUT, GENERIC)
    assert verdict.scores == (pytest.approx(gain(ABOUT), abs=1e-6), pytest.approx(gain(GENERIC), abs=1e-6))
    assert verdict.outcome == "a"
    assert judged(GENERIC, ABOUT) == verdict.mirrored()


def test_every_call_is_counted() -> None:
    assert judged(ABOUT, GENERIC).spent.calls == 6


def test_the_answers_are_kept_without_the_whole_prompt(tmp_path: Path) -> None:
    cache = CallCache(tmp_path / "calls.sqlite")
    first = judged(ABOUT, GENERIC, cache=cache)
    assert judged(ABOUT, GENERIC, web_gone, cache) == first
    (longest,) = cache._db.execute("select max(length(answer)) from calls").fetchone()
    cache.close()
    assert longest < 100 * len(ABOUT)


async def web_gone(request: web.Request) -> web.Response:
    raise web.HTTPInternalServerError


def test_a_server_without_them_leaves_the_pair_unscored() -> None:
    verdict = judged(ABOUT, GENERIC, silent)
    assert verdict.outcome == "unscored"
    assert "gave no log-probabilities of the prompt" in verdict.reason


def test_the_config_names_a_server_that_can() -> None:
    models = {
        "big": {"engine": "openai_api", "base_url": "http://localhost:1/v1", "model": "m"},
        "s": {"engine": "scripted"},
    }
    data = {"models": models, "cast": {"model": "s", "judge": {"judge": "likelihood", "model": "big"}}}
    judge = make_judge(parse_config(data, RunConfig))
    assert judge.identity()["model"] == "big"
    with pytest.raises(ConfigError, match="'s' is played by the scripted engine, which gives no log-probabilities"):
        make_judge(parse_config(data, RunConfig, ["cast.judge.model=s"]))
