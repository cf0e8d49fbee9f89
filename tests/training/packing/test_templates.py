"""Which chat templates can be packed."""

from copy import deepcopy
from typing import Any

import pytest
from tree_rows import completions, grow_rows

from interalign.training.packing import prefix_stable

SAY = "<|{{ message['role'] }}|>{{ message['content'] }}<|end|>"
ASK = "{% if add_generation_prompt %}<|assistant|>{% endif %}"
UNSTABLE = {
    "an end of its own": "{% for message in messages %}"
    + SAY
    + "{% endfor %}{% if not add_generation_prompt %}<|pad|>{% endif %}",
    "system in the last message": (
        "{% for message in messages %}{% if message['role'] != 'system' %}{% if loop.last and messages[0]['role'] == 'system' %}"
        "{{ messages[0]['content'] }}{% endif %}" + SAY + "{% endif %}{% endfor %}" + ASK
    ),
    "former replies shortened": (
        "{% for message in messages %}{% if message['role'] == 'assistant' and not loop.last %}<|assistant|>…<|end|>"
        "{% else %}" + SAY + "{% endif %}{% endfor %}" + ASK
    ),
    "counted messages": "{{ messages | length }}{% for message in messages %}" + SAY + "{% endfor %}" + ASK,
}
NO_SYSTEM = (
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}{% for message in messages %}"
    + SAY
    + "{% endfor %}"
    + ASK
)


@pytest.fixture
def tokenizer(tiny_tokenizer: Any) -> Any:
    return deepcopy(tiny_tokenizer)


def test_a_template_that_only_adds_is_stable(tokenizer: Any) -> None:
    assert prefix_stable(tokenizer, grow_rows(0)) is None
    assert prefix_stable(tokenizer, completions(grow_rows(0))) is None


@pytest.mark.parametrize("name", UNSTABLE)
def test_others_are_not_and_it_says_after_which_message(tokenizer: Any, name: str) -> None:
    tokenizer.chat_template = UNSTABLE[name]
    assert "differently when more follow" in (prefix_stable(tokenizer) or "")


def test_a_template_may_refuse_system_messages(tokenizer: Any) -> None:
    tokenizer.chat_template = NO_SYSTEM
    assert prefix_stable(tokenizer) is None
    (row, *_) = grow_rows(0)
    row["prompt"] = [{"role": "system", "content": "Be brief."}, *row["prompt"]]
    assert "the chat template fails on a conversation of 3 messages (no system)" in (
        prefix_stable(tokenizer, [row]) or ""
    )


def test_the_rows_themselves_are_looked_at(tokenizer: Any) -> None:
    when = "'other hens' in message['content'] and not loop.last"
    tokenizer.chat_template = UNSTABLE["former replies shortened"].replace("not loop.last", when)
    rows = grow_rows(0, turns=4)
    rows[-1]["prompt"][1]["content"] = "my other hens"
    assert prefix_stable(tokenizer) is None
    assert "differently" in (prefix_stable(tokenizer, rows) or "")


def test_a_tokenizer_without_a_template_has_a_reason(tokenizer: Any) -> None:
    tokenizer.chat_template = None
    assert prefix_stable(tokenizer) == "the tokenizer has no chat template"


def test_a_template_that_fails_has_a_reason(tokenizer: Any) -> None:
    tokenizer.chat_template = "{{ raise_exception('never') }}"
    assert "never" in (prefix_stable(tokenizer) or "")
