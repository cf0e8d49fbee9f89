"""talks: conversations as a card looks at them: simulated ones out of trees, those of people out of JSONL.

A line of a file of people is `{"messages": [{"role": "user", "content": "..."}, {"role": "assistant", "content": "..."}, ...]}`;
other keys are passed over, and so are messages of other roles (system, tool). Messages of one role that follow each other are
one message. No persona is needed; without one there is no disclosure to measure.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from interalign.agents import Message
from interalign.agents.seeds import generator
from interalign.errors import ConfigError, MissingError
from interalign.graphs import ConversationTree
from interalign.sim.health import assess

__all__ = ["MOST_TALKS", "Talk", "read_talks", "talks_of"]

MOST_TALKS = 5000
"""Conversations that a card is made of; out of more, so many are drawn."""


@dataclass(frozen=True, slots=True)
class Talk:
    """One conversation."""

    cluster: str
    """Conversations that share it are not independent: the profile of a persona, else the conversation itself."""
    messages: tuple[Message, ...]
    disclosed: tuple[float, ...] | None = None
    """The share of the profile's facts that was out by each turn; None where no persona is known."""
    stop: str = ""
    """Why a simulated conversation ended early."""

    def said(self) -> Iterator[tuple[Message, ...]]:
        """Each message of the user with everything before it."""
        return (self.messages[: place + 1] for place, message in enumerate(self.messages) if message.role == "user")


def talks_of(trees: Iterable[ConversationTree]) -> list[Talk]:
    """The continued branch of each tree; trees in which nobody has spoken are left out."""
    found: list[Talk] = []
    for tree in trees:
        messages = tuple(Message(node.role, node.text) for node in tree.main_path())
        if messages:
            cluster = tree.persona.id.partition("+")[0]
            found.append(Talk(cluster, messages, assess(tree).curve, tree.stop or ""))
    return _some(found)


def read_talks(path: Path) -> list[Talk]:
    """The conversations of people in a JSONL file.

    Raises:
        MissingError: there is no such file.
        ConfigError: a line is no conversation, or there is none in which a user speaks. Names file and line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        raise MissingError(f"no conversations at {str(path)!r}; check the path") from None
    except IsADirectoryError:
        raise MissingError(f"{str(path)!r} is a folder; give the path of a JSONL file") from None
    except OSError as error:
        raise MissingError(f"{path} cannot be read ({error.strerror}); check its permissions") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 at byte {error.start}; save the file as UTF-8") from None
    talks: list[Talk] = []
    for number, line in enumerate(text.split("\n"), 1):
        messages = _messages(f"{path}, line {number}", line) if line.strip() else ()
        if any(message.role == "user" for message in messages):
            talks.append(Talk(f"line {number}", messages))
    if not talks:
        raise ConfigError(
            f'{path}: nobody speaks in it; give a line {{"messages": [{{"role": "user", ...}}]}} for each'
        )
    return _some(talks)


def _some(talks: list[Talk]) -> list[Talk]:
    if len(talks) <= MOST_TALKS:
        return talks
    return generator(0, "talks of a card").sample(talks, MOST_TALKS)


def _messages(where: str, line: str) -> tuple[Message, ...]:
    try:
        data: Any = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{where}: not valid JSON ({error}); give one object a line") from None
    listed = data.get("messages") if isinstance(data, dict) else None
    if not isinstance(listed, list):
        raise ConfigError(
            f'{where}: no list of "messages"; a line is {{"messages": [{{"role": ..., "content": ...}}]}}'
        )
    messages: list[Message] = []
    for one in listed:
        role, text = (one.get("role"), one.get("content")) if isinstance(one, dict) else (None, None)
        if not isinstance(role, str) or (role in ("user", "assistant") and not isinstance(text, str)):
            raise ConfigError(
                f"{where}: a message needs a role and a content, both of them text, unlike {str(one)[:80]!r}"
            )
        if role == "user" or role == "assistant":
            _append(messages, Message(role, str(text)))
    return tuple(messages)


def _append(messages: list[Message], new: Message) -> None:
    """Add a message, or more text to the last one."""
    if messages and messages[-1].role == new.role:
        new = Message(new.role, f"{messages.pop().text}\n{new.text}")
    messages.append(new)
