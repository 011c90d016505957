"""The equation counted from persons: one statement gives everybody of a community one state."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import nullcontext
from datetime import datetime
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from screening.coverage.rules import MISSED, NUMBERS, OF_OUTCOME, CoverageRow
from screening.coverage.swabs import hashed, list_stages_of, list_twins, lived_in
from screening.db import fetch
from screening.places import rules as levels
from screening.places.queries import Node
from screening.registry.queries import RoundPolicy, get_policy
from screening.registry.residence import Residence
from screening.registry.rules import GENERAL, GONE, Flag
from screening.tube.rules import RESAMPLE, Purpose, Stage

# Every person of some communities of one cell with the one state that counts for them. A swab
# outranks an exemption, an exemption outranks a lost swab, and that outranks what people said.
PERSONS = """
spot AS MATERIALIZED (
  SELECT p.person_id, p.household_id, p.grid_id, p.building_id, p.birth_year, p.key_group,
         coalesce(p.{place}, 0) AS place, p.flags, p.created_at > %(started)s AS added,
         p.residence
  FROM person p
  JOIN area c ON c.area_id = p.community_id
  LEFT JOIN area b ON b.area_id = p.building_id
  WHERE p.cell_id = %(cell)s AND p.community_id = ANY(%(communities)s)
    AND p.left_at IS NULL AND p.flags & %(gone)s = 0
    AND (%(within)s::int8 IS NULL OR p.{inside} = %(within)s)
    AND coalesce(b.path, c.path) LIKE ANY(%(paths)s)
    AND (%(everybody)s OR p.key_group = ANY(%(cohorts)s)
      OR EXISTS (SELECT 1 FROM person_cohort k WHERE k.cell_id = %(cell)s
           AND k.person_id = p.person_id AND k.cohort = ANY(%(cohorts)s)
           AND k.valid_from <= %(at)s AND (k.valid_to IS NULL OR k.valid_to > %(at)s))
      OR (%(general)s AND p.key_group IS NULL
        AND NOT EXISTS (SELECT 1 FROM person_cohort k WHERE k.cell_id = %(cell)s
           AND k.person_id = p.person_id
           AND k.valid_from <= %(at)s AND (k.valid_to IS NULL OR k.valid_to > %(at)s))))
), came AS (
  SELECT * FROM unnest(%(barcodes)s::text[], %(stages)s::int[]) AS t(barcode, stage)
), taken AS (
  SELECT s.person_id, s.barcode, s.of_record, s.void, s.purpose FROM specimen s
  WHERE s.cell_id = %(cell)s AND s.round_id = %(round)s AND s.community_id = ANY(%(lived)s)
  UNION ALL SELECT * FROM unnest(%(twins)s::int8[], %(twin_tubes)s::text[],
    %(twin_record)s::bool[], %(twin_void)s::int2[], %(twin_purpose)s::int2[])
), swab AS (
  SELECT s.person_id, bool_or(s.of_record) AS reached, max(came.stage) AS stage,
         bool_or(s.void = ANY(%(resample)s) AND s.purpose <> %(recheck)s) AS again
  FROM taken s JOIN spot USING (person_id)
  LEFT JOIN came ON s.of_record AND came.barcode = s.barcode
  GROUP BY s.person_id
), free AS (
  SELECT e.person_id, min(e.code) AS code, min(e.made_at) > %(started)s AS late
  FROM exemption e JOIN spot USING (person_id)
  WHERE e.cell_id = %(cell)s AND e.round_id IN (0, %(round)s)
    AND (e.ended_at IS NULL OR e.ended_at > %(at)s)
    AND e.made_at <= %(at)s AND (e.until IS NULL OR e.until > %(at)s)
  GROUP BY e.person_id
), said AS (
  SELECT DISTINCT ON (k.person_id) k.person_id, k.outcome, k.until, k.at
  FROM contact k JOIN spot USING (person_id)
  WHERE k.cell_id = %(cell)s AND k.round_id = %(round)s AND k.outcome = ANY(%(outcomes)s)
  ORDER BY k.person_id, k.at DESC, k.contact_id DESC
), told AS (
  SELECT spot.*, free.code, free.late, coalesce(swab.stage, 0) AS stage, said.until, said.at AS said_at,
    CASE WHEN swab.reached THEN 'reached'
         WHEN free.code IS NOT NULL THEN 'exempt'
         WHEN swab.again THEN 'resample'
         WHEN spot.flags & %(provisional)s <> 0 THEN NULL
         WHEN said.outcome IS NULL OR said.until <= %(at)s THEN 'new'
         ELSE %(words)s::jsonb ->> said.outcome END AS state
  FROM spot LEFT JOIN swab USING (person_id) LEFT JOIN free USING (person_id)
  LEFT JOIN said USING (person_id)
)"""

_PARTS = ", ".join(f"count(*) FILTER (WHERE state = '{p}') AS m_{p}" for p in MISSED)
BASES = {
    "registered": Residence.REGISTERED,
    "residents": Residence.RESIDENT,
    "floating": Residence.FLOATING,
}
_BASES = ", ".join(
    f"count(*) FILTER (WHERE state IS NOT NULL AND residence = {int(said)}) AS {name}"
    for name, said in BASES.items()
)
COUNTED = f""", counted AS (
  SELECT place, count(state) AS register, count(*) FILTER (WHERE state = 'exempt') AS exempt,
    count(*) FILTER (WHERE state <> 'exempt') AS due,
    count(*) FILTER (WHERE state = 'reached') AS reached,
    count(*) FILTER (WHERE state = 'reached' AND stage >= {int(Stage.RECEIVED)}) AS delivered,
    count(*) FILTER (WHERE state = 'reached' AND stage >= {int(Stage.TESTED)}) AS tested,
    count(*) FILTER (WHERE state = 'reached' AND stage >= {int(Stage.RELEASED)}) AS resulted,
    count(*) FILTER (WHERE state NOT IN ('exempt', 'reached')) AS missed,
    {_PARTS}, count(*) FILTER (WHERE state IS NOT NULL AND added) AS added,
    count(*) FILTER (WHERE state = 'exempt' AND late) AS exempt_added, {_BASES}
  FROM told GROUP BY place
), why AS (
  SELECT place, jsonb_object_agg(code, n) AS exempt_by
  FROM (SELECT place, code, count(*) AS n FROM told WHERE state = 'exempt' GROUP BY place, code) c
  GROUP BY place
)"""
COLUMNS = (
    "register", "exempt", "due", "reached", "delivered", "tested", "resulted", "missed",
    "m_resample", "m_new", "m_will_come", "m_pending", "m_away", "m_refused", "m_unreachable",
    "m_visit", "added", "exempt_added", *BASES,
)  # fmt: skip


def select(source: str, *, first: str = "x.place", last: str = "") -> str:
    """The end of the equation's statement: one row for each `place` of `source`."""
    numbers = ", ".join(f"coalesce(counted.{c}, 0)" for c in COLUMNS)
    return (
        f"SELECT {first}, {numbers}, coalesce(why.exempt_by, '{{}}'){last} FROM {source} "
        "LEFT JOIN counted USING (place) LEFT JOIN why USING (place)"
    )


assert tuple(c.removeprefix("m_") for c in COLUMNS) == NUMBERS
PLACES = ("community_id", "grid_id", "building_id")


def arguments(
    cell: int,
    policy: RoundPolicy,
    communities: Collection[int],
    *,
    at: datetime,
    with_stages: bool = True,
) -> dict[str, Any]:
    """What the equation asks for; times after the sign-off count as the sign-off. Who is missed
    does not depend on how far the tubes came: without stages their swabs are read once only."""
    signed = _signed_at(policy.round_id)
    twins = list_twins(cell, policy.round_id)
    lived = lived_in(cell, communities, since=policy.started_at)
    barcodes: list[str] = []
    stages: list[int] = []
    if with_stages:
        barcodes, stages = list_stages_of(cell, policy.round_id, communities, lived, twins)
    return {
        "cell": cell,
        "round": policy.round_id,
        "communities": sorted(communities),
        "lived": lived,
        "at": min(at, signed) if signed else at,
        "started": policy.started_at or at,
        "gone": int(GONE),
        "provisional": int(Flag.PROVISIONAL),
        "paths": [p + "%" for p in policy.area_paths],
        "everybody": not policy.cohorts,
        "cohorts": sorted(policy.cohorts - {GENERAL}),
        "general": GENERAL in policy.cohorts,
        "barcodes": barcodes,
        "stages": stages,
        "twins": [t.person_id for t in twins],
        "twin_tubes": [t.barcode for t in twins],
        "twin_record": [t.of_record for t in twins],
        "twin_void": [t.void for t in twins],
        "twin_purpose": [t.purpose for t in twins],
        "resample": [int(v) for v in RESAMPLE],
        "recheck": int(Purpose.RECHECK),
        "outcomes": list(OF_OUTCOME),
        "words": Jsonb(OF_OUTCOME),
        "within": None,
    }


def _signed_at(round_id: int) -> datetime | None:
    rows = fetch("SELECT signed_at FROM round WHERE round_id = %s", (round_id,))
    return rows[0][0] if rows else None


def count_communities(
    cell: int, round_id: int, communities: Collection[int], *, at: datetime
) -> list[CoverageRow]:
    """The equation of whole communities counted now, from persons; nothing is written."""
    args = arguments(cell, get_policy(round_id), communities, at=at)
    source = "(SELECT unnest(%(communities)s::int8[]) AS place) x"
    return _count(args, "community_id", "community_id", source, at)


def count_places(
    cell: int, community: int, node: Node, round_id: int, by: str, *, own: bool, at: datetime
) -> list[CoverageRow]:
    """The equation within a community, grid or building of those who are stored in `cell` (its
    own, or another), by grid or building (0: not known)."""
    args = arguments(cell, get_policy(round_id), [community], at=at)
    inside = {levels.GRID: "grid_id", levels.BUILDING: "building_id"}.get(node.level)
    args["within"] = node.area_id if inside else None
    return _count(args, by, inside or "community_id", "counted x", at, own=own)


def _count(
    args: dict[str, Any], place: str, inside: str, source: str, at: datetime, *, own: bool = True
) -> list[CoverageRow]:
    assert {place, inside} <= set(PLACES)
    head = PERSONS.format(place=place, inside=inside)
    with hashed() if own else nullcontext():
        rows = fetch(f"WITH {head}{COUNTED} {select(source)} ORDER BY place", args)
    return [CoverageRow._make((*r, at)) for r in rows]


class Missed(NamedTuple):
    """Somebody who is due and not reached. `state` is one of rules.REASONS; `until` and `said_at`
    belong to what the person, or the neighbours, said last."""

    cell_id: int
    person_id: int
    household_id: int | None
    grid_id: int | None
    building_id: int | None
    state: str
    until: datetime | None
    said_at: datetime | None
    flags: int
    birth_year: int | None
    key_group: str | None
    added: bool
    residence: int | None

    def door(self) -> tuple[int, int, int, int]:
        """The order of building, household, person; what is not known comes last."""
        return (self.building_id or FAR, self.household_id or FAR, self.cell_id, self.person_id)


FAR = (1 << 63) - 1


def list_missed(
    cell: int, round_id: int, community: int, *, own: bool = True, at: datetime
) -> list[Missed]:
    """The missed of one community among those stored in `cell`: the same persons that its coverage
    counts as missed."""
    args = arguments(cell, get_policy(round_id), [community], at=at, with_stages=False)
    head = PERSONS.format(place="community_id", inside="community_id")
    with hashed() if own else nullcontext():
        rows = fetch(
            f"WITH {head} SELECT person_id, household_id, grid_id, building_id, state, until, "
            "said_at, flags, birth_year, key_group, added, residence "
            "FROM told WHERE state NOT IN ('exempt', 'reached')",
            args,
        )
    return [Missed(cell, *r) for r in rows]
