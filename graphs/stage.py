"""stage: one conversation at work: its tree, its cast, and the calls that are under way.

Every call is started as soon as what it depends on is there, and awaited only by who needs it: a reply that is not
continued, an induction or a verdict never holds up the next turn. The tree's ids come from places, not from the order in
which calls return, so the result does not depend on timing.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any, TypeVar

from interalign.agents import Agent, Answer, Caller, Candidate, Cast, Context, Message
from interalign.agents.seeds import derive, generator
from interalign.errors import ConfigError, TreeError
from interalign.graphs.ending import Ending
from interalign.graphs.policies import Guided, Leaf, Policy
from interalign.graphs.tree import ConversationTree

__all__ = ["Stage", "judging_context"]

T = TypeVar("T")


@dataclass(slots=True)
class Stage:
    """The runtime context of the dialogue machine; a node reaches it as `runtime.context`."""

    tree: ConversationTree
    cast: Cast
    policy: Policy | Guided
    caller: Caller
    turns: int
    tasks: asyncio.TaskGroup
    disclosure: tuple[str, ...] = ()
    """What the user brings up at turn 1, 2, ...; empty: the user agent decides."""
    ending: Ending = field(default_factory=Ending)
    """When a branch is over before its last turn."""
    _replies: dict[str, asyncio.Task[Any]] = field(default_factory=dict)
    _inductions: dict[str, asyncio.Task[tuple[str, ...]]] = field(default_factory=dict)
    _histories: dict[str, tuple[Message, ...]] = field(default_factory=dict)
    _judgements: dict[str, list[asyncio.Task[None]]] = field(default_factory=dict)
    _leaves: list[str] = field(default_factory=list)
    _started: set[asyncio.Task[Any]] = field(default_factory=set)

    # -- the user ----------------------------------------------------------------------------------

    async def speak(self, parent: str | None) -> str:
        """Let the user agent answer `parent` (None: open the conversation); returns the new message's id."""
        turn = 1 if parent is None else self.tree.turn(parent) + 1
        disclose = self.disclosure[turn - 1] if turn <= len(self.disclosure) else None
        context = Context(
            history=() if parent is None else self._history(parent),
            persona=self.tree.persona_at(turn),
            turn=turn,
            turns=self.turns,
            disclose=disclose,
        )
        if parent is not None:
            self.tree.set_continued(parent)
        agent = self.cast.user
        answer = await self.caller.ask(agent, context, key=self._key(parent or "", "user"))
        return self.tree.add(
            parent,
            "user",
            answer.value,
            agent=agent.role.name,
            model=agent.model,
            disclose=disclose,
            tokens=answer.usage.completion,
        )

    def ended(self, user: str) -> str | None:
        """Why the branch that ends in the message `user` is over; None if it is not."""
        return self.ending.reason([message.text for message in self._history(user)[::2]])

    # -- the responders ----------------------------------------------------------------------------

    def start_replies(self, user: str, hinted: bool) -> None:
        """Start all hinted, or all other, candidates that answer the message `user`."""
        for place, candidate in enumerate(self.cast.responders):
            if (candidate.strategy == "hinted") == hinted:
                self._replies[f"{user}.{place}"] = self.start(self._reply(user, place, candidate))

    def start_induction(self, user: str) -> None:
        """Let the inducer read the message `user`."""
        if self.cast.inducer is not None:
            self._inductions[user] = self.start(self._induce(user))

    async def reply(self, id: str) -> str:
        """Wait until the candidate with that id stands in the tree."""
        await _result(self._replies[id])
        return id

    def candidates(self, user: str) -> list[str]:
        """The ids of all candidates that answer `user`, there already or not."""
        return [f"{user}.{place}" for place in range(len(self.cast.responders))]

    @property
    def rounds(self) -> int:
        """How many times the machine goes round."""
        return self.policy.rounds(self.turns) if isinstance(self.policy, Guided) else self.turns

    async def follow(self, users: Sequence[str]) -> list[str]:
        """The replies that the conversation goes on from, there already; the verdicts, too, where the policy needs them."""
        if isinstance(self.policy, Guided):
            return await self._choose(self.policy, users)
        drawn = [id for user in users for id in self.drawn(user, self.policy)]
        for id in drawn:
            await self.reply(id)
        return drawn

    async def _choose(self, policy: Guided, users: Sequence[str]) -> list[str]:
        for user in users:
            self.start_judging(user)
            for task in self._judgements[user]:
                await _result(task)
            self._leaves += [await self.reply(id) for id in self.candidates(user)]
        leaves = [Leaf(id, turn, self.value(id)) for id in self._leaves if (turn := self.tree.turn(id)) < self.turns]
        chosen = policy.choose(leaves, max((self.tree.turn(user) for user in users), default=0))
        self._leaves = [id for id in self._leaves if id not in chosen]
        return chosen

    def value(self, id: str) -> float | None:
        """How good the branch that ends in the reply `id` is: the mean of its replies' scores, as far as there are any.

        The score of a reply is the judge's own where it gives scores; otherwise its wins less its losses against its
        siblings, per verdict (-1 to 1), which compares replies of different branches only roughly.
        """
        scores = [score for place in self.tree.path_ids(id)[1::2] if (score := _score(self.tree, place)) is not None]
        return sum(scores) / len(scores) if scores else None

    def drawn(self, user: str, policy: Policy) -> list[str]:
        """The candidates that the policy goes on from: known before they are written."""
        draw = generator(self.tree.seed, self.tree.id, user, "continue")
        chosen = policy.continued(self.tree.turn(user), len(self.cast.responders), draw)
        return [f"{user}.{place}" for place in chosen]

    async def _reply(self, user: str, place: int, candidate: Candidate) -> None:
        context = self.context(user, persona=candidate.strategy == "informed")
        if candidate.strategy == "hinted" and user in self._inductions:
            await _result(self._inductions[user])
            context = replace(context, known=self._known(user))
        key = self._key(user, candidate.name)
        if isinstance(candidate.agent, Agent):
            answer = await self.caller.ask(candidate.agent, context, key=key)
        else:
            answer = await candidate.agent.perform(context, self.caller, key=key)
        self.tree.add(
            user,
            "assistant",
            answer.value,
            place=place,
            agent=candidate.name,
            model=candidate.agent.model,
            strategy=candidate.strategy,
            tokens=answer.usage.completion,
        )

    # -- the inducer -------------------------------------------------------------------------------

    async def _induce(self, user: str) -> tuple[str, ...]:
        inducer = self.cast.inducer
        assert inducer is not None
        former = self.tree.path_ids(user)[:-1:2]  # every second message of a branch is the user's
        found = [await _result(self._inductions[id]) for id in former]
        context = replace(self.context(user, persona=True), inductions=tuple(found))
        answer = await self.caller.ask(inducer, context, key=self._key(user, "inducer"))
        self.tree.set_induced(user, answer.value)
        return answer.value

    def _known(self, user: str) -> tuple[str, ...]:
        """Everything induced along the branch, each thing once."""
        return tuple(
            dict.fromkeys(item for id in self.tree.path_ids(user)[::2] for item in self._inductions[id].result())
        )

    # -- the judge ---------------------------------------------------------------------------------

    def start_judging(self, user: str) -> None:
        """Start comparing every two candidates that answer `user`; each comparison waits for its two replies."""
        if self.cast.judge is not None and user not in self._judgements:
            pairs = combinations(self.candidates(user), 2)
            self._judgements[user] = [self.start(self._judge(user, a, b)) for a, b in pairs]

    async def _judge(self, user: str, a: str, b: str) -> None:
        judge = self.cast.judge
        assert judge is not None
        await self.reply(a)
        await self.reply(b)
        context = judging_context(self.tree, a, b, self.turns, self._history(user))
        first, second = context.replies
        verdict = await judge.compare(context, first, second, self.caller, key=self._key(user, f"judge/{a}/{b}"))
        self.tree.add_verdict(a, b, verdict)

    # -- nodes of one's own ------------------------------------------------------------------------

    def context(self, id: str, persona: bool = False) -> Context:
        """The conversation down to the message `id`, and who the user is if `persona` is set."""
        turn = self.tree.turn(id)
        known = self.tree.persona_at(turn) if persona else None
        return Context(history=self._history(id), persona=known, turn=turn, turns=self.turns)

    async def ask(self, who: str, context: Context, place: str) -> Answer[Any]:
        """Let one of the cast's extras answer, at the message `place`.

        Raises:
            ConfigError: the cast has no extra of that name.
        """
        if who not in self.cast.extras:
            known = ", ".join(self.cast.extras) or "none"
            raise ConfigError(f"the cast has no extra {who!r} (it has {known}); add one as [cast.extras.{who}]")
        return await self.caller.ask(self.cast.extras[who], context, key=self._key(place, f"extra/{who}"))

    # -- common ------------------------------------------------------------------------------------

    def _history(self, id: str) -> tuple[Message, ...]:
        """`tree.history`, remembered: all roles of a turn look at the same one."""
        if id not in self._histories:
            self._histories[id] = self.tree.history(id)
        return self._histories[id]

    def start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Do something beside the conversation: it holds up nothing, and is waited for at the end."""
        task = self.tasks.create_task(work)
        self._started.add(task)
        task.add_done_callback(self._started.discard)
        return task

    async def settle(self) -> None:
        """Wait for every call that is still under way."""
        while self._started:
            await asyncio.wait(self._started)

    def _key(self, place: str, who: str) -> str:
        """Names the call and, with the tree's seed, seeds its sampling."""
        return f"{derive(self.tree.seed, self.tree.id):x}/{place}/{who}"


def judging_context(
    tree: ConversationTree, a: str, b: str, turns: int, history: tuple[Message, ...] | None = None
) -> Context:
    """What a judge sees of two siblings. `history` is the branch above them, if it is at hand."""
    user = tree.parent(a)
    if user is None:
        raise TreeError(f"conversation {tree.id!r}: {a!r} answers nothing, so it cannot be judged")
    return Context(
        history=tree.history(user) if history is None else history,
        persona=tree.persona_at(tree.turn(user)),
        turn=tree.turn(user),
        turns=turns,
        replies=(tree[a].text, tree[b].text),
    )


def _score(tree: ConversationTree, id: str) -> float | None:
    """The mean of what the judge of the run made of a reply, over its comparisons with its siblings."""
    found: list[float] = []
    above = tree.parent(id)
    for other in tree.children(above) if above else ():
        verdict = None if other.id == id else tree.verdict(id, other.id)
        if verdict is None or verdict.outcome == "unscored":
            continue
        if verdict.scores is not None:
            found.append(verdict.scores[0])
        else:
            found.append({"a": 1.0, "b": -1.0, "tie": 0.0}[verdict.outcome])
    return sum(found) / len(found) if found else None


async def _result(task: asyncio.Task[T]) -> T:
    """Wait for a task that others wait for, too."""
    return task.result() if task.done() else await asyncio.shield(task)
