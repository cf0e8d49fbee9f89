"""messages: autogen-core's message objects, made once for a text.

A conversation's history is sent again at every turn; building its messages anew each time would be the dearest part of a prompt.
"""

from functools import lru_cache

from autogen_core.models import AssistantMessage, SystemMessage, UserMessage

__all__ = ["assistant", "system", "user"]


@lru_cache(maxsize=8192)
def system(text: str) -> SystemMessage:
    return SystemMessage(content=text)


@lru_cache(maxsize=8192)
def user(text: str, source: str = "user") -> UserMessage:
    return UserMessage(content=text, source=source)


@lru_cache(maxsize=8192)
def assistant(text: str, source: str = "assistant") -> AssistantMessage:
    return AssistantMessage(content=text, source=source)
