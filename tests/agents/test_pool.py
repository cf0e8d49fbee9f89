"""The shipped personas: distinct, reproducible, evenly spread, and apart from the held-out ones."""

from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest

from interalign.agents import Personality, Profile, read_jsonl, shipped_personas
from interalign.agents.pool import combine
from interalign.errors import ConfigError

DATA = Path(str(files("interalign.agents.data")))


def profiles(count: int) -> tuple[Profile, ...]:
    return tuple(Profile(id=f"f{place}", facts=(f"Fact {place}.",)) for place in range(count))


def personalities(count: int) -> tuple[Personality, ...]:
    return tuple(Personality(id=f"t{place}", traits=(f"Trait {place}.",)) for place in range(count))


def test_equal_seeds_give_equal_personas_and_other_seeds_others() -> None:
    assert shipped_personas(50, seed=1) == shipped_personas(50, seed=1)
    assert shipped_personas(50, seed=1) != shipped_personas(50, seed=2)


def test_a_smaller_pool_is_the_beginning_of_a_larger_one() -> None:
    assert shipped_personas(400)[:30] == shipped_personas(30)


def test_no_two_shipped_personas_are_the_same_person() -> None:
    personas = shipped_personas(3_310)
    assert len({persona.id for persona in personas}) == 3_310
    assert len({persona.items for persona in personas}) == 3_310


def test_every_profile_is_used_before_any_is_used_again() -> None:
    used = [persona.facts for persona in combine(profiles(7), personalities(4), count=14, seed=3)]
    assert len(set(used[:7])) == len(set(used[7:])) == 7


@pytest.mark.parametrize(("facts", "traits"), [(1, 1), (5, 3), (6, 4), (3, 6), (4, 4)])
def test_all_pairs_come_up_once_when_all_are_asked_for(facts: int, traits: int) -> None:
    total = facts * traits
    personas = combine(profiles(facts), personalities(traits), count=total, seed=0)
    assert len({persona.id for persona in personas}) == total


@pytest.mark.parametrize(("facts", "traits"), [(6, 4), (348, 79)])
def test_personalities_are_spread_evenly_over_two_rounds(facts: int, traits: int) -> None:
    personas = combine(profiles(facts), personalities(traits), count=2 * facts, seed=0)
    uses = Counter(persona.traits for persona in personas)
    assert max(uses.values()) - min(uses.values()) <= 1


def test_more_personas_than_there_are_pairs_are_refused_with_the_numbers() -> None:
    with pytest.raises(ConfigError, match="7 personas asked for, but 2 profiles and 3 personalities make 6"):
        combine(profiles(2), personalities(3), count=7, seed=0)
    with pytest.raises(ConfigError, match="1000000 personas asked for"):
        shipped_personas(1_000_000)


def test_held_out_personas_share_no_sentence_with_the_shipped_ones() -> None:
    shipped = {fact for row in read_jsonl(DATA / "profiles.jsonl", Profile) for fact in row.facts}
    shipped |= {trait for row in read_jsonl(DATA / "personalities.jsonl", Personality) for trait in row.traits}
    held = {fact for row in read_jsonl(DATA / "heldout_profiles.jsonl", Profile) for fact in row.facts}
    held |= {trait for row in read_jsonl(DATA / "heldout_personalities.jsonl", Personality) for trait in row.traits}
    assert held.isdisjoint(shipped)
