"""Which tubes of a work list go first (pure); within a rank the one sampled longest ago."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import IntEnum

from screening.tube.rules import Bind, Mode, Purpose


class Rank(IntEnum):
    """Callbacks hold back whole pools, a single tube holds one person back, key groups must not
    wait, and a rerun has waited once already."""

    CALLBACK = 1
    SINGLE = 2
    KEY_GROUP = 3
    RERUN = 4
    REST = 5


# how each is named in the list and over the API
WORDS = {
    Rank.CALLBACK: "recheck",
    Rank.SINGLE: "single",
    Rank.KEY_GROUP: "key_group",
    Rank.RERUN: "rerun",
    Rank.REST: "",
}


def rank_of(
    mode: int,
    binds: Iterable[Bind],
    key_persons: Collection[tuple[int, int]],
    *,
    rerun: bool,
) -> Rank:
    """`binds` of the swabs that are in the tube; `key_persons`: (home cell, person) of those who
    belong to a key group."""
    swabs = list(binds)
    if mode == Mode.SINGLE and any(b.purpose != Purpose.SCREEN for b in swabs):
        return Rank.CALLBACK
    if mode == Mode.SINGLE:
        return Rank.SINGLE
    if any((b.home_cell, b.person_id) in key_persons for b in swabs):
        return Rank.KEY_GROUP
    return Rank.RERUN if rerun else Rank.REST
