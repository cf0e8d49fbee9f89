"""moderator: a node of your own that ends conversations.

    python examples/moderator.py

It decides before the next turn, so the conversation waits for it; everything else goes on meanwhile. In a TOML file:
    [run]
    graph = "moderator:build"
    [cast.extras.moderator]
    role = "moderator:Moderator"
"""

from collections.abc import Sequence
from typing import Any

from autogen_core.models import LLMMessage, UserMessage
from langgraph.runtime import Runtime
from pydantic import BaseModel
from rich import print

import interalign as ia


class Ruling(BaseModel):
    """Whether the conversation is over, and why."""

    over: bool
    reason: str


class Moderator(ia.Role[Ruling]):
    """Reads the whole conversation."""

    output = Ruling
    prompt = ia.Prompt("$dialogue\n\nHave the two run out of things to say?\n\n$form", ("dialogue", "form"))

    def messages(self, context: ia.Context) -> Sequence[LLMMessage]:
        lines = "\n".join(f"{message.role}: {message.text}" for message in context.history)
        return [UserMessage(content=self.prompt.fill(dialogue=lines, form=ia.json_request(Ruling)), source="moderator")]


async def moderate(state: ia.DialogueState, runtime: Runtime[ia.Stage]) -> dict[str, Any] | None:
    stage = runtime.context
    for id in state["frontier"]:
        if id is not None:
            answer = await stage.ask("moderator", stage.context(id), id)
            if answer.value.over:
                return {"stop": answer.value.reason}
    return None


def build():
    graph = ia.dialogue_graph()
    graph.add_node("moderator", moderate)
    graph.add_edge("branch", "moderator")
    return graph


def ruling(context: ia.Context) -> str:
    """What the scripted engine answers in the moderator's place; a real model needs no script."""
    return Ruling(over=context.turn == 4, reason="four turns are enough").model_dump_json()


async def main() -> None:
    cast = ia.Cast(
        user=ia.Agent(ia.UserAgent(), "script"),
        responders=(ia.Candidate("plain", ia.Agent(ia.Responder(), "script")),),
        extras={"moderator": ia.Agent(Moderator(), "script")},
    )
    caller = ia.CallPath({"script": ia.ScriptedEngine(scripts={"moderator": ruling})})
    machine = ia.compile_dialogue(build())
    tree = await ia.grow(machine, id="m", persona=ia.shipped_personas(1)[0], cast=cast, caller=caller, turns=10)
    print(ia.draw_tree(tree))
    print(f"stopped after {len(tree) // 2} of 10 turns: {tree.stop}")


if __name__ == "__main__":
    ia.run(main)
