"""Reading what control charts and the watch over positivity show."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from screening.db import fetch
from screening.lab.queries.labs import LabRow
from screening.lab.watch.positivity import Count

RUNS = 120  # of one kit: the base of twenty and a hundred runs after it


class ControlValue(NamedTuple):
    """What a control well of a run showed of one target."""

    run_id: int
    at: datetime
    state: str
    plate: str
    well: str
    kind: str
    target: str | None
    dye: str | None
    ct: float | None
    measured: bool


def list_control_values(
    lab: LabRow, rules: Sequence[int], since: datetime, until: datetime | None = None
) -> list[ControlValue]:
    """The control wells of the runs judged by these versions since then, oldest first."""
    rows = fetch(
        "SELECT r.run_id, r.imported_at, r.state, p.code, x->>'well', "
        "split_part(p.layout->>(x->>'well'), ':', 1), x->>'target', x->>'dye', "
        "(x->>'ct')::float8, coalesce((x->>'measured')::boolean, true) FROM ("
        "SELECT cell_id, run_id, plate_id, imported_at, state, readings FROM run "
        "WHERE cell_id = %s AND lab_id = %s AND state IN ('evaluated', 'invalid') "
        "AND rule_id = ANY(%s) AND imported_at >= %s AND (%s::timestamptz IS NULL "
        "OR imported_at < %s) ORDER BY imported_at DESC LIMIT %s) r "
        "JOIN plate p ON p.cell_id = r.cell_id AND p.plate_id = r.plate_id "
        "CROSS JOIN LATERAL jsonb_array_elements(r.readings) x "
        "WHERE p.layout ? (x->>'well') ORDER BY r.imported_at, r.run_id, 5",
        (lab.cell_id, lab.lab_id, list(rules), since, until, until, RUNS),
    )
    return [ControlValue(*r) for r in rows]


def rules_in_use(lab: LabRow, since: datetime) -> list[int]:
    """The rule versions by which the laboratory's runs were judged since then."""
    rows = fetch(
        "SELECT DISTINCT rule_id FROM run WHERE cell_id = %s AND lab_id = %s "
        "AND state IN ('evaluated', 'invalid') AND imported_at > %s",
        (lab.cell_id, lab.lab_id, since),
    )
    return [r[0] for r in rows]


class LotRow(NamedTuple):
    """From `since` on this lot of a kit was used."""

    lot_id: int
    name: str
    lot: str
    since: datetime
    opened_by: int


def list_lots(lab: LabRow, name: str) -> list[LotRow]:
    """The lots of a kit at this laboratory, the newest first."""
    rows = fetch(
        f"SELECT {', '.join(LotRow._fields)} FROM kit_lot WHERE cell_id = %s AND lab_id = %s "
        "AND name = %s ORDER BY since DESC, lot_id DESC",
        (lab.cell_id, lab.lab_id, name),
    )
    return [LotRow(*r) for r in rows]


def list_hours(lab: LabRow, at: datetime, hours: int) -> list[tuple[datetime, Count]]:
    """What the laboratory judged in each of the last hours in which it judged anything."""
    rows = fetch(
        "SELECT hour, tubes, signals FROM lab_hour WHERE cell_id = %s AND lab_id = %s "
        "AND hour > %s ORDER BY hour",
        (lab.cell_id, lab.lab_id, at - timedelta(hours=hours)),
    )
    return [(hour, Count(tubes, signals)) for hour, tubes, signals in rows]


def list_recent_counts(lab: LabRow, at: datetime, *, limit: int = 60) -> list[tuple]:
    """(run, at, plate, tubes, signals) of the last day's adopted runs, newest first."""
    return fetch(
        "SELECT r.run_id, r.imported_at, p.code, coalesce((r.verdict->>'tubes')::int, 0), "
        "coalesce((r.verdict->'counts'->>'2')::int, 0) "
        "+ coalesce((r.verdict->'counts'->>'3')::int, 0) FROM run r "
        "JOIN plate p ON p.cell_id = r.cell_id AND p.plate_id = r.plate_id "
        "WHERE r.cell_id = %s AND r.lab_id = %s AND r.state = 'evaluated' AND r.imported_at > %s "
        "ORDER BY r.run_id DESC LIMIT %s",
        (lab.cell_id, lab.lab_id, at - timedelta(days=1), limit),
    )
