"""Who is held out."""

from typing import Any

import pytest

from interalign.errors import ConfigError
from interalign.training.split import split_rows


def rows_of(*people: tuple[str, str], each: int = 3) -> list[dict[str, Any]]:
    return [{"persona_id": id, "profile": profile, "turn": turn} for id, profile in people for turn in range(each)]


MANY = rows_of(*((f"p{place}", f"f{place // 2}") for place in range(40)))


def test_rows_are_split_by_person_and_profile() -> None:
    train, held = split_rows(MANY, 0.2, seed=0)
    assert len(train) + len(held) == len(MANY)
    assert 0.15 < len(held) / len(MANY) < 0.3
    for key in ("persona_id", "profile"):
        assert not {row[key] for row in train} & {row[key] for row in held}


def test_the_seed_decides() -> None:
    assert split_rows(MANY, 0.2, seed=0) == split_rows(MANY, 0.2, seed=0)
    assert split_rows(MANY, 0.2, seed=0) != split_rows(MANY, 0.2, seed=1)


def test_ids_and_profiles_are_followed_from_one_to_the_next() -> None:
    chained = rows_of(("a", "f1"), ("a", "f2"), ("b", "f2"), ("c", "f3"))
    train, held = split_rows(chained, 0.3, seed=0)
    assert {frozenset(row["persona_id"] for row in side) for side in (train, held)} == {frozenset("ab"), frozenset("c")}


def test_somebody_is_left_to_train_on() -> None:
    train, held = split_rows(rows_of(("a", "f1"), ("b", "f2")), 0.9, seed=0)
    assert len(train) == len(held) == 3


def test_one_profile_cannot_be_split() -> None:
    with pytest.raises(ConfigError, match=r"all 6 pairs are of one profile.*--eval-share 0"):
        split_rows(rows_of(("a", "f1"), ("b", "f1")), 0.1, seed=0)
    assert split_rows(rows_of(("a", "f1")), 0, seed=0) == (rows_of(("a", "f1")), [])
