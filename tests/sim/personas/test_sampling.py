"""Sampling: as many as wanted, by seed, each once, with pronouns that agree."""

import pytest

from interalign.agents import Personality, Profile, shipped_personas
from interalign.errors import ConfigError
from interalign.sim.personas import sample_pairs, sample_personas

PROFILES = [Profile(id=f"f{n}", facts=(f"F{n}.",), attributes={"pronouns": "she" if n % 2 else "he"}) for n in range(6)]
PERSONALITIES = [Personality(id=f"t{n}", traits=(f"He hums tune {n}.",), attributes={"tone": f"{n}"}) for n in range(3)]


def test_a_random_sample_follows_from_its_seed() -> None:
    pool = shipped_personas(100)
    assert sample_personas(pool, 20, (), 1) == sample_personas(pool, 20, (), 1) != sample_personas(pool, 20, (), 2)
    assert len({persona.id for persona in sample_personas(pool, 100, (), 3)}) == 100
    assert sample_personas(pool, None, (), 0) == pool


def test_all_pairs_and_random_pairs() -> None:
    everybody = sample_pairs(PROFILES, PERSONALITIES, None, (), 0)
    some = sample_pairs(PROFILES, PERSONALITIES, 7, (), 0)
    assert len({persona.id for persona in everybody}) == 18
    assert len({persona.id for persona in some}) == 7
    assert {persona.id for persona in some} < {persona.id for persona in everybody}


def test_the_profile_decides_the_pronouns_of_a_pair() -> None:
    for persona in sample_pairs(PROFILES, PERSONALITIES, None, (), 0):
        assert persona.traits[0].startswith("She" if persona.attributes["pronouns"] == "she" else "He")


def test_pairs_can_be_drawn_evenly_by_attribute() -> None:
    drawn = sample_pairs(PROFILES, PERSONALITIES, 12, ("tone", "pronouns"), 0)
    assert sorted((persona.attributes["tone"], persona.attributes["pronouns"]) for persona in drawn) == sorted(
        [(f"{tone}", pronouns) for tone in range(3) for pronouns in ("he", "she")] * 2
    )


def test_too_many_are_refused() -> None:
    with pytest.raises(ConfigError, match="19 personas asked for, but 6 profiles and 3 personalities make 18"):
        sample_pairs(PROFILES, PERSONALITIES, 19, (), 0)
    with pytest.raises(ConfigError, match="101 personas asked for, but there are only 100"):
        sample_personas(shipped_personas(100), 101, (), 0)
    with pytest.raises(ConfigError, match="make 1200000 pairs; ask for a --count without --by"):
        sample_pairs(PROFILES * 200, (PERSONALITIES * 334)[:1000], None, (), 0)
