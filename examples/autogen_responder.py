"""autogen_responder: an AutoGen agent with a tool competes with a shipped responder.

    python examples/autogen_responder.py

Its calls take the run's way to the model: cache, budget and ledger hold for them. In a TOML file:
    [[cast.responders]]
    name = "tooled"
    agent = "autogen_responder:make_agent"
"""

from autogen_agentchat.agents import AssistantAgent
from autogen_core.models import ChatCompletionClient
from rich import print

import interalign as ia
from interalign.agents.autogen_bridge import AutoGenResponder

FACTS = {"hens": "Hens lay about five eggs a week.", "bread": "Rye dough wants a night of rest."}


def look_up(subject: str) -> str:
    """Something to know about a subject."""
    return next((fact for word, fact in FACTS.items() if word in subject.lower()), "Nothing is known about that.")


def make_agent(client: ChatCompletionClient) -> AssistantAgent:
    """Called for every reply: what an agent remembers is the branch it answers, and nothing else."""
    return AssistantAgent(
        "tooled",
        client,
        tools=[look_up],
        reflect_on_tool_use=True,
        system_message="Chat as a friend would, in one or two sentences. Look things up where it helps.",
    )


persona = ia.Persona(
    id="p", facts=("I keep six hens behind the garage.", "I bake rye bread on Sundays."), traits=("I like facts.",)
)
cast = ia.Cast(
    user=ia.Agent(ia.UserAgent(), "script"),
    responders=(
        ia.Candidate("plain", ia.Agent(ia.Responder(), "script")),
        ia.Candidate("tooled", AutoGenResponder(make_agent, "script"), strategy="tooled"),
    ),
    judge=ia.EmbeddingJudge(),
)


async def main() -> None:
    caller = ia.CallPath({"script": ia.ScriptedEngine()})
    tree = await ia.grow(ia.compile_dialogue(), id="tooled", persona=persona, cast=cast, caller=caller, turns=3)
    print(ia.draw_tree(tree))
    for row in caller.ledger.to_dict()["by_role_and_model"]:
        print(f"{row['role']}: {row['calls']} calls, {row['prompt_tokens']} prompt tokens")


if __name__ == "__main__":
    ia.run(main)
