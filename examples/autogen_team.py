"""autogen_team: the simulated user and a judge as members of an AutoGen team, beside two of AutoGen's own agents.

    python examples/autogen_team.py

Everybody's calls take one way to the model, so that limits, budget, cache and ledger of the call path hold for all of them.
"""

from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.conditions import MaxMessageTermination
from autogen_agentchat.messages import TextMessage
from autogen_agentchat.teams import RoundRobinGroupChat
from rich import print

import interalign as ia
from interalign.agents.autogen_bridge import CallerClient, JudgeChatAgent, UserChatAgent

TURNS = 3


def take_up(said: str) -> str:
    """Take up what was said."""
    return f"So you say: {said}"


async def main() -> None:
    persona = ia.shipped_personas(1)[0]
    path = ia.CallPath({"script": ia.ScriptedEngine()})
    user = UserChatAgent("person", ia.Agent(ia.UserAgent(), "script"), persona, path, hears="short")
    short = AssistantAgent("short", CallerClient(path, "script", key="short"), system_message="Answer in five words.")
    tooled = AssistantAgent(
        "tooled", CallerClient(path, "script", key="tooled"), tools=[take_up], reflect_on_tool_use=True
    )
    judge = JudgeChatAgent("judge", ia.EmbeddingJudge(), persona, path, user="person", between=("short", "tooled"))
    team = RoundRobinGroupChat([user, tooled, short, judge], termination_condition=MaxMessageTermination(1 + 4 * TURNS))
    result = await team.run(task="Chat.")
    for message in result.messages:
        if isinstance(message, TextMessage):
            print(f"[b]{message.source}[/b]: {message.content}")
    print([verdict.outcome for verdict in judge.verdicts])


if __name__ == "__main__":
    ia.run(main)
