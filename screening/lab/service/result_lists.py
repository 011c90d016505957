"""Result lists of laboratories with their own system: looked at (nothing moves), then confirmed in
one transaction, alerts included. From there on reviews and releases treat them as any run."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo

import msgspec
from psycopg.types.json import Jsonb

from screening.accounts.audit import note
from screening.db import db, insert, new_id, run
from screening.i18n import ZONE
from screening.lab import queries
from screening.lab.lists import list_rules
from screening.lab.lists import problems as p
from screening.lab.lists.list_rules import ListRow
from screening.lab.queries import LabRow, PlateRow, RunRow
from screening.lab.queries import result_lists as lists
from screening.lab.queries.result_lists import OwedRow
from screening.lab.readers.result_list import RawList, read_list
from screening.lab.rules.well_rules import Outcome
from screening.lab.service import alerts, dropped, list_dropped, originals, waiting, watch
from screening.lab.service.list_verdicts import (
    NAMES,
    Made,
    Rules,
    Shown,
    get_list,
    kept_rows,
    made_now,
    refuse,
    rows_of,
    show,
    standing,
)
from screening.lab.service.moves import moving
from screening.registry import queries as registry
from screening.tube.labels import read_tube
from screening.tube.queries import find_keys, lock_rows
from screening.tube.rules import Verb

__all__ = ["Shown", "confirm", "discard", "get_list", "owed", "preview", "show"]

INSTRUMENT = "LIS"  # where runs are listed, this one came as a list
RERUN = (Outcome.INCONCLUSIVE, Outcome.INVALID)  # a first doubt is tested again (domain 8.2)
NO_RULE = 0


def owed(lab_id: int) -> list[OwedRow]:
    """The tubes that a list of this laboratory has to speak of. Raises NotOwnLis."""
    return lists.list_owed(_own_lis(lab_id))


def _own_lis(lab_id: int) -> LabRow:
    lab = queries.get_lab(lab_id)
    if not lab.own_lis:
        raise p.NotOwnLis()
    return lab


# --- looked at ----------------------------------------------------------------------------------


def preview(lab_id: int, data: bytes, *, by: int, at: datetime, zone: tzinfo = ZONE) -> Shown:
    """Read a list and say what would happen; no tube or alert changes.

    Raises NotOwnLis, what refuses a file, and ListFaults with every fault of every row."""
    lab = _own_lis(lab_id)
    raw = read_list(data)
    rows, faults = list_rules.read_rows(raw.rows, read_tube, zone=zone, now=at)
    digest = list_rules.content(rows)
    waiting.lock_files(lab)
    held = None if faults else queries.find_run(lab, digest)
    if held is not None and held.state == "evaluated":
        return show(lab_id, held.run_id, at=at)._replace(already=True)
    faults += standing(lab, rows, Rules(at), zone)[1]
    if faults and list_dropped.tell_refused(lab, rows, at=at):
        db.session.commit()  # the alert outlives the refusal
    refuse(faults)
    run_id = held.run_id if held else new_id()
    originals.keep(lab, digest, data, by=by, at=at)
    told = bool(held and held.verdict.get("dropped"))
    _keep_preview(lab, run_id, digest, raw, rows, told, by=by, at=at)
    return show(lab_id, run_id, at=at)


def _keep_preview(
    lab: LabRow, run_id: int, digest: bytes, raw: RawList, rows: list[ListRow], told: bool, *,
    by: int, at: datetime,
) -> None:  # fmt: skip
    rounds = registry.open_rounds()
    round_id = rounds[-1].round_id if rounds else 0
    readings, names = kept_rows(rows)
    verdict = {
        "content": digest.hex(),
        "file": raw.sha256,
        "rows": len(rows),
        "targets": raw.targets,
        "headed": raw.headed,
        "unread": raw.unread,
        "dropped": told,
        NAMES: names,
    }
    row = (
        lab.cell_id, run_id, lab.lab_id, run_id, round_id, digest, INSTRUMENT, "previewed",
        NO_RULE, by, at, Jsonb(verdict), Jsonb(readings),
    )  # fmt: skip
    columns = (*RunRow._fields, "readings")
    changed = [c for c in columns if c not in ("cell_id", "run_id", "lab_id", "file_hash")]
    updates = ", ".join(f"{c} = EXCLUDED.{c}" for c in changed)
    insert("run", columns, [row], f"ON CONFLICT (cell_id, run_id) DO UPDATE SET {updates}")


def discard(lab_id: int, run_id: int, *, by: int, at: datetime) -> int:
    """Forget a list that was only looked at; a signal in it is told all the same (how many)."""
    lab = queries.get_lab(lab_id)
    waiting.lock_files(lab)
    found = get_list(lab, run_id, lock=True)
    return dropped.drop(lab, found, by=by, at=at) if found.state == "previewed" else 0


# --- confirmed ----------------------------------------------------------------------------------


def confirm(lab_id: int, run_id: int, *, seen_open: bool, by: int, at: datetime) -> Shown:
    """Adopt a list that was looked at: tests, calls and alerts in one transaction.

    Judged anew under lock. `seen_open`: the person has seen which received tubes are not in it;
    they are kept by name. A second confirmation does nothing (`already`). Raises ListFaults,
    NothingNew, OpenNotNamed."""
    lab = _own_lis(lab_id)
    waiting.lock_files(lab)
    found = get_list(lab, run_id, lock=True)
    if found.state != "previewed":
        return show(lab_id, run_id, at=at)._replace(already=True)
    rows = rows_of(found)
    _lock(r.barcode for r in rows)
    made = made_now(lab, rows, at)
    if not made.calls:
        raise p.NothingNew()
    unnamed = set(made.open) - {r.barcode for r in rows}
    if unnamed and not seen_open:
        raise p.OpenNotNamed(count=len(unnamed))
    again = _move(lab, found, made, by=by, at=at)
    raised = alerts.raise_signals(
        made.signals, made.keys, lab_id=lab_id, run_id=run_id, provisional=False, at=at
    )
    outcomes = {b: call.outcome for b, (_, call) in made.calls.items()}
    raised += list_dropped.tell_others(lab, run_id, made.keys, at=at)
    held = watch.look(lab, _as_plate(found), run_id, outcomes, at=at)
    verdict = {
        **found.verdict, **made.verdict(), "reruns": again, "alerts": raised, "holds": held
    }  # fmt: skip
    _keep(found, made, verdict, by=by, at=at)
    detail = {"rows": len(rows), "open": len(made.open)}
    note("list_confirmed", "run", run_id, cell=lab.cell_id, staff_id=by, detail=detail)
    return show(lab_id, run_id, at=at)


def _as_plate(found: RunRow) -> PlateRow:
    """What the watch over positivity names a list by, in its ticket."""
    return PlateRow(
        found.cell_id, found.plate_id, found.lab_id, found.round_id, str(found.run_id)[-6:], 0, {},
        NO_RULE, found.state, found.imported_by, found.imported_at, found.run_id,
    )  # fmt: skip


def _lock(barcodes: Iterable[str]) -> None:
    groups: dict[tuple[int, int], list[str]] = {}
    for k in find_keys(list(barcodes)).values():
        groups.setdefault((k.cell_id, k.round_id), []).append(k.barcode)
    for (cell, round_id), group in sorted(groups.items()):
        lock_rows(cell, round_id, sorted(group))


def _move(lab: LabRow, found: RunRow, made: Made, *, by: int, at: datetime) -> list[str]:
    """Each tube goes onto the list as onto a plate and gets its test; a first doubt waits for
    another test. Returns those."""
    body = {"list": found.run_id}
    with moving(lab, found.round_id, by=by, at=at) as move:
        move(
            Verb.PLATE,
            {
                b: {"lab_id": lab.lab_id, "data": {"list": found.run_id, "well": _place(row)}}
                for b, (row, _) in made.calls.items()
            },
            "list",
            body=body,
        )
        stand = queries.platings(made.keys.values())
        tests = {
            b: {"answers": stand[b].line_id,
                "data": {"outcome": int(call.outcome), "run": found.run_id}}
            for b, (_, call) in made.calls.items()
        }  # fmt: skip
        move(Verb.TEST, tests, "list_test", body=body)
        again = [
            b for b, (_, c) in made.calls.items() if c.outcome in RERUN and not stand[b].reruns
        ]
        move(Verb.RERUN, {b: {"answers": stand[b].line_id} for b in again}, "rerun", body=body)
    return sorted(again)


def _place(row: ListRow) -> str:
    """Where a plate has its well, a list has its row."""
    return f"#{row.row}"


def _keep(found: RunRow, made: Made, verdict: dict, *, by: int, at: datetime) -> None:
    run(
        "UPDATE run SET state = 'evaluated', verdict = %s, imported_by = %s, imported_at = %s "
        "WHERE cell_id = %s AND run_id = %s",
        (Jsonb(verdict), by, at, found.cell_id, found.run_id),
    )
    insert(
        "call",
        ("cell_id", "run_id", "well", "barcode", "tube_cell", "tube_round", "outcome", "reasons",
         "cts"),
        [
            (found.cell_id, found.run_id, _place(row), b, made.keys[b].cell_id,
             made.keys[b].round_id, int(call.outcome), Jsonb(msgspec.to_builtins(call.reasons)),
             Jsonb(call.cts))
            for b, (row, call) in made.calls.items()
        ],
    )  # fmt: skip
