"""AutoGen agents in a cast, and our user and judges in an AutoGen team."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import growing
import pytest
from autogen_agentchat.agents import AssistantAgent, BaseChatAgent
from autogen_agentchat.base import Response
from autogen_agentchat.conditions import MaxMessageTermination
from autogen_agentchat.messages import BaseChatMessage, TextMessage
from autogen_agentchat.teams import RoundRobinGroupChat
from autogen_core import CancellationToken
from autogen_core.models import AssistantMessage, ChatCompletionClient, LLMMessage, UserMessage

from interalign.agents import Agent, Candidate, Context, EmbeddingJudge, LLMJudge, Message, Responder, UserAgent
from interalign.agents.autogen_bridge import AutoGenResponder, CallerClient, JudgeChatAgent, UserChatAgent
from interalign.errors import BudgetError, CallError, ConfigError
from interalign.graphs import ConversationTree
from interalign.sim import CallPath, CallSettings, ScriptedEngine
from interalign.sim.calls import BudgetSettings, CallCache
from interalign.sim.engines import ScriptedConfig

Make = Callable[[ChatCompletionClient], Any]


class Recording(ScriptedEngine):
    """Keeps the messages of every call."""

    def __init__(self, **scripts: Any) -> None:
        super().__init__(ScriptedConfig(engine="scripted"), scripts)
        self.sent: list[list[LLMMessage]] = []

    async def create(self, messages: Sequence[LLMMessage], **keywords: Any) -> Any:
        self.sent.append(list(messages))
        return await super().create(messages, **keywords)


def look_up(subject: str) -> str:
    """Something about a subject."""
    return f"All about {subject}"


def chatty(client: ChatCompletionClient) -> AssistantAgent:
    return AssistantAgent("chatty", client, system_message="Be kind.")


def tooled(client: ChatCompletionClient) -> AssistantAgent:
    return AssistantAgent("tooled", client, tools=[look_up], reflect_on_tool_use=True)


class Parrot(BaseChatAgent):
    """An agent without a model context."""

    def __init__(self, say: Callable[[Sequence[BaseChatMessage]], str]) -> None:
        super().__init__("parrot", "Repeats.")
        self.say = say

    @property
    def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
        return (TextMessage,)

    async def on_messages(self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken) -> Response:
        return Response(chat_message=TextMessage(content=self.say(messages), source=self.name))

    async def on_reset(self, cancellation_token: CancellationToken) -> None:
        pass


def done(work: Awaitable[Any]) -> Any:
    async def run() -> Any:
        return await work

    return asyncio.run(run())


HISTORY = (Message("user", "Hi."), Message("assistant", "Hello!"), Message("user", "I row."))


def answer(make: Make, engine: ScriptedEngine | None = None, context: Context | None = None, **options: Any) -> Any:
    caller = CallPath({"m": engine or ScriptedEngine()})
    return done(AutoGenResponder(make, "m", **options).perform(context or Context(HISTORY), caller, key="k"))


# -- as a responder ------------------------------------------------------------------------------


def test_an_assistant_agent_remembers_the_branch_with_its_own_replies_as_its_own() -> None:
    engine = Recording()
    answer(chatty, engine)
    [messages] = engine.sent
    assert [message.content for message in messages] == ["Be kind.", "Hi.", "Hello!", "I row."]
    assert isinstance(messages[2], AssistantMessage)
    assert messages[2].source == "chatty"


def test_any_other_agent_gets_the_branch_as_messages() -> None:
    agent = Parrot(lambda messages: " | ".join(f"[{message.source}] {message.to_text()}" for message in messages))
    assert answer(lambda client: agent).value == "[user] Hi. | [parrot] Hello! | [user] I row."


def test_what_is_known_of_the_user_stands_with_the_last_message_alone() -> None:
    context = Context(HISTORY, known=("The user rows.",), persona=growing.PERSONA)
    hinted, informed, plain = Recording(), Recording(), Recording()
    answer(chatty, hinted, context, strategy="hinted")
    answer(chatty, informed, context, strategy="informed")
    answer(chatty, plain, context)
    assert str(hinted.sent[0][-1].content).startswith("I row.\n\n(Of this person you know:\n- The user rows.")
    assert all(item in str(informed.sent[0][-1].content) for item in growing.PERSONA.items)
    assert plain.sent[0][-1].content == "I row."


def test_tools_are_called_and_their_results_used_and_every_call_counts() -> None:
    engine = Recording()
    result = answer(tooled, engine)
    assert "All about I row." in result.value
    assert result.usage.calls == engine.calls == 2
    assert [message.type for message in engine.sent[1][-2:]] == ["AssistantMessage", "FunctionExecutionResultMessage"]


def cast(make: Make) -> Any:
    return growing.cast(
        responders=(
            Candidate("plain", Agent(Responder(), "m")),
            Candidate("tooled", AutoGenResponder(make, "m"), "tooled"),
        )
    )


def test_a_conversation_with_an_autogen_agent_is_the_same_however_calls_return() -> None:
    quick = growing.grown(cast=cast(tooled))
    slow = growing.grown(growing.scripted(latency=0.003), cast=cast(tooled))
    assert quick.to_json() == slow.to_json()
    assert {node.model for node in quick if node.agent == "tooled"} == {"m"}


def test_branches_and_conversations_do_not_share_what_an_agent_remembers() -> None:
    engine = Recording()
    tree = growing.grown(engine, cast=cast(chatty), turns=3)
    for messages in engine.sent:
        if messages[0].content == "Be kind.":
            said = [str(message.content) for message in messages[1:]]
            assert any(tuple(said) == tuple(m.text for m in tree.history(node.id)) for node in tree)


def test_a_run_with_a_cache_asks_nothing_twice(tmp_path: Any) -> None:
    class Kept(ScriptedEngine):
        worth_caching = True

    engine, trees, calls = Kept(), [], []
    for _ in range(2):
        cache = CallCache(tmp_path / "c.sqlite")
        caller = CallPath({"m": engine}, cache=cache)
        trees.append(growing_tree(cast(tooled), caller).to_json())
        calls.append(engine.calls)
        cache.close()
    assert calls[0] == calls[1] > 0
    assert trees[0] == trees[1]


def growing_tree(cast: Any, caller: CallPath) -> ConversationTree:
    from interalign.graphs import compile_dialogue, grow

    return done(grow(compile_dialogue(), id="c", persona=growing.PERSONA, cast=cast, caller=caller, turns=2))


def test_the_budget_holds_for_its_calls_too() -> None:
    caller = CallPath({"m": ScriptedEngine()}, CallSettings(budget=BudgetSettings(calls=1)))
    with pytest.raises(BudgetError, match="budget of 1 calls"):
        done(AutoGenResponder(tooled, "m").perform(Context(HISTORY), caller, key="k"))


def test_an_agent_that_raises_or_says_nothing_fails_one_conversation() -> None:
    def fail(messages: Sequence[BaseChatMessage]) -> str:
        raise KeyError("lost")

    with pytest.raises(CallError, match="the AutoGen agent 'parrot' failed: KeyError: 'lost'"):
        answer(lambda client: Parrot(fail))
    with pytest.raises(CallError, match="gave 3 answers that cannot be read: the reply is empty"):
        answer(lambda client: Parrot(lambda messages: " "))


def test_what_is_no_factory_of_agents_is_refused() -> None:
    with pytest.raises(ConfigError, match="one agent cannot be in many conversations at a time"):
        AutoGenResponder(Parrot(str), "m")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="makes no agent from a model client: ZeroDivisionError"):
        answer(lambda client: 1 / 0)
    with pytest.raises(ConfigError, match="returned a str, which is no agent of autogen-agentchat"):
        answer(lambda client: "agent")


def test_a_caller_without_completions_cannot_play_it() -> None:
    class Bare:
        async def ask(self, agent: Any, context: Context, *, key: str) -> Any: ...

    with pytest.raises(ConfigError, match="a Bare cannot play AutoGen agents; use a CallPath"):
        done(AutoGenResponder(chatty, "m").perform(Context(HISTORY), Bare(), key="k"))


# -- in a team -----------------------------------------------------------------------------------


def team_run(turns: int, judge: Any, **options: Any) -> tuple[Any, UserChatAgent, JudgeChatAgent]:
    async def play() -> Any:
        path = CallPath({"m": ScriptedEngine()})
        user = UserChatAgent("person", Agent(UserAgent(), "m"), growing.PERSONA, path, hears="b", **options)
        a = AssistantAgent("a", CallerClient(path, "m", key="a"))
        b = AssistantAgent("b", CallerClient(path, "m", key="b"), tools=[look_up], reflect_on_tool_use=True)
        judging = JudgeChatAgent("judge", judge, growing.PERSONA, path, user="person", between=("a", "b"), hears="b")
        team = RoundRobinGroupChat([user, b, a, judging], termination_condition=MaxMessageTermination(1 + 4 * turns))
        return await team.run(task="Chat."), user, judging

    return asyncio.run(play())


def test_the_user_opens_discloses_by_plan_and_answers_whom_it_hears() -> None:
    result, user, _ = team_run(3, EmbeddingJudge(), disclosure=growing.PERSONA.items[:2])
    said = [message.content for message in result.messages if message.source == "person"]
    assert growing.PERSONA.items[0] in said[0]
    assert growing.PERSONA.items[1] in said[1]
    heard = [m.content for m in result.messages if m.source == "b" and isinstance(m, TextMessage)]
    assert [message.text for message in user.history[1::2]] == heard[:2]


def test_the_judge_sees_the_conversation_of_user_and_continued_member() -> None:
    result, user, judge = team_run(3, EmbeddingJudge())
    assert judge.history == user.history
    assert [verdict.outcome for verdict in judge.verdicts] == ["b", "b", "b"]
    last = result.messages[-1]
    assert (last.source, last.content) == ("judge", "b is better")
    assert '"outcome":"b"' in last.metadata["verdict"]


def test_an_llm_judge_works_in_a_team_too() -> None:
    _, _, judge = team_run(2, LLMJudge("m"))
    assert len(judge.verdicts) == 2
    assert all(len(verdict.votes) == 2 for verdict in judge.verdicts)


def test_a_team_member_comes_back_from_its_state_and_forgets_on_reset() -> None:
    _, user, judge = team_run(2, EmbeddingJudge())
    path = CallPath({"m": ScriptedEngine()})
    again = UserChatAgent("person", user.agent, growing.PERSONA, path)
    done(again.load_state(done(user.save_state())))
    assert again.history == user.history
    twin = JudgeChatAgent("judge", judge.judge, growing.PERSONA, path, user="person", between=("a", "b"))
    done(twin.load_state(done(judge.save_state())))
    assert (twin.verdicts, twin.replies, twin.history) == (judge.verdicts, judge.replies, judge.history)
    done(twin.on_reset(CancellationToken()))
    done(again.on_reset(CancellationToken()))
    assert (twin.verdicts, twin.replies, twin.history, again.history) == ([], {}, [], [])


def test_a_user_that_nobody_answered_says_so_and_a_judge_without_replies_leaves_it_unscored() -> None:
    path = CallPath({"m": ScriptedEngine()})
    user = UserChatAgent("person", Agent(UserAgent(), "m"), growing.PERSONA, path, hears="b")
    done(user.on_messages([], CancellationToken()))
    with pytest.raises(ConfigError, match="turn of 'person' again before 'b' has answered"):
        done(user.on_messages([TextMessage(content="x", source="a")], CancellationToken()))
    judge = JudgeChatAgent("j", EmbeddingJudge(), growing.PERSONA, path, user="person", between=("a", "b"))
    heard = [TextMessage(content="Hi.", source="person"), TextMessage(content="x", source="a")]
    assert done(judge.on_messages(heard, CancellationToken())).chat_message.content == "unscored: b has not replied"


# -- the client ----------------------------------------------------------------------------------


def test_calls_of_the_client_are_numbered_and_seeded_by_their_place() -> None:
    path = CallPath({"m": ScriptedEngine()})
    asked: list[LLMMessage] = [UserMessage(content="Hi", source="user")]

    async def texts(key: str) -> list[Any]:
        client = CallerClient(path, "m", key=key)
        return [(await client.create(asked)).content for _ in range(6)]

    one, again, other = (asyncio.run(texts(key)) for key in ("k", "k", "l"))
    assert one == again != other
    assert len(set(one)) > 1


def test_the_client_streams_the_whole_answer_and_adds_up_its_usage() -> None:
    client = CallerClient(CallPath({"m": ScriptedEngine()}), "m", key="k")

    async def stream() -> list[Any]:
        return [part async for part in client.create_stream([UserMessage(content="Hi", source="user")])]

    text, result = asyncio.run(stream())
    assert (text, result.usage.prompt_tokens) == (result.content, client.total_usage().prompt_tokens)
    assert client.usage.calls == 1
