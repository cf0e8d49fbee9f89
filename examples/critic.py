"""critic: a node of your own in the dialogue machine, played by a role of your own: it annotates every reply.

    python examples/critic.py

It looks on and holds nothing up: its work is started beside the conversation. In a TOML file:
    [run]
    graph = "critic:build"
    [cast.extras.critic]
    role = "critic:Critic"
"""

from collections.abc import Sequence

from autogen_core.models import LLMMessage, UserMessage
from langgraph.runtime import Runtime
from pydantic import BaseModel, Field
from rich import print

import interalign as ia


class Note(BaseModel):
    """What the critic says. Its schema is sent to engines that take one, and read out of the text of those that do not."""

    warmth: int = Field(ge=1, le=5, description="1 is cold, 5 is warm")
    comment: str = Field(description="one short sentence")


class Critic(ia.Role[Note]):
    """Judges the last message of a conversation on its own."""

    output = Note
    prompt = ia.Prompt(
        "Somebody wrote: $said\n\nA friend answered: $reply\n\nCriticise the answer.\n\n$form",
        ("said", "reply", "form"),
    )

    def messages(self, context: ia.Context) -> Sequence[LLMMessage]:
        said, reply = context.history[-2].text, context.history[-1].text
        text = self.prompt.fill(said=said, reply=reply, form=ia.json_request(Note))
        return [UserMessage(content=text, source="critic")]


async def criticise(stage: ia.Stage, id: str) -> None:
    answer = await stage.ask("critic", stage.context(await stage.reply(id)), id)
    stage.tree.annotate(id, critic=answer.value.model_dump())


async def critic(state: ia.DialogueState, runtime: Runtime[ia.Stage]) -> None:
    for user in state["users"]:
        for id in runtime.context.candidates(user):
            runtime.context.start(criticise(runtime.context, id))


def build():
    graph = ia.dialogue_graph()
    graph.add_node("critic", critic)
    graph.add_edge("branch", "critic")
    return graph


async def main() -> None:
    cast = ia.Cast(
        user=ia.Agent(ia.UserAgent(), "script"),
        responders=(
            ia.Candidate("warm", ia.Agent(ia.Responder(), "script")),
            ia.Candidate("cool", ia.Agent(ia.Responder(), "script")),
        ),
        extras={"critic": ia.Agent(Critic(), "script")},
    )
    caller = ia.CallPath({"script": ia.ScriptedEngine()})
    machine = ia.compile_dialogue(build())
    tree = await ia.grow(machine, id="c", persona=ia.shipped_personas(1)[0], cast=cast, caller=caller, turns=3)
    for node in tree:
        print(f"[b]{node.agent}[/b]: {node.text}", tree.notes(node.id).get("critic", ""))


if __name__ == "__main__":
    ia.run(main)
