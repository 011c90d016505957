"""Reading the register on the hot path: open rounds, zones, persons by id or document hash."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from screening.db import fetch
from screening.errors import NotFound
from screening.places import queries as places
from screening.places.queries import Node
from screening.places.snapshots import Snapshot
from screening.registry import rules
from screening.registry.rules import OPEN_STATES, Pool, PoolRule


class NoSuchRound(NotFound):
    code = "no_such_round"
    zh = "没有这一轮。"
    en = "There is no such round."


class RoundPolicy(NamedTuple):
    """What a table must know of a round. `site_ids` None: every site; `limits` minutes by stage.

    `area_paths` and `cohorts` are its scope (no cohorts: everybody)."""

    round_id: int
    name: str
    kind: str
    state: str
    starts_at: datetime
    ends_at: datetime
    started_at: datetime | None
    stopped_at: datetime | None
    limits: dict[str, int]
    pool_rules: tuple[PoolRule, ...]
    site_ids: frozenset[int] | None
    area_paths: tuple[str, ...]
    cohorts: frozenset[str]
    drill: bool

    def at_site(self, site_id: int | None) -> bool:
        return self.site_ids is None or site_id in self.site_ids

    def covers(self, path: str, cohorts: Collection[str] = ()) -> bool:
        return rules.round_scope(path, cohorts, self.area_paths, self.cohorts)

    def pool(
        self, zones: Iterable[str], cohorts: Iterable[str] = (), site_kind: str | None = None
    ) -> Pool:
        return rules.pool_rule(self.pool_rules, zones, cohorts, site_kind)


def _load_rounds() -> dict[int, RoundPolicy]:
    rows = fetch(
        "SELECT r.round_id, r.name, r.kind, r.state, r.starts_at, r.ends_at, r.started_at, "
        "r.stopped_at, r.limits, r.pool_rules, r.drill, "
        "(SELECT array_agg(site_id) FROM round_site s WHERE s.round_id = r.round_id), "
        "(SELECT array_agg(a.path ORDER BY a.path) FROM round_area x JOIN area a USING (area_id) "
        "WHERE x.round_id = r.round_id), "
        "(SELECT array_agg(cohort) FROM round_cohort c WHERE c.round_id = r.round_id) "
        "FROM round r ORDER BY r.round_id"
    )
    return {r[0]: _policy(r) for r in rows}


def _policy(row: Sequence) -> RoundPolicy:
    round_id, name, kind, state, starts_at, ends_at, started_at, stopped_at = row[:8]
    return RoundPolicy(
        round_id=round_id,
        name=name,
        kind=kind,
        state=state,
        starts_at=starts_at,
        ends_at=ends_at,
        started_at=started_at,
        stopped_at=stopped_at,
        limits=rules.limits_of(row[8]),
        pool_rules=rules.read_pool_rules(row[9]),
        site_ids=frozenset(row[11]) if row[11] else None,
        area_paths=tuple(row[12] or ()),
        cohorts=frozenset(row[13] or ()),
        drill=row[10],
    )


ROUNDS = Snapshot(_load_rounds)


def open_rounds() -> list[RoundPolicy]:
    """Rounds that have started and are not signed off, by id; at most a second old."""
    return [p for p in ROUNDS.get().values() if p.state in OPEN_STATES]


def find_policy(round_id: int) -> RoundPolicy | None:
    """The policy of a round in any state (0 too); a number not yet known is looked up at once."""
    return ROUNDS.get().get(round_id) or ROUNDS.fresh().get(round_id)


def get_policy(round_id: int) -> RoundPolicy:
    found = find_policy(round_id)
    if found is None:
        raise NoSuchRound(round_id=round_id)
    return found


# --- zones ----------------------------------------------------------------------------------


class ZoneSpan(NamedTuple):
    """One area of one zone, and from when to when the measure holds."""

    zone_id: int
    kind: str
    path: str
    starts_at: datetime
    ends_at: datetime | None


def _load_zones() -> tuple[ZoneSpan, ...]:
    rows = fetch(
        "SELECT z.zone_id, z.kind, a.path, z.starts_at, z.ends_at FROM zone z "
        "JOIN zone_area USING (zone_id) JOIN area a USING (area_id) ORDER BY z.zone_id, a.path"
    )
    return tuple(ZoneSpan(*r) for r in rows)


ZONES = Snapshot(_load_zones)


def zone_kinds(path: str, at: datetime) -> frozenset[str]:
    """The kinds of all zones that hold at `at` over the place with this path."""
    return frozenset(
        z.kind
        for z in ZONES.get()
        if path.startswith(z.path) and z.starts_at <= at and (z.ends_at is None or at < z.ends_at)
    )


# --- where people are stored ----------------------------------------------------------------


def _load_elsewhere() -> dict[int, tuple[int, ...]]:
    rows = fetch(
        "SELECT community_id, array_agg(cell_id ORDER BY cell_id) FROM person_elsewhere GROUP BY 1"
    )
    return {community: tuple(cells) for community, cells in rows}


ELSEWHERE = Snapshot(_load_elsewhere)


def stores_of(communities: Iterable[Node]) -> list[tuple[int, int]]:
    """(cell, community) wherever people of these communities are stored: the communities' own
    cells, and those in which people who moved there left their rows."""
    elsewhere = ELSEWHERE.get()
    found = set()
    for n in communities:
        found.add((n.cell_id, n.area_id))
        found |= {(cell, n.area_id) for cell in elsewhere.get(n.area_id, ())}
    return sorted(found)


# --- persons --------------------------------------------------------------------------------


def persons_of_documents(hashes: Collection[bytes]) -> dict[bytes, tuple[int, int]]:
    """{document hash: (person_id, cell_id)} of those that stand in the directory."""
    if not hashes:
        return {}
    rows = fetch(
        "SELECT doc_hash, person_id, cell_id FROM person_key WHERE doc_hash = ANY(%s)",
        (list(hashes),),
    )
    return {bytes(h): (p, c) for h, p, c in rows}


class PersonRow(NamedTuple):
    """What the hot path needs of a person; nothing personal."""

    person_id: int
    community_id: int
    household_id: int | None
    lane: int
    flags: int
    building_id: int | None
    key_group: str | None


def persons_by_id(cell: int, ids: Collection[int]) -> list[PersonRow]:
    """Those of `ids` that live in `cell`."""
    if not ids:
        return []
    rows = fetch(
        "SELECT person_id, community_id, household_id, lane, flags, building_id, key_group "
        "FROM person WHERE cell_id = %s AND person_id = ANY(%s)",
        (cell, list(ids)),
    )
    return [PersonRow(*r) for r in rows]


def persons_by_cell(pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], PersonRow]:
    """{(cell, person_id): row} for many people of several cells in one statement."""
    wanted = sorted(set(pairs))
    if not wanted:
        return {}
    rows = fetch(
        "SELECT p.cell_id, p.person_id, p.community_id, p.household_id, p.lane, p.flags, "
        "p.building_id, p.key_group FROM unnest(%s::bigint[], %s::bigint[]) AS w (cell_id, person_id) "
        "JOIN person p ON p.cell_id = w.cell_id AND p.person_id = w.person_id",
        ([c for c, _ in wanted], [p for _, p in wanted]),
    )
    return {(r[0], r[1]): PersonRow(*r[1:]) for r in rows}


def cohorts_of(cell: int, ids: Collection[int], at: datetime) -> Mapping[int, frozenset[str]]:
    """The dated cohorts of persons of one cell at `at`; their key group is in `PersonRow`."""
    rows = fetch(
        "SELECT person_id, array_agg(cohort) FROM person_cohort WHERE cell_id = %s "
        "AND person_id = ANY(%s) AND valid_from <= %s AND (valid_to IS NULL OR valid_to > %s) "
        "GROUP BY person_id",
        (cell, list(ids), at, at),
    )
    return {p: frozenset(c) for p, c in rows}


def person_path(row: PersonRow) -> str:
    """The path of the building a person lives in, or of the community; "/" if it is unknown."""
    if row.building_id is not None:
        found = places.find_path(row.building_id)
        if found is not None:
            return found
    return places.area_path(row.community_id)
