"""split: which people are held out for evaluation: whole persons, never single rows, and nobody who shares a life with another.

Two personas with the same facts tell the same things, whatever their personalities: rows of one would give the other's content
away. So personas that share a profile stay together. Personalities are shared across the split: there are few of them, every
one goes with many profiles, and a manner of talking is what the model is to learn.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence

from interalign.agents.seeds import derive
from interalign.errors import ConfigError
from interalign.training.rows import Row

__all__ = ["split_rows"]


def split_rows(rows: Sequence[Row], share: float, seed: int) -> tuple[list[Row], list[Row]]:
    """The rows to train on and those held out, each in their order: about `share` of the rows, but always whole people.

    People come in an order that follows from the seed and their ids, so that new people do not move the others.

    Raises:
        ConfigError: there are too few people to hold one out.
    """
    if share == 0:
        return list(rows), []
    group_of = _groups(rows)
    sizes = Counter(group_of[row["persona_id"], row["profile"]] for row in rows)
    if len(sizes) < 2:
        raise ConfigError(
            f"all {len(rows)} pairs are of one profile, so that nobody can be held out; "
            "give more runs, or --eval-share 0 for no evaluation"
        )
    held: set[str] = set()
    count = 0
    for group in sorted(sizes, key=lambda group: (derive(seed, "split", group), group)):
        if held and (count >= share * len(rows) or len(held) == len(sizes) - 1):
            break
        held.add(group)
        count += sizes[group]
    sides: tuple[list[Row], list[Row]] = ([], [])
    for row in rows:
        sides[group_of[row["persona_id"], row["profile"]] in held].append(row)
    return sides


def _groups(rows: Sequence[Row]) -> dict[tuple[str, str], str]:
    """Who belongs together: an id may stand for several profiles in several runs, and a profile for several ids."""
    links: defaultdict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    people = {(row["persona_id"], row["profile"]) for row in rows}
    for person, profile in people:
        links["id", person].add(("profile", profile))
        links["profile", profile].add(("id", person))
    name_of: dict[tuple[str, str], str] = {}
    for start in sorted(links):
        todo = [start]
        while todo:
            here = todo.pop()
            if here not in name_of:
                name_of[here] = name_of.get(start, "/".join(start))
                todo += links[here]
    return {(person, profile): name_of["id", person] for person, profile in people}
