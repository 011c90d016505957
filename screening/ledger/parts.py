"""Reading what is unaccounted for: one statement a part, by round, site, laboratory and box.

No tube is in two parts: "mismatch" comes before "late", and both before "no_result"."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from screening.db import fetch
from screening.ledger.sight import Sight
from screening.registry.queries import get_policy
from screening.transport.rules import BatchStage
from screening.tube.rules import Stage, Verb

FAN_OUT = "/* fan-out: the ledger of a round is over all cells; a site's names its own only */"


class Item(NamedTuple):
    """One unaccounted thing. `n` how many tubes, numbers or entries it stands for; `why` a word of
    WHY; `code`, `made_by`, `checked_by` its explanation, if one stands for this state of it."""

    part: str
    cell_id: int
    subject_id: str
    site_id: int | None
    lab_id: int | None
    batch_id: int | None
    stage: int | None
    since: datetime | None
    due_at: datetime | None
    persons: int
    n: int
    why: str
    device_id: int | None
    code: str | None
    note: str | None
    made_by: int | None
    checked_by: int | None

    @property
    def state(self) -> str:
        if self.code is None:
            return "open"
        return "coded" if self.checked_by is None else "closed"


WHY: dict[str, tuple[str, str]] = {
    "late": ("超过本环节时限", "past the limit of its link"),
    "counted": ("点数多于扫码", "counted but not scanned"),
    "no_capture": ("实验室收到，没有采样记录", "at a laboratory without capture"),
    "missing": ("已采样，开箱核对缺管", "captured, missing when its box was reconciled"),
    "gap": ("编号已知而未收到", "numbers known but not held"),
    "not_closed": ("没有“封止于 n”", "no closing entry"),
    "forked": ("日志分叉", "the journal forked"),
    "no_result": ("停采后无结果", "no result after sampling stopped"),
    "parked": ("条目无法归入", "an entry could not be applied"),
}

_TUBE = f"""
SELECT CASE
    WHEN t.opened_at IS NULL AND t.members = 0 AND t.stage >= {int(Stage.RECEIVED)} THEN 'mismatch'
    WHEN t.batch_id = ANY(%(open_boxes)s) AND t.received_at IS NULL
      AND t.stage IN ({int(Stage.PACKED)}, {int(Stage.IN_TRANSIT)}) THEN 'mismatch'
    WHEN t.due_at <= %(at)s THEN 'late'
    WHEN %(stopped)s AND t.members > 0 THEN 'no_result' END AS part,
  t.cell_id, t.barcode AS subject_id, t.site_id, t.lab_id, t.batch_id, t.stage, t.since, t.due_at,
  t.members AS persons, 1 AS n,
  CASE WHEN t.opened_at IS NULL AND t.members = 0 AND t.stage >= {int(Stage.RECEIVED)}
         THEN 'no_capture'
    WHEN t.batch_id = ANY(%(open_boxes)s) AND t.received_at IS NULL
      AND t.stage IN ({int(Stage.PACKED)}, {int(Stage.IN_TRANSIT)}) THEN 'missing'
    WHEN t.due_at <= %(at)s THEN 'late' ELSE 'no_result' END AS why,
  NULL::int8 AS device_id
FROM tube t WHERE t.cell_id = ANY(%(cells)s) AND t.round_id = %(round)s
  AND t.stage < {int(Stage.RELEASED)}"""  # fmt: skip

_BOX = f"""
SELECT 'counted' AS part, b.cell_id, b.batch_id::text AS subject_id, b.site_id, b.lab_id,
  b.batch_id, b.stage, b.since, b.due_at, 0 AS persons,
  greatest(b.counted, a.n) - b.known - coalesce(d.n, 0) AS n, 'counted' AS why,
  NULL::int8 AS device_id
FROM batch b
LEFT JOIN LATERAL (SELECT max(f.n) AS n FROM batch_fact f WHERE f.cell_id = b.cell_id
  AND f.batch_id = b.batch_id AND f.verb = {int(Verb.ARRIVE)}) a ON true
LEFT JOIN LATERAL (SELECT sum((x ->> 'n')::int) AS n FROM batch_fact f,
  jsonb_array_elements(f.data -> 'differences') x WHERE f.cell_id = b.cell_id
  AND f.batch_id = b.batch_id AND f.verb = {int(Verb.SEAL)} AND f.seal = b.seal) d ON true
WHERE b.cell_id = ANY(%(cells)s) AND b.round_id = %(round)s
  AND greatest(b.counted, a.n) - b.known - coalesce(d.n, 0) > 0"""  # fmt: skip

# A journal that spoke in the round is complete when nothing below its closing number is missing
# and it has said nothing since; a device that a named supervisor declared lost counts as declared.
JOURNALS = """
SELECT d.cell_id, d.device_id, d.name, d.state, d.lost_by, d.site_id, d.lab_id, j.journal_id,
  j.branch, j.last, j.closed_at, j.last_at, j.heard_at, h.first AS held,
  CASE WHEN d.state = 'lost' AND d.lost_by IS NOT NULL THEN NULL
    WHEN greatest(h.first - 1, j.closed_at) > greatest(j.last, coalesce(j.gap_declared, 0)) THEN 'gap'
    WHEN d.state = 'forked' OR j.branch > 0 THEN 'forked'
    WHEN j.closed_at IS NULL OR j.closed_at < j.last THEN 'not_closed' END AS why
FROM device d JOIN journal j ON j.cell_id = d.cell_id AND j.device_id = d.device_id
LEFT JOIN LATERAL (SELECT min(b.first) AS first FROM journal_block b WHERE b.cell_id = j.cell_id
  AND b.device_id = j.device_id AND b.journal_id = j.journal_id AND b.state = 1) h
  ON j.branch = 0
WHERE j.cell_id = ANY(%(device_cells)s) AND d.kind = 'phone' AND NOT d.practice
  AND EXISTS (SELECT 1 FROM journal_block b WHERE b.cell_id = j.cell_id
    AND b.device_id = j.device_id AND b.journal_id = j.journal_id AND b.key_round = %(round)s)"""

_JOURNAL = f"""
SELECT 'unheard' AS part, q.cell_id,
  q.device_id || '-' || q.journal_id || '-' || q.branch AS subject_id,
  q.site_id, q.lab_id, NULL::int8 AS batch_id, NULL::int2 AS stage, q.heard_at AS since,
  NULL::timestamptz AS due_at, 0 AS persons,
  CASE q.why WHEN 'gap' THEN greatest(q.held - 1, q.closed_at) - q.last ELSE 1 END AS n, q.why, q.device_id
FROM ({JOURNALS}) q WHERE q.why IS NOT NULL"""

_PARKED = """
SELECT 'parked' AS part, p.cell_id, p.line_id::text AS subject_id, d.site_id, d.lab_id,
  NULL::int8 AS batch_id, NULL::int2 AS stage, p.parked_at AS since, NULL::timestamptz AS due_at,
  0 AS persons, 1 AS n, 'parked' AS why, p.device_id
FROM parked p JOIN device d ON d.device_id = p.device_id
WHERE p.cell_id = ANY(%(device_cells)s) AND p.settled_at IS NULL
  AND EXISTS (SELECT 1 FROM journal_block b WHERE b.cell_id = p.cell_id
    AND b.device_id = p.device_id AND b.journal_id = p.journal_id AND b.branch = p.branch
    AND p.seq BETWEEN b.first AND b.last AND b.key_round = %(round)s)"""

SOURCES: dict[str, str] = {
    "late": _TUBE, "counted": _BOX, "mismatch": _TUBE, "unheard": _JOURNAL, "no_result": _TUBE,
    "parked": _PARKED,
}  # fmt: skip
# an explanation stands for the thing as it was: once it moves on, it must be explained again
_ITEMS = """
SELECT q.part, q.cell_id, q.subject_id, q.site_id, q.lab_id, q.batch_id, q.stage, q.since,
  q.due_at, q.persons, q.n, q.why, q.device_id, x.code, x.note, x.made_by, x.checked_by
FROM ({source}) q LEFT JOIN explanation x ON x.cell_id = q.cell_id AND x.round_id = %(round)s
  AND x.part = q.part AND x.subject_id = q.subject_id AND x.made_at >= q.since
WHERE q.part = ANY(%(parts)s) AND (%(everywhere)s OR q.site_id = ANY(%(sites)s)
  OR (q.site_id IS NULL AND q.lab_id = ANY(%(labs)s)))
  AND (%(site)s::int8 IS NULL OR q.site_id = %(site)s)
  AND (%(lab)s::int8 IS NULL OR q.lab_id = %(lab)s)
  AND (%(box)s::int8 IS NULL OR q.batch_id = %(box)s)"""


def _arguments(round_id: int, at: datetime, sight: Sight, **narrow: int | None) -> dict[str, Any]:
    policy = get_policy(round_id)
    boxes = fetch(
        f"SELECT batch_id FROM batch WHERE cell_id = ANY(%s) AND round_id = %s AND stage = %s {FAN_OUT}",
        (sight.cells, round_id, int(BatchStage.DISCREPANT)),
    )
    return {
        "round": round_id,
        "at": at,
        "stopped": policy.stopped_at is not None,
        "cells": sight.cells,
        "device_cells": sight.cells,
        "open_boxes": [b for (b,) in boxes],
        "everywhere": sight.everywhere,
        "sites": sight.sites,
        "labs": sight.labs,
        "site": narrow.get("site"),
        "lab": narrow.get("lab"),
        "box": narrow.get("box"),
    }


def list_items(
    part: str,
    round_id: int,
    *,
    at: datetime,
    sight: Sight,
    site: int | None = None,
    lab: int | None = None,
    box: int | None = None,
    subjects: Sequence[str] | None = None,
    after: str = "",
    limit: int | None = 200,
) -> list[Item]:
    """The list behind one part's number, by subject; `after` pages on."""
    args = _arguments(round_id, at, sight, site=site, lab=lab, box=box)
    args |= {"parts": [part], "after": after, "limit": limit, "subjects": list(subjects or ())}
    tail = "AND q.subject_id > %(after)s " + (
        "AND q.subject_id = ANY(%(subjects)s) " if subjects is not None else ""
    )
    rows = fetch(
        f"{_ITEMS.format(source=SOURCES[part])} {tail} ORDER BY q.subject_id LIMIT %(limit)s "
        f"{FAN_OUT}",
        args,
    )
    return [Item(*r) for r in rows]


class Count(NamedTuple):
    """One part at one site and laboratory: things, what they stand for, how far explained."""

    part: str
    site_id: int | None
    lab_id: int | None
    items: int
    n: int
    persons: int
    coded: int
    closed: int
    oldest: datetime | None

    @property
    def open(self) -> int:
        """What still stands in the way: not explained by two persons."""
        return self.items - self.closed


def count_parts(
    round_id: int, *, at: datetime, sight: Sight, site: int | None = None, lab: int | None = None
) -> list[Count]:
    """Every part by site and laboratory: four statements, whatever the number of tubes."""
    args = _arguments(round_id, at, sight, site=site, lab=lab)
    args["parts"] = list(SOURCES)
    out: list[Count] = []
    for source in (_TUBE, _BOX, _JOURNAL, _PARKED):
        rows = fetch(
            "SELECT part, site_id, lab_id, count(*), sum(n), sum(persons), "
            "count(*) FILTER (WHERE code IS NOT NULL AND checked_by IS NULL), "
            "count(*) FILTER (WHERE checked_by IS NOT NULL), min(since) "
            f"FROM ({_ITEMS.format(source=source)}) i GROUP BY part, site_id, lab_id {FAN_OUT}",
            args,
        )
        out += [Count._make((*r[:3], *map(int, r[3:8]), r[8])) for r in rows]
    return out


class BoxCount(NamedTuple):
    """Things of one part in one box's trip."""

    batch_id: int
    part: str
    site_id: int | None
    lab_id: int | None
    n: int


def by_box(round_id: int, *, at: datetime, sight: Sight) -> list[BoxCount]:
    """Every box in which something is unaccounted for, with how much of which part."""
    args = _arguments(round_id, at, sight)
    args["parts"] = list(SOURCES)
    out: list[BoxCount] = []
    for source in (_TUBE, _BOX):
        rows = fetch(
            "SELECT batch_id, part, site_id, lab_id, count(*) "
            f"FROM ({_ITEMS.format(source=source)}) i WHERE batch_id IS NOT NULL "
            f"GROUP BY 1, 2, 3, 4 {FAN_OUT}",
            args,
        )
        out += [BoxCount(*r) for r in rows]
    return sorted(out, key=lambda b: (b.batch_id, b.part))
