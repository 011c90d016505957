"""Zones over consecutive rounds: who was due and reached there, who was positive, by building."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from screening.accounts.rules import Limit
from screening.coverage.queries import (
    cells_of,
    communities_under,
    compare,
    count_below,
    coverage_of,
)
from screening.coverage.rules import CoverageRow, total
from screening.dashboard.zone_rules import ZoneRound
from screening.db import fetch
from screening.figures.queries import list_positive
from screening.lab.rules.well_rules import Outcome
from screening.ledger.sight import whole_city
from screening.places import queries as places
from screening.places.queries import Node
from screening.places.rules import COMMUNITY
from screening.registry.queries import RoundPolicy
from screening.registry.rules import RoundState
from screening.reporting.rules import CLOSED, RUNNING
from screening.tube.rules import NOT_IN_TUBE

ROUNDS = Limit(6, "house; twice the rounds that a release asks for")
NEGATIVE = int(Outcome.NEGATIVE)


class ZoneIn(NamedTuple):
    """A zone as far as it lies within an area: `nodes` its areas there, none within another."""

    zone_id: int
    name: str
    kind: str
    starts_at: datetime
    ends_at: datetime | None
    nodes: list[Node]


def list_zones(node: Node, at: datetime, *, zone_id: int | None = None) -> list[ZoneIn]:
    """Zones that hold over the area or a part of it at `at`, the oldest first."""
    rows = fetch(
        "SELECT z.zone_id, z.name, z.kind, z.starts_at, z.ends_at, array_agg(x.area_id) "
        "FROM zone z JOIN zone_area x USING (zone_id) WHERE z.starts_at <= %s "
        "AND (z.ends_at IS NULL OR z.ends_at > %s) AND (%s::int8 IS NULL OR z.zone_id = %s) "
        "GROUP BY z.zone_id ORDER BY z.starts_at, z.zone_id",
        (at, at, zone_id, zone_id),
    )
    by_id = places.TREE.get().by_id
    out = []
    for zone, name, kind, starts_at, ends_at, areas in rows:
        nodes = _within(node, [by_id[a] for a in areas if a in by_id])
        if nodes:
            out.append(ZoneIn(zone, name, kind, starts_at, ends_at, nodes))
    return out


def _within(node: Node, areas: Sequence[Node]) -> list[Node]:
    if any(node.path.startswith(a.path) for a in areas):
        return [node]
    inside = [a for a in areas if a.path.startswith(node.path)]
    return [a for a in inside if not any(a is not b and a.path.startswith(b.path) for b in inside)]


def rounds_since(zone: ZoneIn, rounds: Sequence[RoundPolicy]) -> list[RoundPolicy]:
    """Rounds of everybody that began after the zone did and cover all of it here, newest first."""
    found = [
        p for p in rounds
        if p.started_at is not None and p.started_at >= zone.starts_at and not p.cohorts
        and all(p.covers(n.path) for n in zone.nodes)
    ]  # fmt: skip
    return sorted(found, key=lambda p: (p.started_at, p.round_id), reverse=True)[: ROUNDS.value]


class Resident(NamedTuple):
    """Somebody of a positive tube, by place of living, now and when swabbed: who was taken away
    since leaves no clean zone behind. Nothing that names the person.

    `state`: positive (nobody cleared it), open (a re-check runs), cleared (single and negative).
    `left`: the community left since the swab, of which nobody knows the building any more."""

    places: tuple[int, ...]
    state: str
    left: int = 0


class Positives:
    """Tubes of the whole city that stand positive, by round, each round read once for a page."""

    def __init__(self) -> None:
        self._kept: dict[int, list[str]] = {}

    def of(self, round_id: int) -> list[str]:
        if round_id not in self._kept:
            found = list_positive(round_id, whole_city())
            self._kept[round_id] = [t.barcode for t in found]
        return self._kept[round_id]


def list_residents(round_id: int, cells: Collection[int], tubes: Collection[str]) -> list[Resident]:
    """Who of the people stored in these cells was in one of these tubes of a round."""
    if not tubes:
        return []
    rows = fetch(
        "SELECT s.community_id, p.community_id, p.grid_id, p.building_id, "
        "bool_or(c.state = 'closed' AND c.outcome = %s), bool_or(c.state = ANY(%s)), "
        "bool_or(c.state = %s AND c.outcome IS DISTINCT FROM %s) "
        "FROM specimen s JOIN person p ON p.cell_id = s.cell_id AND p.person_id = s.person_id "
        "LEFT JOIN callback c ON c.cell_id = s.cell_id AND c.person_id = s.person_id "
        "AND c.round_id = s.round_id AND c.barcode = s.barcode "
        "WHERE s.cell_id = ANY(%s) AND p.cell_id = ANY(%s) AND s.round_id = %s "
        "AND s.barcode = ANY(%s) AND s.void <> ALL(%s) GROUP BY s.cell_id, s.person_id, "
        "p.community_id, p.grid_id, p.building_id, s.community_id /* fan-out: the members of the few positive tubes */",
        (
            NEGATIVE, list(RUNNING), CLOSED, NEGATIVE, list(cells), list(cells), round_id,
            list(tubes), [int(v) for v in NOT_IN_TUBE],
        ),
    )  # fmt: skip
    return [
        Resident(tuple({x: None for x in r[:4] if x}),
                 "open" if r[5] else "cleared" if r[4] and not r[6] else "positive",
                 r[0] if r[0] != r[1] else 0)
        for r in rows
    ]  # fmt: skip


def lives_in(resident: Resident, nodes: Sequence[Node]) -> bool:
    """Whether this resident counts for a zone of these areas. Whoever moved away from the community
    may have lived in each of its buildings: none of them is clean until a re-check says so."""
    by_id = places.TREE.get().by_id
    paths = [by_id[i].path for i in resident.places if i in by_id]
    if any(p.startswith(n.path) for p in paths for n in nodes):
        return True
    left = by_id.get(resident.left)
    return left is not None and any(n.path.startswith(left.path) for n in nodes)


def zone_rounds(
    zone: ZoneIn, rounds: Sequence[RoundPolicy], seen: Positives, *, at: datetime
) -> list[ZoneRound]:
    """The zone in each of these rounds."""
    ids = [p.round_id for p in rounds]
    cells = sorted({c for n in zone.nodes for c in cells_of(n)})
    rows: dict[int, list[CoverageRow]] = defaultdict(list)
    for n in zone.nodes:
        if n.level <= COMMUNITY:
            for r, row in compare(n, ids)[0].items():
                rows[r].append(row)
        else:
            for r in ids:
                rows[r].append(coverage_of(n.area_id, r, at=at))
    out = []
    for p in rounds:
        row = total(0, rows[p.round_id])
        people = list_residents(p.round_id, cells, seen.of(p.round_id))
        found = [x.state for x in people if lives_in(x, zone.nodes)]
        out.append(ZoneRound(
            p.round_id, p.name, p.state == RoundState.CLOSED, row.due, row.reached, row.resulted,
            found.count("positive"), found.count("open"),
        ))  # fmt: skip
    return out


class Part(NamedTuple):
    """A building (or, of larger zones, a community) of a zone: its row in each round and its
    people in positive tubes; `node` None: people whose building nobody entered."""

    node: Node | None
    rows: dict[int, CoverageRow]
    positives: Counter[int]


def list_parts(
    zone: ZoneIn, rounds: Sequence[RoundPolicy], seen: Positives, *, at: datetime
) -> list[Part]:
    """The zone by building, of zones above the community by community; who lag first."""
    rows: dict[int, dict[int, CoverageRow]] = defaultdict(dict)
    positives: dict[int, Counter[int]] = defaultdict(Counter)
    small = [n for n in zone.nodes if n.level >= COMMUNITY]
    large = [c for n in zone.nodes if n.level < COMMUNITY for c in communities_under(n)]
    cells = sorted({c for n in zone.nodes for c in cells_of(n)})
    for c in large:
        for r, row in compare(c, [p.round_id for p in rounds])[0].items():
            rows[c.area_id][r] = row
    for p in rounds:
        for n in small:
            for row in count_below(n, p.round_id, "building_id", at=at):
                held = rows[row.area_id].get(p.round_id)
                rows[row.area_id][p.round_id] = total(row.area_id, [held, row]) if held else row
        for x in list_residents(p.round_id, cells, seen.of(p.round_id)):
            if x.state != "cleared" and lives_in(x, zone.nodes):
                positives[next((i for i in reversed(x.places) if i in rows), 0)][p.round_id] += 1
    by_id, newest = places.TREE.get().by_id, rounds[0].round_id if rounds else 0
    parts = [Part(by_id.get(i), found, positives[i]) for i, found in rows.items()]
    none = CoverageRow()
    return sorted(parts, key=lambda x: (
        -x.positives[newest], -x.rows.get(newest, none).missed, x.node.code if x.node else "~"
    ))  # fmt: skip
