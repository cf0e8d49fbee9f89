"""first_tree: grow one conversation tree and look at it.

    python examples/first_tree.py

Needs no network and no model: the scripted engine plays every role. Put another client in `models` for a real one,
for example EmbeddedEngine(EmbeddedConfig(engine="embedded")) after `interalign models pull smollm2-135m`.
"""

from rich import print

import interalign as ia

models = {"script": ia.ScriptedEngine()}
cast = ia.Cast(
    user=ia.Agent(ia.UserAgent(), "script"),
    inducer=ia.Agent(ia.Inducer(), "script"),
    responders=(
        ia.Candidate("plain", ia.Agent(ia.Responder("plain"), "script")),
        ia.Candidate("hinted", ia.Agent(ia.Responder("hinted"), "script"), strategy="hinted"),
    ),
    judge=ia.LLMJudge("script"),
)


async def main() -> None:
    persona = ia.shipped_personas(1)[0]
    tree = await ia.grow(
        ia.compile_dialogue(), id="first", persona=persona, cast=cast, caller=ia.CallPath(models), turns=3
    )
    print(ia.draw_tree(tree))
    print(f"{len(tree)} messages, {len(list(tree.pairs()))} preference pairs")


if __name__ == "__main__":
    ia.run(main)
