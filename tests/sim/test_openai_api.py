"""The openai_api engine against a stub server."""

from typing import Any

import pytest
import stub
from autogen_core.models import AssistantMessage, SystemMessage, UserMessage
from pydantic import BaseModel

from interalign.errors import CallError, ConfigError, TransientError
from interalign.sim.engines import OpenAIConfig, OpenAIEngine

MESSAGES = [SystemMessage(content="s"), UserMessage(content="u", source="x"), AssistantMessage(content="a", source="y")]


def create(server: Any, config: dict[str, Any] | None = None, **keywords: Any) -> Any:
    async def work(base_url: str) -> Any:
        engine = OpenAIEngine(OpenAIConfig(engine="openai_api", base_url=base_url, model="m", **(config or {})))
        try:
            return await engine.create(MESSAGES, **keywords)
        finally:
            await engine.close()

    return stub.with_stub(server, work)


def test_a_call_sends_the_messages_and_reads_text_and_usage() -> None:
    server = stub.Stub(stub.completion("hello"))
    result = create(server, {"parameters": {"temperature": 0.1}}, extra_create_args={"seed": 3})
    assert server.bodies[0]["messages"] == [
        {"role": "system", "content": "s"},
        {"role": "user", "content": "u"},
        {"role": "assistant", "content": "a"},
    ]
    assert (server.bodies[0]["temperature"], server.bodies[0]["seed"]) == (0.1, 3)
    assert result.content == "hello"
    assert (result.usage.prompt_tokens, result.usage.cached_tokens, result.usage.completion_tokens) == (11, 5, 3)


def test_no_seed_is_sent_where_the_server_cannot_take_one() -> None:
    server = stub.Stub(stub.completion())
    create(server, {"send_seed": False}, extra_create_args={"seed": 3})
    assert "seed" not in server.bodies[0]


def test_structured_output_is_asked_for_by_schema() -> None:
    class Reply(BaseModel):
        mood: str

    server = stub.Stub(stub.completion())
    create(server, json_output=Reply)
    assert server.bodies[0]["response_format"]["json_schema"]["schema"]["properties"]["mood"]["type"] == "string"


def test_the_key_comes_from_the_named_variable_and_shows_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", "sk-secret")
    server = stub.Stub(stub.completion())
    create(server, {"api_key_env": "SOME_KEY"})
    assert server.headers[0]["Authorization"] == "Bearer sk-secret"
    config = OpenAIConfig(engine="openai_api", base_url="http://localhost/v1", model="m", api_key_env="SOME_KEY")
    engine = OpenAIEngine(config)
    assert "sk-secret" not in repr(engine) + repr(vars(engine)) + repr(config) + str(engine.identity())


def test_a_missing_key_is_named_before_any_call() -> None:
    with pytest.raises(ConfigError, match="'NO_SUCH_KEY' that api_key_env names is not set"):
        OpenAIEngine(
            OpenAIConfig(engine="openai_api", base_url="http://localhost/v1", model="m", api_key_env="NO_SUCH_KEY")
        )


@pytest.mark.parametrize("reply", [500, 502, 429, "reset", "not json", '{"choices": [', {"choices": []}, "[1]"])
def test_faults_that_may_pass_are_transient(reply: Any) -> None:
    with pytest.raises(TransientError):
        create(stub.Stub(reply))


@pytest.mark.parametrize(("status", "hint"), [(400, "status 400"), (401, "api_key_env"), (404, "base_url and model")])
def test_refusals_are_final_and_say_what_helps(status: int, hint: str) -> None:
    with pytest.raises(CallError, match=hint) as caught:
        create(stub.Stub(status))
    assert not isinstance(caught.value, TransientError)


def test_retry_after_is_read() -> None:
    with pytest.raises(TransientError) as caught:
        create(stub.Stub((429, {"Retry-After": "2.5"})))
    assert caught.value.retry_after == 2.5


def test_a_server_that_hangs_is_a_timeout() -> None:
    with pytest.raises(TransientError, match=r"no answer within 0\.1 s"):
        create(stub.Stub("hang"), {"timeout": 0.1})


def test_no_content_is_an_empty_answer_for_the_role_to_refuse() -> None:
    assert create(stub.Stub(stub.completion(None))).content == ""


@pytest.mark.parametrize("url", ["localhost:8000", "http://user:pass@host/v1"])
def test_a_wrong_base_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"base_url|credentials"):
        OpenAIConfig(engine="openai_api", base_url=url, model="m")
