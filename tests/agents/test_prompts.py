"""Filling prompts: one pass, so that no text of a persona or a model is read as a placeholder."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interalign.agents import Context, Inducer, LLMJudge, Persona, Responder, UserAgent
from interalign.agents.prompts import Prompt, load_prompt
from interalign.errors import ConfigError
from tests.conftest import HOSTILE

SHIPPED = {
    "user": ("profile", "personality"),
    "inducer": ("items",),
    "responder": (),
    "hint": ("known",),
    "judge": ("profile", "personality"),
    "compare": ("history", "first", "second"),
}


@pytest.mark.parametrize("value", ["$b", "${b}", "$$", "$", "{a}", "{0} {", "%s", HOSTILE])
def test_dollars_and_braces_in_a_value_survive(value: str) -> None:
    assert Prompt("$a|${b}", ("a", "b")).fill(a=value, b="B") == f"{value}|B"


@settings(deadline=None)
@given(st.text(), st.text())
def test_any_two_texts_stay_what_they_are(a: str, b: str) -> None:
    assert Prompt("<$a> <$b> <$a>", ("a", "b")).fill(a=a, b=b) == f"<{a}> <{b}> <{a}>"


def test_braces_in_the_prompt_itself_are_text_and_two_dollars_are_one() -> None:
    assert Prompt('Answer {"x": $a} for $$5', ("a",)).fill(a="1") == 'Answer {"x": 1} for $5'


def test_an_unknown_placeholder_is_refused_with_the_known_ones() -> None:
    with pytest.raises(
        ConfigError, match=r"\$persona, but only \$profile, \$personality can be filled in; .*'Be \$per"
    ):
        UserAgent("Be $persona.")


def test_a_placeholder_where_none_is_filled_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"\$known, but only none can be filled in"):
        Responder("plain", prompt="You know $known")


@pytest.mark.parametrize("text", ["It costs 5$.", "$", "$ 5", "${", "${a b}", "$5"])
def test_a_lone_dollar_is_refused_with_the_fix(text: str) -> None:
    with pytest.raises(ConfigError, match=r"lone '\$': write '\$\$' for a dollar sign"):
        Prompt(text, ("a",))


@pytest.mark.parametrize("make", [UserAgent, Inducer, lambda text: LLMJudge("m", rubric=text)])
def test_every_prompt_of_a_role_is_checked_when_the_role_is_made(make: type[UserAgent]) -> None:
    with pytest.raises(ConfigError, match="the prompt begins"):
        make("$nonsense")


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_prompts_use_exactly_their_placeholders(name: str) -> None:
    marked = {key: f"[[{key}]]" for key in SHIPPED[name]}
    filled = Prompt(load_prompt(name), SHIPPED[name]).fill(**marked)
    assert "$" not in filled
    assert not filled.endswith("\n")
    assert all(mark in filled for mark in marked.values())


def test_a_persona_full_of_placeholders_reaches_the_prompt_word_for_word() -> None:
    persona = Persona(id="p", facts=("$personality ${items} $$", HOSTILE), traits=("{profile} $profile",))
    for role in (UserAgent(), Inducer()):
        system = str(role.messages(Context(persona=persona))[0].content)
        assert all(item in system for item in persona.items)
