"""server_logprobs: log-probabilities of replies from a server that gives those of prompts (vLLM's `prompt_logprobs`).

The chat is sent with the reply as its last message, left open, and comes back with the log-probability of each of its tokens.
How many of them are the reply's is the difference to the number of tokens that the chat has without it. Calls go through the
caller like any other: they are kept, counted and limited.
"""

import asyncio
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from autogen_core.models import LLMMessage

from interalign.agents import messages as say
from interalign.agents.context import Context
from interalign.agents.judges.likelihood import LogProb
from interalign.agents.judges.verdict import Spent
from interalign.agents.role import Agent, Answer, Caller, Role

__all__ = ["ServerLogProbs"]

_READ = {"temperature": 0.0, "max_tokens": 1}
_OPEN = {"prompt_logprobs": 0, "add_generation_prompt": False, "continue_final_message": True}


class _Reading(Role[str]):
    """A prompt that is to be read, not answered."""

    name = "likelihood"

    def __init__(self, prompt: Sequence[LLMMessage], parameters: Mapping[str, Any]) -> None:
        self.read = prompt
        self.parameters = parameters

    def messages(self, context: Context) -> Sequence[LLMMessage]:
        return self.read

    def parse(self, text: str) -> str:
        return text


class ServerLogProbs:
    """The model of that name in the config: an `openai_api` or `vllm` engine whose server is vLLM."""

    def __init__(self, model: str) -> None:
        self.model = model

    def identity(self) -> dict[str, Any]:
        return {"model": self.model}

    async def of_replies(
        self, prompt: Sequence[LLMMessage], replies: Sequence[str], caller: Caller, *, key: str
    ) -> list[LogProb]:
        before, *full = await asyncio.gather(
            self._read(prompt, _READ, caller, f"{key}/before"),
            *(
                self._read([*prompt, say.assistant(reply)], {**_READ, **_OPEN}, caller, f"{key}/{place}")
                for place, reply in enumerate(replies)
            ),
        )
        found = [_mean(before, answer) for answer in full]
        found[0] = found[0]._replace(spent=found[0].spent + Spent.of([before.usage]))
        return found

    async def _read(
        self, prompt: Sequence[LLMMessage], parameters: Mapping[str, Any], caller: Caller, key: str
    ) -> Answer[str]:
        return await caller.ask(Agent(_Reading(prompt, parameters), self.model), Context(), key=key)


def _mean(before: Answer[str], answer: Answer[str]) -> LogProb:
    spent = Spent.of([answer.usage])
    count = answer.usage.prompt - before.usage.prompt
    if not answer.logprobs:
        return LogProb(
            None, "the server gave no log-probabilities of the prompt; vLLM does, with prompt_logprobs", spent
        )
    if not 0 < count <= len(answer.logprobs):
        return LogProb(None, f"the reply comes to {count} tokens of {len(answer.logprobs)} that the server read", spent)
    return LogProb(fmean(token.logprob for token in answer.logprobs[-count:]), "", spent)
