"""health: how far the simulated users of a run can be trusted: what went wrong in their messages, and how fast they open up.

Each fault is found by a rule that is written down here and in docs/roles.md, and counted in every run. The rules are English, and
rather miss a case than see one that is not there: a rate is a lower bound, good for comparing simulators.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from interalign.agents import Message
from interalign.agents.speech import near_identical, words
from interalign.graphs import ConversationTree
from interalign.sim.disclosure import disclosed

__all__ = ["FAULTS", "OVER_LONG", "Health", "assess", "faults_of", "note_health"]

OVER_LONG = 60
"""Words of a message above which nobody chats like that; the user agent is asked for one or two short sentences."""
_LEAK_SHARE = 0.5
_LEAK_ITEMS = 3
_ECHO_WORDS = 5
"""A shorter text that is repeated is an answer ("Rye bread?" "Rye bread!")."""

_HELPER = re.compile(
    "|".join(
        (
            r"\bhow (?:can|may|could) i (?:help|assist|support)(?: you\b| today\b|\s*[?!.]|\s*\Z)",
            r"\b(?:i'm|i am|we're) (?:(?:always |just )?here|happy|glad|delighted) to (?:help|assist|support)\b",
            r"\bi(?:'d| would|'ll| will)? be (?:happy|glad|delighted) to (?:help|assist)\b",
            r"\bas an? (?:ai|artificial intelligence|(?:large )?language model|(?:ai|virtual) assistant|chatbot)\b",
            r"\bi(?:'m| am) (?:just |only )?(?:an? )?(?:ai|language model|(?:virtual |ai )?assistant|chatbot)\b"
            r"(?! (?:to|at|in|of))",
            r"\bis there anything (?:else )?(?:i can|you(?:'d| would) like|you need)\b",
            r"\b(?:let me know|feel free to (?:ask|reach|share|tell)) (?:if|out|me|any|more|how)\b"
            r".{0,80}\b(?:help|assist|questions?|need)\b",
            r"\bwhat (?:can|would) (?:i (?:do|help)|you like (?:me to|to (?:talk|chat|discuss))) ",
            r"\bhere are (?:some|a few|three|four|five) (?:tips|suggestions|steps|ideas|ways)\b",
            r"\bthank(?:s| you) for (?:sharing|reaching out|your (?:question|message))\b",
        )
    )
)
_HINTS = (
    "help",
    "assist",
    "support",
    " ai",
    "model",
    "chatbot",
    "anything",
    "let me",
    "free",
    "what",
    "here are",
    "thank",
)
"""One of these is in whatever the rule finds: most messages need not be searched."""
_THIRD = re.compile(
    r"\bth(?:e|is) user(?:'s)?\b|\b(?:the|this|my|a) persona\b|\bmy character\b|\b(?:user|persona)(?: agent)?\s*:"
    r"|(?:\A|[.!?]\s+)the person (?:is|has|was|likes?|loves?|hates?|enjoys?|wants?|prefers?|lives?|works?|says?|feels?|keeps?)\b"
)
_ACTS = (
    "smil laugh chuckl giggl grin sigh nod shrug wink wav paus blush frown smirk cough yawn whisper lean look glanc gaz stretch "
    "scratch rais roll shak clap sip sniff groan gasp tap typ"
)
_ACTING = re.compile(
    rf"[(\[<*]\s*(?:he |she |they |i )?(?:\w+ly )?(?:{_ACTS.replace(' ', '|')})(?:e|es|s|ing|ling|les)?\b"
    r"[^()\[\]<>*]{0,60}[)\]>*]"
)


@dataclass(frozen=True, slots=True)
class Health:
    """Of one conversation, or summed over many with `+`. Faults are numbers of user messages."""

    conversations: int = 0
    messages: int = 0
    """User messages, those of all branches."""
    role_flips: int = 0
    """The user talks like an assistant: offers help, calls itself an AI, thanks for sharing."""
    echoes: int = 0
    """Nearly the words of the reply before, or that reply word for word in the message."""
    empty: int = 0
    """Not a word in it."""
    over_long: int = 0
    """More than `OVER_LONG` words."""
    leaks: int = 0
    """Everything at once: half of the persona's facts and traits, three at least, in one message."""
    third_person: int = 0
    """Talks of itself as "the user", a persona or a character."""
    stage_directions: int = 0
    """Acts in brackets or between asterisks: (smiles)."""
    reached: tuple[int, ...] = ()
    """How many conversations have a turn 1, 2, ..."""
    disclosed: tuple[float, ...] = ()
    """Sum over these of the share of the profile's facts that was out by turn 1, 2, ... of the main path."""

    def __add__(self, other: "Health") -> "Health":
        return Health(*(_add(getattr(self, field.name), getattr(other, field.name)) for field in fields(self)))

    @property
    def curve(self) -> tuple[float, ...]:
        """The mean share of facts disclosed by turn 1, 2, ..., over the conversations that came so far."""
        return tuple(total / count for total, count in zip(self.disclosed, self.reached, strict=True))

    def rate(self, fault: str) -> float:
        """Share of user messages with that fault."""
        return getattr(self, fault) / self.messages if self.messages else 0.0

    def to_dict(self) -> dict[str, Any]:
        """What is not zero, as JSON."""
        data = {name: value for name, value in asdict(self).items() if value}
        lists = {"reached": list(self.reached), "disclosed": [round(share, 4) for share in self.disclosed]}
        return {name: lists.get(name, value) for name, value in data.items()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Health":
        """The inverse of `to_dict`. Raises TypeError or ValueError for anything else."""
        listed = {name: tuple(data.get(name, ())) for name in ("reached", "disclosed")}
        return cls(**{**data, **listed})

    def __str__(self) -> str:
        found = [f"{fault.replace('_', ' ')} {self.rate(fault):.1%}" for fault in FAULTS if getattr(self, fault)]
        curve = self.curve
        told = f"; facts told by turn {len(curve)}: {curve[-1]:.0%}" if curve else ""
        return f"{', '.join(found) or 'no faults found'} (of {self.messages:,} user messages){told}"


FAULTS = ("role_flips", "echoes", "empty", "over_long", "leaks", "third_person", "stage_directions")


def _add(one: Any, other: Any) -> Any:
    if not isinstance(one, tuple):
        return one + other
    longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
    return tuple(value + (shorter[place] if place < len(shorter) else 0) for place, value in enumerate(longer))


def assess(tree: ConversationTree) -> Health:
    """The health of one conversation."""
    told = _told(tree)
    return _health(tree, _faults(tree, told), told)


def faults_of(history: Sequence[Message]) -> tuple[str, ...]:
    """What is wrong with the last message of a branch, which is the user's; leaks, which need the persona, aside."""
    text = history[-1].text
    lowered, said = text.lower().replace("\u2019", "'"), words(text)
    reply = history[-2].text if len(history) > 1 else ""
    rules = {
        "role_flips": any(hint in lowered for hint in _HINTS) and _HELPER.search(lowered) is not None,
        "echoes": bool(reply) and _echoes(text, reply),
        "empty": not said,
        "over_long": len(said) > OVER_LONG,
        "third_person": _THIRD.search(lowered) is not None,
        "stage_directions": _ACTING.search(lowered) is not None,
    }
    return tuple(fault for fault, found in rules.items() if found)


def _echoes(text: str, reply: str) -> bool:
    """Whether a message says the reply before it again. A short reply may well be taken up."""
    mine, theirs = words(text), words(reply)
    if min(len(mine), len(theirs)) < _ECHO_WORDS:
        return False
    return near_identical(text, reply) or f" {' '.join(theirs)} " in f" {' '.join(mine)} "


Told = dict[str, tuple[set[int], int]]
"""By the id of a user message: the facts and traits that it gives away, and how many there are."""


def _told(tree: ConversationTree) -> Told:
    users = [node for node in tree if node.role == "user"]
    told: Told = {}
    for persona in (tree.persona, tree.flip.persona) if tree.flip else (tree.persona,):
        mine = [node for node in users if tree.persona_at(node.turn) is persona]
        found = disclosed(persona.items, [node.text for node in mine])
        told |= {node.id: (items, len(persona.items)) for node, items in zip(mine, found, strict=True)}
    return told


def _faults(tree: ConversationTree, told: Told) -> dict[str, tuple[str, ...]]:
    """By the id of a user message, in their order."""
    faults: dict[str, tuple[str, ...]] = {}
    for id, (items, known) in told.items():
        leak = len(items) >= max(_LEAK_ITEMS, _LEAK_SHARE * known)
        above = tree.parent(id)
        last = [Message(node.role, node.text) for node in ([tree[above]] if above else []) + [tree[id]]]
        faults[id] = faults_of(last) + (("leaks",) if leak else ())
    return faults


def _health(tree: ConversationTree, faults: Mapping[str, Sequence[str]], told: Told) -> Health:
    counts = {fault: sum(fault in found for found in faults.values()) for fault in FAULTS}
    facts = len(tree.persona.facts)  # a flip changes the traits alone
    out: set[int] = set()
    curve: list[float] = []
    for node in tree.main_path():
        if node.role == "user":
            out |= {item for item in told[node.id][0] if item < facts}
            curve.append(round(len(out) / facts, 4))
    return Health(conversations=1, messages=len(told), reached=(1,) * len(curve), disclosed=tuple(curve), **counts)


def note_health(tree: ConversationTree) -> Health:
    """Assess a conversation, and keep what was found with it: faults as notes at their messages, and the record at the tree."""
    told = _told(tree)
    faults = _faults(tree, told)
    for id, found in faults.items():
        if found:
            tree.annotate(id, faults=list(found))
    health = _health(tree, faults, told)
    tree.graph.graph["health"] = health.to_dict()
    return health
