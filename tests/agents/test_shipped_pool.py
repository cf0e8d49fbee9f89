"""The shipped data: as many as promised, each complete, nobody like another, nothing of the held-out set in training."""

import asyncio
import re
from collections import Counter
from functools import cache

import pytest

from interalign.agents import Persona, Personality, Profile, embed, heldout_personas, shipped_personas
from interalign.agents.pool import Pool, all_pairs, combine, shipped_halves, stratify
from interalign.errors import ConfigError
from interalign.sim.personas import Report, check, shipped_pools
from interalign.sim.personas.embedders import WordLlamaConfig, make_embedder

PROFILE_KEYS = {"age", "country", "region", "occupation", "pronouns", "household", "means", "ability"}
PERSONALITY_KEYS = {"tone", "verbosity", "warmth", "formality"}
POOLS: tuple[Pool, ...] = ("train", "heldout")


@cache
def report() -> Report:
    return asyncio.run(check(shipped_pools(), 0.6, make_embedder(WordLlamaConfig())))


def profiles() -> list[Profile]:
    return [profile for pool in POOLS for profile in shipped_halves(pool)[0]]


def personalities() -> list[Personality]:
    return [personality for pool in POOLS for personality in shipped_halves(pool)[1]]


# -- the data ------------------------------------------------------------------------------------


def test_there_are_enough_profiles_and_personalities() -> None:
    train, heldout = (tuple(map(len, shipped_halves(pool))) for pool in POOLS)
    assert train >= (331, 71)
    assert train[1] >= 71
    assert heldout == (20, 5)


def test_each_has_eight_to_ten_sentences() -> None:
    assert {len(profile.facts) for profile in profiles()} <= {8, 9, 10}
    assert {len(personality.traits) for personality in personalities()} <= {8, 9, 10}


def test_every_attribute_is_there() -> None:
    assert all(profile.attributes.keys() == PROFILE_KEYS for profile in profiles())
    assert all(personality.attributes.keys() == PERSONALITY_KEYS for personality in personalities())
    assert all(
        value not in ("", None) for half in (*profiles(), *personalities()) for value in half.attributes.values()
    )


def test_attributes_have_the_values_of_the_schema() -> None:
    for profile in profiles():
        found = profile.attributes
        assert isinstance(found["age"], int)
        assert 16 <= found["age"] <= 90
        assert found["pronouns"] in ("she", "he", "they")
        assert found["means"] in ("poor", "modest", "comfortable", "wealthy")
    for personality in personalities():
        assert personality.attributes["verbosity"] in ("terse", "middling", "talkative")
        assert personality.attributes["warmth"] in ("cool", "even", "warm")
        assert personality.attributes["formality"] in ("casual", "neutral", "formal")


def test_the_pool_is_varied() -> None:
    train = shipped_halves()[0]
    ages = Counter(int(profile.attributes["age"]) // 10 for profile in train)
    assert all(ages[decade] >= 20 for decade in range(2, 9))
    assert len({profile.attributes["country"] for profile in train}) > 150
    assert len({profile.attributes["occupation"] for profile in train}) > 300
    assert max(Counter(profile.attributes["region"] for profile in train).values()) < 0.12 * len(train)


def test_no_fact_is_odd_in_shape() -> None:
    """Traits may be: some people write without full stops."""
    for fact in (fact for profile in profiles() for fact in profile.facts):
        assert fact == " ".join(fact.split())
        assert re.match(r"[\w\"'“‘¿¡]", fact)
        assert fact[-1] in ".!?\"'”’…"


def test_the_filter_lets_all_of_the_data_in() -> None:
    """At 0.6, with the default embedder: within train, within held-out, and between the two."""
    for group in report().groups:
        assert [part.above for part in group.parts] == [0, 0]
        assert [overlap.above for overlap in group.overlaps] == [0]
        assert all(part.nearest.max() <= 0.6 for part in group.parts)


def test_no_sentence_stands_twice_anywhere() -> None:
    for group in report().groups:
        assert [part.repeated for part in group.parts] == [(), ()]
        assert [overlap.shared for overlap in group.overlaps] == [()]
    assert report().clean


def test_a_profile_and_a_personality_share_no_sentence() -> None:
    assert {fact for profile in profiles() for fact in profile.facts}.isdisjoint(
        trait for personality in personalities() for trait in personality.traits
    )


# -- the rule ------------------------------------------------------------------------------------


def test_the_training_pool_is_3310_distinct_personas() -> None:
    pool = shipped_personas()
    assert len(pool) == len({persona.id for persona in pool}) == len({persona.items for persona in pool}) == 3310
    assert pool == shipped_personas(3310, seed=0)


def test_the_training_pool_uses_everything_equally_often() -> None:
    pool = shipped_personas()
    for halves, size in (
        (Counter(persona.facts for persona in pool), 348),
        (Counter(persona.traits for persona in pool), 79),
    ):
        assert len(halves) == size
        assert max(halves.values()) - min(halves.values()) <= 1


def test_the_held_out_cases_are_all_pairs_in_order() -> None:
    cases = heldout_personas()
    assert len(cases) == len({persona.id for persona in cases}) == 100
    assert cases == all_pairs(*shipped_halves("heldout"))
    assert {persona.id for persona in shipped_personas(pool="heldout")} == {persona.id for persona in cases}


def test_nothing_of_the_held_out_cases_is_in_training() -> None:
    trained = {item for persona in shipped_personas() for item in persona.items}
    assert trained.isdisjoint(item for persona in heldout_personas() for item in persona.items)


def test_the_profile_decides_the_pronouns() -> None:
    by_id = {profile.id: profile.attributes["pronouns"] for profile in shipped_halves()[0]}
    assert all(
        persona.attributes["pronouns"] == by_id[persona.id.partition("+")[0]] for persona in shipped_personas(400)
    )


@pytest.mark.parametrize(("facts", "traits"), [(6, 4), (4, 6), (5, 3), (1, 7), (9, 3)])
def test_any_number_of_pairs_uses_every_half_equally_often(facts: int, traits: int) -> None:
    halves = (
        [Profile(id=f"f{n}", facts=(f"F{n}.",)) for n in range(facts)],
        [Personality(id=f"t{n}", traits=(f"T{n}.",)) for n in range(traits)],
    )
    for count in range(facts * traits + 1):
        pairs = combine(*halves, count=count, seed=2)
        assert len({pair.id for pair in pairs}) == count
        for half, size in (("facts", facts), ("traits", traits)):
            uses = Counter(getattr(pair, half) for pair in pairs)
            assert max(uses.values(), default=0) - (min(uses.values()) if len(uses) == size else 0) <= 1


# -- sampling ------------------------------------------------------------------------------------


def test_a_stratified_sample_has_every_value_equally_often() -> None:
    drawn = stratify(shipped_personas(), 66, ["region"], seed=1)
    assert set(Counter(persona.attributes["region"] for persona in drawn).values()) == {3}
    assert len({persona.id for persona in drawn}) == 66
    assert (
        drawn
        == stratify(shipped_personas(), 66, ["region"], seed=1)
        != stratify(shipped_personas(), 66, ["region"], seed=2)
    )
    assert drawn[:20] == stratify(shipped_personas(), 20, ["region"], seed=1)


def test_small_strata_give_what_they_have_and_numbers_count_in_tens() -> None:
    people = [
        Persona(id=f"{n}", facts=(f"{n}.",), traits=("T.",), attributes={"age": age})
        for n, age in enumerate((21, 29, 25, 35, 41, 22))
    ]
    drawn = stratify(people, 5, ["age"], seed=0)
    assert Counter(int(persona.attributes["age"]) // 10 for persona in drawn) == {2: 3, 3: 1, 4: 1}


def test_combinations_of_attributes_are_strata_too() -> None:
    drawn = stratify(shipped_personas(), 36, ["warmth", "means"], seed=0)
    assert set(Counter((persona.attributes["warmth"], persona.attributes["means"]) for persona in drawn).values()) == {
        3
    }


def test_wrong_wishes_are_refused_with_what_there_is() -> None:
    with pytest.raises(ConfigError, match="no persona has the attribute 'colour'; known are ability, age, country"):
        stratify(shipped_personas(5), 2, ["colour"], seed=0)
    with pytest.raises(ConfigError, match="6 personas asked for, but there are only 5; ask for fewer"):
        stratify(shipped_personas(5), 6, ["age"], seed=0)
    with pytest.raises(ConfigError, match="101 personas asked for, but 20 profiles and 5 personalities make 100"):
        shipped_personas(101, pool="heldout")


def test_embeddings_of_the_pool_are_whole() -> None:
    assert embed([" ".join(profile.facts) for profile in profiles()]).any(axis=1).all()
