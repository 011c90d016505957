"""How long a tube is kept after its result, and who may throw it away, pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from screening.lab.rules.well_rules import Outcome
from screening.lab.watch.positivity import Limit
from screening.tube.rules import Stage

NEGATIVE_DAYS = Limit(3, "domain 2.6: Hefei ordered negatives kept three days or more, for a re-check")  # fmt: skip
KEPT = frozenset((Outcome.POSITIVE, Outcome.INCONCLUSIVE))  # domain 2.6: positives are kept
PLACES = Limit(100, "house; a freezer box of ten by ten")


class Held(NamedTuple):
    """What a tube's end depends on. `since`: when its result went out, or it was rejected;
    `matters`: open alerts, holds, corrections, callbacks and tickets about it."""

    stage: int
    outcome: int | None
    since: datetime | None
    matters: frozenset[str] = frozenset()


class Fate(NamedTuple):
    """`code`: free, two_persons, too_early, no_result, open_matter, gone; `free_at` for those
    that only have to wait."""

    code: str
    free_at: datetime | None = None

    @property
    def may_go(self) -> bool:
        return self.code in ("free", "two_persons")


def fate(tube: Held, at: datetime) -> Fate:
    """What may be done with a tube now. Doubt keeps it."""
    if tube.stage == Stage.DISCARDED:
        return Fate("gone")
    rejected = tube.stage == Stage.REJECTED
    if not rejected and (tube.stage != Stage.RELEASED or tube.since is None or not tube.outcome):
        return Fate("no_result")
    if tube.matters:
        return Fate("open_matter")
    if not rejected:
        assert tube.since
        free_at = tube.since + timedelta(days=NEGATIVE_DAYS.value)
        if at < free_at:
            return Fate("too_early", free_at)
    return Fate("two_persons") if tube.outcome in KEPT else Fate("free")


def next_place(taken: set[int]) -> int | None:
    """The first free place of a box; None when it is full."""
    return next((n for n in range(1, int(PLACES.value) + 1) if n not in taken), None)
