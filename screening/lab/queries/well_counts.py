"""Reading how many wells stand behind a laboratory's results."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from screening.db import fetch
from screening.i18n import ZONE
from screening.lab.plates.wells_audit import DayCount, RunCount, Told
from screening.lab.queries.labs import LabRow

DAYS = 14


def list_days(lab: LabRow, at: datetime) -> list[DayCount]:
    """The last days with any result, newest first. A tube that was rerun counts each time."""
    rows = fetch(
        "SELECT day, count(*) FILTER (WHERE NOT list), sum(judged) FILTER (WHERE NOT list), "
        "sum(wells) FILTER (WHERE NOT list), sum(judged) FILTER (WHERE list) FROM ("
        "SELECT (r.imported_at AT TIME ZONE %s)::date AS day, r.plate_id = r.run_id AS list, "
        "(SELECT count(DISTINCT c.barcode) FROM call c WHERE c.cell_id = r.cell_id "
        "AND c.run_id = r.run_id) AS judged, "
        "(SELECT count(*) FROM well w WHERE w.cell_id = r.cell_id AND w.plate_id = r.plate_id) "
        "AS wells FROM run r WHERE r.cell_id = %s AND r.lab_id = %s AND r.imported_at > %s "
        "AND r.state IN ('evaluated', 'invalid')) AS runs GROUP BY day ORDER BY day DESC",
        (ZONE.key, lab.cell_id, lab.lab_id, at - timedelta(days=DAYS)),
    )
    told = _told(lab, at)
    found = {
        r[0]: DayCount(r[0], r[1], int(r[2] or 0), int(r[3] or 0), int(r[4] or 0), told.get(r[0]))
        for r in rows
    }
    for day in told.keys() - found.keys():
        found[day] = DayCount(day, 0, 0, 0, 0, told[day])
    return [found[day] for day in sorted(found, reverse=True)]


def _told(lab: LabRow, at: datetime) -> dict[date, Told]:
    """The last word of each day."""
    since = (at - timedelta(days=DAYS)).astimezone(ZONE).date()
    rows = fetch(
        "SELECT DISTINCT ON (day) day, wells, reactions, told_by, told_at FROM lab_use "
        "WHERE cell_id = %s AND lab_id = %s AND day >= %s ORDER BY day, told_at DESC",
        (lab.cell_id, lab.lab_id, since),
    )
    return {r[0]: Told(*r[1:]) for r in rows}


def list_runs_of(lab: LabRow, day: date) -> list[RunCount]:
    """Every run file of a day by plate, also those in quarantine and those not adopted yet."""
    start = datetime(day.year, day.month, day.day, tzinfo=ZONE)
    rows = fetch(
        "SELECT r.run_id, r.plate_id, p.code, r.rule_id, r.state, r.imported_at, "
        "(SELECT count(DISTINCT w.barcode) FROM well w WHERE w.cell_id = r.cell_id "
        "AND w.plate_id = r.plate_id), "
        "(SELECT count(*) FROM well w WHERE w.cell_id = r.cell_id AND w.plate_id = r.plate_id), "
        "(SELECT count(DISTINCT x->>'well') FROM jsonb_array_elements(r.readings) x "
        "JOIN well w ON w.cell_id = r.cell_id AND w.plate_id = r.plate_id "
        "AND w.well = x->>'well'), "
        "(SELECT count(DISTINCT c.barcode) FROM call c WHERE c.cell_id = r.cell_id "
        "AND c.run_id = r.run_id) "
        "FROM run r JOIN plate p ON p.cell_id = r.cell_id AND p.plate_id = r.plate_id "
        "WHERE r.cell_id = %s AND r.lab_id = %s AND r.imported_at >= %s AND r.imported_at < %s "
        "AND r.plate_id <> r.run_id ORDER BY r.run_id DESC",
        (lab.cell_id, lab.lab_id, start, start + timedelta(days=1)),
    )
    return [RunCount(*r) for r in rows]
