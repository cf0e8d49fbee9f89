"""new_role: define a responder of your own and let it compete with a shipped one.

    python examples/new_role.py

A role is two pure methods: what the model is asked, and how its answer is read. In a TOML file the same class is
`role = "new_role:Mirror"` in a section of `[[cast.responders]]`.
"""

from collections.abc import Sequence

from autogen_core.models import LLMMessage, UserMessage
from rich import print

import interalign as ia


class Mirror(ia.Role[str]):
    """Answers in the user's own manner, from the last message alone."""

    def messages(self, context: ia.Context) -> Sequence[LLMMessage]:
        said = context.history[-1].text
        return [UserMessage(content=f"Answer this in the manner in which it is written: {said}", source="user")]

    def parse(self, text: str) -> str:
        return text.strip()


# The scripted engine plays roles it does not know from scripts of yours; a real model needs none.
model = ia.ScriptedEngine(scripts={"mirror": lambda context: f"Oh yes! {context.history[-1].text} Me too."})
cast = ia.Cast(
    user=ia.Agent(ia.UserAgent(), "script"),
    responders=(
        ia.Candidate("plain", ia.Agent(ia.Responder("plain"), "script")),
        ia.Candidate("mirror", ia.Agent(Mirror(), "script"), strategy="mirror"),
    ),
    judge=ia.EmbeddingJudge(),
)


async def main() -> None:
    persona = ia.shipped_personas(1)[0]
    caller = ia.CallPath({"script": model})
    tree = await ia.grow(ia.compile_dialogue(), id="mirror", persona=persona, cast=cast, caller=caller, turns=2)
    print(ia.draw_tree(tree))


if __name__ == "__main__":
    ia.run(main)
