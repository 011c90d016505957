"""Result lists that were looked at and never adopted: a signal in one is told all the same."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from screening.accounts.audit import note
from screening.db import run
from screening.lab import queries
from screening.lab.lists import list_rules
from screening.lab.lists.list_rules import ListRow
from screening.lab.queries import LabRow, RunRow
from screening.lab.queries import result_lists as lists
from screening.lab.rules.well_rules import Outcome, is_alert
from screening.lab.service import alerts
from screening.lab.service.list_verdicts import RESULT, Rules, rows_of
from screening.lab.service.quiet import unalerted
from screening.tube.queries import find_keys, list_tubes


def tell_list(lab: LabRow, found: RunRow, *, by: int | None, at: datetime) -> int:
    """Alert for what a list that is put away says of tubes of this laboratory without an open
    alert; the list is then kept, in quarantine. How many alerts."""
    raised = _raise(lab, found, _signals(lab, found, at), at=at)
    if raised:
        note("list_dropped", "run", found.run_id, cell=lab.cell_id, staff_id=by,
             detail={"alerts": raised})  # fmt: skip
    return raised


def tell_refused(lab: LabRow, rows: Sequence[ListRow], *, at: datetime) -> int:
    """A list that is refused says worse of tubes than the result they have: somebody is told at
    once, since the file itself is not kept. How many alerts."""
    said = {r.barcode: r for r in rows if r.outcome is not None}
    known = [
        t
        for t in list_tubes(find_keys(said).values())
        if t["lab_id"] == lab.lab_id and t["stage"] in RESULT and not _alerting(t["outcome"])
    ]
    worse = _judged(said, known, at)
    keys = find_keys(worse)
    quiet = {b: o for b, o in worse.items() if b in unalerted(keys.values())}
    if not quiet:
        return 0
    return alerts.raise_signals(
        quiet, keys, lab_id=lab.lab_id, run_id=None, provisional=True, at=at
    )


def _alerting(outcome: int | None) -> bool:
    return outcome is not None and is_alert(Outcome(outcome))


def tell_others(lab: LabRow, adopted: int, barcodes: Collection[str], *, at: datetime) -> int:
    """One list was adopted; another was looked at that says worse of the same tubes."""
    raised = 0
    for other in lists.list_waiting_lists(lab):
        if other.run_id != adopted:
            worse = {b: o for b, o in _signals(lab, other, at).items() if b in barcodes}
            raised += _raise(lab, other, worse, at=at)
    return raised


def _signals(lab: LabRow, found: RunRow, at: datetime) -> dict[str, Outcome]:
    rows = {r.barcode: r for r in rows_of(found) if r.outcome is not None}
    tubes = [t for t in list_tubes(find_keys(rows).values()) if t["lab_id"] == lab.lab_id]
    return _judged(rows, tubes, at)


def _judged(
    rows: Mapping[str, ListRow], tubes: Sequence[Mapping[str, Any]], at: datetime
) -> dict[str, Outcome]:
    about, rules = queries.contents(tubes, at), Rules(at)
    called = {
        b: list_rules.judge(
            rows[b], rules.of(rows[b].kit), pooled=inside.pooled, cohorts=inside.cohorts
        ).outcome
        for b, inside in about.items()
    }
    return {b: outcome for b, outcome in called.items() if is_alert(outcome)}


def _raise(lab: LabRow, found: RunRow, signals: dict[str, Outcome], *, at: datetime) -> int:
    keys = find_keys(signals)
    quiet = {b: o for b, o in signals.items() if b in unalerted(keys.values(), found)}
    if not quiet:
        return 0
    raised = alerts.raise_signals(
        quiet, keys, lab_id=lab.lab_id, run_id=found.run_id, provisional=True, at=at
    )
    verdict = {
        **found.verdict,
        "dropped": True,
        "alerts": raised,
        "signals": {b: int(o) for b, o in signals.items()},
        "open": [],
        "repeated": [],
    }
    run(
        "UPDATE run SET state = 'quarantined', verdict = %s WHERE cell_id = %s AND run_id = %s",
        (Jsonb(verdict), lab.cell_id, found.run_id),
    )
    return raised
