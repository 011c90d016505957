"""Pure rules of tubes: how people share one, by zone and cohort; the strictest wins."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from screening.places.rules import SITE_KINDS
from screening.registry.rules.words import GUIDE_3, HOUSE, SINGLE_COHORTS, Word


class Mode(StrEnum):
    """How people share a tube, strictest first."""

    SINGLE = "single"
    HOUSEHOLD = "household"
    POOLED = "pooled"


MODES: dict[Mode, Word] = {
    Mode.SINGLE: Word("单采单检", "single tube"),
    Mode.HOUSEHOLD: Word("一户一管", "one household a tube"),
    Mode.POOLED: Word("混采", "pooled"),
}
_RANK = {Mode.SINGLE: 0, Mode.HOUSEHOLD: 1, Mode.POOLED: 2}
MOST_IN_A_TUBE = 20  # the largest tube that a specification knows (20-in-1, 2022-01)


class Pool(NamedTuple):
    """Whom a tube may hold: its mode, and a capacity that is a maximum, never a target."""

    mode: Mode
    capacity: int


class PoolRule(NamedTuple):
    """One line of a round's rules: for a zone kind or a cohort, or for everybody (both None)."""

    mode: Mode
    capacity: int
    source: str
    zone: str | None = None
    cohort: str | None = None


class ZoneKind(NamedTuple):
    zh: str
    en: str
    mode: Mode
    capacity: int
    source: str


OLD_RULE = "多地通行做法：低风险 10:1，中风险 5:1，高风险与重点 1:1"
ZONE_KINDS: dict[str, ZoneKind] = {
    "isolation": ZoneKind("集中隔离点", "isolation place", Mode.SINGLE, 1, GUIDE_3),
    "high": ZoneKind("高风险区", "high risk", Mode.SINGLE, 1, OLD_RULE),
    "lock": ZoneKind("封控区", "locked", Mode.HOUSEHOLD, 10, GUIDE_3),
    "mid": ZoneKind("中风险区", "medium risk", Mode.POOLED, 5, OLD_RULE),
    "control": ZoneKind("管控区", "controlled", Mode.POOLED, 10, GUIDE_3),
    "low": ZoneKind("低风险区", "low risk", Mode.POOLED, 10, OLD_RULE),
    "prevent": ZoneKind("防范区", "prevention", Mode.POOLED, 20, GUIDE_3),
}
OTHERWISE = PoolRule(Mode.POOLED, 20, GUIDE_3)
DEFAULT_POOL_RULES: tuple[PoolRule, ...] = (
    *(PoolRule(Mode.SINGLE, 1, GUIDE_3, cohort=c) for c in SINGLE_COHORTS),
    *(PoolRule(z.mode, z.capacity, z.source, zone=k) for k, z in ZONE_KINDS.items()),
    OTHERWISE,
)


def read_pool_rules(stored: Iterable[Mapping[str, Any]]) -> tuple[PoolRule, ...]:
    """The rules as kept in `round.pool_rules`."""
    return tuple(
        PoolRule(
            Mode(r["mode"]),
            int(r["capacity"]),
            r.get("source") or HOUSE,
            r.get("zone"),
            r.get("cohort"),
        )
        for r in stored
    )


def write_pool_rules(rules: Iterable[PoolRule]) -> list[dict[str, Any]]:
    return [
        {k: v for k, v in r._asdict().items() if v is not None} | {"mode": r.mode.value}
        for r in rules
    ]


def stricter(a: Pool, b: Pool) -> Pool:
    return min(a, b, key=lambda p: (_RANK[p.mode], p.capacity))


def pool_rule(
    rules: Collection[PoolRule],
    zones: Iterable[str] = (),
    cohorts: Iterable[str] = (),
    site_kind: str | None = None,
) -> Pool:
    """Mode and capacity for one person at one site; of all rules that apply the strictest wins.

    `zones` are the kinds of the zones the person lives in (or the site lies in); a kind that the
    round does not name counts with its own default. A site kind for single tubes overrules all.
    """
    found: list[Pool] = []
    if site_kind is not None and SITE_KINDS[site_kind][2]:
        return Pool(Mode.SINGLE, 1)
    for kind in zones:
        own = [r for r in rules if r.zone == kind]
        found += [Pool(r.mode, r.capacity) for r in own]
        if not own and kind in ZONE_KINDS:
            found.append(Pool(ZONE_KINDS[kind].mode, ZONE_KINDS[kind].capacity))
    wanted = set(cohorts)
    found += [Pool(r.mode, r.capacity) for r in rules if r.cohort in wanted]
    if not found:
        everybody = [r for r in rules if r.zone is None and r.cohort is None] or [OTHERWISE]
        found = [Pool(r.mode, r.capacity) for r in everybody]
    best = found[0]
    for other in found[1:]:
        best = stricter(best, other)
    return best
