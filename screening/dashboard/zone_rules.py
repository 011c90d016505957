"""How many clean rounds a zone has behind it, and what its release still lacks (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from screening.accounts.rules import Limit

CLEAN_ROUNDS = Limit(3, "核酸检测实施办法 2022-06：连续三轮没有社会面病例（转述）; set per city")
COVERED = Limit(
    990, "house; per mille of the due; who is away, refuses or cannot be reached is named"
)


class ZoneRound(NamedTuple):
    """A zone in one round. `positives` persons living there in a tube that stands positive and
    whom no single re-check has cleared; `open` those who still wait for that re-check."""

    round_id: int
    name: str
    signed: bool
    due: int = 0
    reached: int = 0
    resulted: int = 0
    positives: int = 0
    open: int = 0


def faults_of(r: ZoneRound) -> list[str]:
    """Why a round does not count as clean, the gravest first; none: it does."""
    found = []
    if r.positives:
        found.append("positive")
    if r.open:
        found.append("callback")
    if 1000 * r.reached < COVERED.value * r.due or not r.due:
        found.append("coverage")
    if r.resulted < r.reached:
        found.append("result")
    if not r.signed:
        found.append("unsigned")
    return found


class Standing(NamedTuple):
    """`clean` rounds in a row up to now of `needed`; `lacks` what release still lacks: faults of the
    newest round, and "rounds" when there are too few."""

    clean: int
    needed: int
    lacks: list[str]

    @property
    def may_release(self) -> bool:
        return not self.lacks


def standing(rounds: Sequence[ZoneRound], needed: int = CLEAN_ROUNDS.value) -> Standing:
    """`rounds` since the zone began, the newest first. A round that still runs neither counts nor
    breaks the row, unless it has already found somebody."""
    clean = 0
    for i, r in enumerate(rounds):
        faults = faults_of(r)
        running = i == 0 and not r.signed and "positive" not in faults and "callback" not in faults
        if faults and not running:
            break
        clean += not faults
    lacks = faults_of(rounds[0]) if rounds else []
    if clean < needed:
        lacks.append("rounds")
    return Standing(clean, needed, lacks)
