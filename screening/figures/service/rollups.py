"""Counting anew what each site closes and how long its tubes take, cell by cell (worker)."""

from __future__ import annotations

from datetime import datetime

from screening.db import fetch, run
from screening.figures.queries.paces import list_behind
from screening.figures.standing import LINKS
from screening.tube.rules import Stage

ROLLUP_LOCK = 720_261_141  # advisory lock: one worker counts at a time

_PACE = """
INSERT INTO site_pace (cell_id, round_id, site_id, slot, tubes, persons, tables, released, resulted,
  as_of)
SELECT %(cell)s, %(round)s, coalesce(q.site_id, 0), q.slot, sum(q.tubes), sum(q.persons),
  count(DISTINCT q.table_no), sum(q.released), sum(q.resulted), %(at)s
FROM (
  SELECT t.site_id, floor(extract(epoch FROM coalesce(t.closed_at, t.opened_at)) / 600)::int8 AS slot,
    1 AS tubes, t.members AS persons, t.table_no, 0 AS released, 0 AS resulted
  FROM tube t WHERE t.cell_id = %(cell)s AND t.round_id = %(round)s AND t.stage >= %(closed)s
    AND t.stage <> %(empty)s AND coalesce(t.closed_at, t.opened_at) IS NOT NULL
  UNION ALL
  SELECT t.site_id, floor(extract(epoch FROM t.since) / 600)::int8, 0, 0, NULL, 1, t.members
  FROM tube t WHERE t.cell_id = %(cell)s AND t.round_id = %(round)s AND t.stage = %(released)s
) q GROUP BY 3, 4"""

# whole minutes in the first hour, then five, then fifteen: few rows, and nobody needs it finer
_CLOCK = """
INSERT INTO tube_clock (cell_id, round_id, site_id, link, minutes, tubes)
SELECT %(cell)s, %(round)s, q.site_id, q.link, CASE WHEN q.m <= 60 THEN q.m
  WHEN q.m <= 360 THEN q.m / 5 * 5 ELSE q.m / 15 * 15 END, count(*)
FROM (
  SELECT coalesce(t.site_id, 0) AS site_id, k.link, (extract(epoch FROM k.span) / 60)::int AS m
  FROM tube t CROSS JOIN LATERAL (VALUES (0, t.closed_at - t.opened_at),
    (1, t.received_at - t.closed_at),
    (2, CASE WHEN t.stage = %(released)s THEN t.since - t.received_at END),
    (3, CASE WHEN t.stage = %(released)s THEN t.since - t.opened_at END)) k (link, span)
  WHERE t.cell_id = %(cell)s AND t.round_id = %(round)s AND k.span >= interval '0'
) q GROUP BY 3, 4, 5"""

assert LINKS == ("collect", "deliver", "test", "all")


def take_rollups(*, at: datetime) -> int:
    """Count anew every cell whose tubes were counted since; how many cells those were."""
    fetch("SELECT pg_advisory_xact_lock(%s)", (ROLLUP_LOCK,))
    behind = list_behind()
    for cell, round_id in behind:
        recount(cell, round_id, at=at)
    return len(behind)


def recount(cell: int, round_id: int, *, at: datetime) -> None:
    """Count one cell of one round whole."""
    args = {
        "cell": cell, "round": round_id, "at": at, "closed": int(Stage.CLOSED),
        "empty": int(Stage.VOID_EMPTY), "released": int(Stage.RELEASED),
    }  # fmt: skip
    for table, statement in (("site_pace", _PACE), ("tube_clock", _CLOCK)):
        run(f"DELETE FROM {table} WHERE cell_id = %(cell)s AND round_id = %(round)s", args)
        run(statement, args)
