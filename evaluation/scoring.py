"""scoring: what is measured at a reply, and how it stands in the tree.

Scores and inferences are notes at the reply they are about, under the name of who gave them. So the viewer shows them, a second
judge adds its own beside them, and whatever is there already is not asked for again.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from interalign.agents import Agent, Caller, Context, Persona, PointwiseJudge, Score
from interalign.agents.seeds import derive
from interalign.errors import CallError, ConfigError
from interalign.evaluation.elicitation import disclosed, part_of
from interalign.evaluation.inference import ProfileInference
from interalign.graphs import ConversationTree

__all__ = ["Observer", "Scorer", "claims_at", "score_at"]

SCORES, INFERENCE = "scores", "inference"


class Scorer:
    """A judge that scores, and what it is called in the trees.

    Raises:
        ConfigError: the judge cannot score single replies.
    """

    def __init__(self, judge: Any, whole: bool = False) -> None:
        if not callable(getattr(judge, "score", None)):
            raise ConfigError(
                f"the judge {judge.name!r} compares replies but has no score(): an evaluation needs a judge that scores one "
                "reply, such as 'llm' or 'embedding'"
            )
        self.judge: PointwiseJudge = judge
        self.whole = whole
        """Round scores to whole numbers."""
        identity = json.dumps([judge.identity(), whole], sort_keys=True, default=str)
        self.label = f"{judge.name}-{hashlib.sha256(identity.encode()).hexdigest()[:8]}"
        """Two judges of one name are told apart by what decides their scores."""

    async def score(self, context: Context, caller: Caller, key: str) -> dict[str, Any]:
        """The note for one score. A call that fails for good is a score that is missing, and may be tried again later."""
        try:
            score = await self.judge.score(context, context.replies[0], caller, key=key)
        except CallError as error:
            return {**_note(Score(judge=self.judge.name, value=None, reason=str(error))), "failed": True}
        return _note(self._rounded(score))

    def _rounded(self, score: Score) -> Score:
        if not self.whole or score.value is None:
            return score
        criteria = {name: float(math.floor(value + 0.5)) for name, value in score.criteria.items()}
        return score.model_copy(update={"value": float(math.floor(score.value + 0.5)), "criteria": criteria})


def _note(score: Score) -> dict[str, Any]:
    return score.model_dump(mode="json", exclude_defaults=True)


@dataclass(frozen=True, slots=True)
class Observer:
    """What is measured at the replies of one subject."""

    scorer: Scorer
    turns: int
    swap: Mapping[str, Persona] = field(default_factory=dict)
    """By the conversation's id: whose persona its replies are scored against, too."""
    adjusted: bool = False
    """Score against the disclosed part of the persona, too."""
    infer_at: tuple[int, ...] = ()
    model: str = ""
    """Who is asked, after these turns, what it knows of the user."""

    def is_done(self, tree: ConversationTree, id: str) -> bool:
        """Whether there is nothing left to ask about the reply."""
        return not self._open_aims(tree, id) and not self._infers(tree, id)

    async def observe(self, tree: ConversationTree, id: str, caller: Caller) -> None:
        """Ask for everything that is not there yet, one after the other, and note it at the reply."""
        for kind, persona in self._open_aims(tree, id).items():
            label = f"{self.scorer.label}{kind}"
            key = f"{derive(tree.seed, tree.id):x}/{id}/{label}"
            note = await self.scorer.score(self._context(tree, id, persona), caller, key)
            tree.annotate(id, scores={**tree.notes(id).get(SCORES, {}), label: {**note, "persona": persona.id}})
        if self._infers(tree, id):
            await self._infer(tree, id, caller)

    def _open_aims(self, tree: ConversationTree, id: str) -> dict[str, Persona]:
        return {
            kind: persona for kind, persona in self._aims(tree, id).items() if not self._has(tree, id, kind, persona)
        }

    def _aims(self, tree: ConversationTree, id: str) -> dict[str, Persona]:
        """Whose persona the reply is scored against, by kind of score."""
        persona = tree.persona_at(tree.turn(id))
        aims = {"": persona}
        if tree.id in self.swap:
            aims["/swap"] = self.swap[tree.id]
        if self.adjusted:
            said = [message.text for message in tree.history(id) if message.role == "user"]
            part = part_of(persona, disclosed(persona.items, said)[-1])
            if part is not None:
                aims["/adjusted"] = part
        return aims

    def _has(self, tree: ConversationTree, id: str, kind: str, persona: Persona) -> bool:
        note = tree.notes(id).get(SCORES, {}).get(f"{self.scorer.label}{kind}")
        return note is not None and not note.get("failed") and note.get("persona") == persona.id

    def _context(self, tree: ConversationTree, id: str, persona: Persona) -> Context:
        *history, reply = tree.history(id)
        return Context(
            history=tuple(history), persona=persona, turn=tree.turn(id), turns=self.turns, replies=(reply.text,)
        )

    def _infers(self, tree: ConversationTree, id: str) -> bool:
        if not self.model or tree.turn(id) not in self.infer_at:
            return False
        note = tree.notes(id).get(INFERENCE)
        return note is None or "reason" in note

    async def _infer(self, tree: ConversationTree, id: str, caller: Caller) -> None:
        context = Context(history=tree.history(id), turn=tree.turn(id), turns=self.turns)
        key = f"{derive(tree.seed, tree.id):x}/{id}/{INFERENCE}"
        try:
            answer = await caller.ask(Agent(ProfileInference(), self.model), context, key=key)
        except CallError as error:
            tree.annotate(id, inference={"reason": str(error)})
        else:
            tree.annotate(id, inference={"claims": list(answer.value)})


def score_at(tree: ConversationTree, id: str, label: str) -> Score | None:
    """What the judge with that label (and kind of score) made of a reply; None if it has not looked."""
    note = tree.notes(id).get(SCORES, {}).get(label)
    if note is None:
        return None
    return Score.model_validate({key: value for key, value in note.items() if key not in ("failed", "persona")})


def claims_at(tree: ConversationTree, id: str) -> list[str] | None:
    """What the model said after this reply that it knows; None if it was not asked, or the call failed."""
    return tree.notes(id).get(INFERENCE, {}).get("claims")
