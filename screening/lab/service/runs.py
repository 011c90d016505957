"""Runs: a file is looked at (nothing moves), then confirmed in one transaction, alerts included."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from screening.accounts.audit import note
from screening.db import insert, new_id, run
from screening.errors import Problem
from screening.lab import queries
from screening.lab.judgement.judging import Judgement, keep_only
from screening.lab.plates.problems import FileUsed, FileUsedElsewhere, FileWaits, PlateDone
from screening.lab.queries import LabRow, PlateRow, RunRow
from screening.lab.readers import read_run
from screening.lab.readers.run import RunFile, WellReading
from screening.lab.rules.well_rules import Outcome
from screening.lab.service import alerts, dropped, originals, starts, waiting, watch
from screening.lab.service.moves import moving, standing
from screening.lab.service.plates import WAITING_STATES, set_state
from screening.lab.service.verdicts import Bench, Shown, bench_of, judge_now, rule_of, show
from screening.tickets import service as tickets
from screening.tickets.service import Finding, Subject
from screening.tube.labels import read_tube
from screening.tube.queries import find_keys
from screening.tube.rules import Verb

__all__ = ["RERUN", "WAITING_STATES", "Shown", "confirm", "discard", "preview", "show"]

NAME = 120  # characters of a file's name that are kept
# a first doubtful or failed reading is repeated from the same tube (domain 8.2); a second stands
RERUN = (Outcome.INCONCLUSIVE, Outcome.INVALID)


# --- a file is looked at ------------------------------------------------------------------------


def preview(
    lab_id: int, plate_id: int, data: bytes, name: str = "", *, by: int, at: datetime
) -> Shown:
    """Read a run file for a plate and say what would happen; no tube, alert or plate changes.

    A file is what it says: one that was confirmed before, saved again or not, is shown as it then
    was (`already`). Raises NotARunFile and its kin, FileUsed for another plate's, FileUsedElsewhere
    for another laboratory's, FileWaits while it is looked at for another, PlateDone."""
    file = read_run(data, name)
    lab = queries.get_lab(lab_id)
    digest = bytes.fromhex(file.sha256)
    waiting.lock_files(lab)
    held = queries.find_run(lab, digest)  # locked before anything is asked of it
    plate = queries.get_plate(lab, plate_id)
    if (used := queries.find_used(lab, digest, bytes.fromhex(file.content_sha256))) is not None:
        _check_own(lab, used, plate_id)
        return show(lab_id, used.run_id, at=at)._replace(already=True)
    _check_elsewhere(lab, digest, bytes.fromhex(file.content_sha256))
    if plate.state not in WAITING_STATES:
        raise PlateDone(plate=plate.code)
    if held is not None and held.state == "previewed" and held.plate_id != plate_id:
        raise FileWaits(plate=queries.get_plate(lab, held.plate_id).code)
    run_id = held.run_id if held else new_id()
    originals.keep(lab, digest, data, by=by, at=at)
    _keep_preview(lab, plate, run_id, file, held, name, by=by, at=at)
    waiting.found_plate(lab, digest, plate_id=plate_id, run_id=run_id, by=by, at=at)
    return show(lab_id, run_id, at=at)


def _check_elsewhere(lab: LabRow, file_hash: bytes, content: bytes) -> None:
    """Nor does it serve two laboratories. Raises FileUsedElsewhere."""
    if queries.is_used_elsewhere(lab, file_hash, content):
        raise FileUsedElsewhere()


def _check_own(lab: LabRow, used: RunRow, plate_id: int) -> None:
    """A file belongs to one plate (Shuozhou: one file under two entries). Raises FileUsed."""
    if used.plate_id != plate_id:
        raise FileUsed(plate=queries.get_plate(lab, used.plate_id).code)


def _keep_preview(
    lab: LabRow,
    plate: PlateRow,
    run_id: int,
    file: RunFile,
    held: RunRow | None,
    name: str,
    *,
    by: int,
    at: datetime,
) -> None:
    verdict = {
        "content": file.content_sha256,
        "plate": file.plate_barcode,
        "started": file.started,
        "serial": file.serial,
        "warnings": msgspec.to_builtins(file.warnings),
        "before": _history(held),
        "name": name.replace("\\", "/").rpartition("/")[2][:NAME],
    }
    values = bytes.fromhex(file.values_sha256) if file.values_sha256 else None
    readings = msgspec.to_builtins(keep_only(file.rows, tube_numbers(file.rows)))
    row = (
        lab.cell_id, run_id, lab.lab_id, plate.plate_id, plate.round_id,
        bytes.fromhex(file.sha256), file.instrument, "previewed", plate.rule_id, by, at,
        Jsonb(verdict), Jsonb(readings), bytes.fromhex(file.content_sha256), values,
    )  # fmt: skip
    columns = (*RunRow._fields, "readings", "content_hash", "values_hash")
    changed = [c for c in columns if c not in ("cell_id", "run_id", "lab_id", "file_hash")]
    updates = ", ".join(f"{c} = EXCLUDED.{c}" for c in changed)
    insert("run", columns, [row], f"ON CONFLICT (cell_id, run_id) DO UPDATE SET {updates}")


def _history(held: RunRow | None) -> list[dict[str, Any]]:
    """What had become of the file before: a quarantined one may be tried on its right plate."""
    if held is None:
        return []
    before = list(held.verdict.get("before", []))
    if held.state == "quarantined":
        before.append(
            {"plate": held.plate_id, "state": held.state, "at": held.imported_at.isoformat()}
        )
    return before


def tube_numbers(readings: Sequence[WellReading]) -> dict[str, str]:
    """Sample name → tube number, of those that read as one."""
    out = {}
    for text in {r.sample for r in readings if r.sample}:
        try:
            out[text] = read_tube(text)
        except Problem:
            continue
    return out


def discard(lab_id: int, run_id: int, *, by: int, at: datetime) -> int:
    """Forget a file that was only looked at; a signal in it is told all the same (how many)."""
    lab = queries.get_lab(lab_id)
    waiting.lock_files(lab)
    found = queries.get_run(lab, run_id, lock=True)
    return dropped.drop(lab, found, by=by, at=at) if found.state == "previewed" else 0


# --- it is confirmed ----------------------------------------------------------------------------


def confirm(lab_id: int, run_id: int, *, by: int, at: datetime) -> Shown:
    """Adopt a run that was looked at: calls, alerts, tests or the way back, in one transaction.

    Judged anew under lock, so that what changed since the preview counts. A second confirmation
    does nothing (`already`). Raises PlateDone, and FileUsed when the same file was confirmed for
    another plate meanwhile."""
    lab = queries.get_lab(lab_id)
    waiting.lock_files(lab)
    found = queries.get_run(lab, run_id, lock=True)
    if found.state != "previewed":
        return show(lab_id, run_id, at=at)._replace(already=True)
    plate = queries.get_plate(lab, found.plate_id, lock=True)
    if plate.state not in WAITING_STATES:
        raise PlateDone(plate=plate.code)
    content = bytes.fromhex(found.verdict["content"])
    if (used := queries.find_used(lab, found.file_hash, content)) is not None:
        _check_own(lab, used, plate.plate_id)
    _check_elsewhere(lab, found.file_hash, content)
    bench = bench_of(lab, plate)
    made = judge_now(bench, found, at)
    _judged_by(bench, run_id, at)
    if made.state == "evaluated":
        retested = _adopt(bench, found, made, by=by, at=at)
    else:
        retested = []
        if made.state == "invalid":
            body = {"plate": plate.plate_id, "run": run_id}
            with moving(lab, plate.round_id, by=by, at=at) as move:
                move.give_back(standing(plate, bench.keys.values()), body)
    raised = _alert(bench, found, made, at)
    held = _watch(bench, run_id, made, at)
    verdict = {
        **found.verdict, **made.verdict(), "reruns": retested, "alerts": raised, "holds": held
    }  # fmt: skip
    _keep(found, made, verdict, bench, by=by, at=at)
    set_state(plate, made.state, run_id)
    if made.state != "quarantined":
        starts.end(plate, at)  # the file that is due is still to come while the plate is held
    _ticket(bench, found, made, at)
    dropped.tell_others(lab, plate, run_id, by=by, at=at)
    note("run_confirmed", "run", run_id, cell=lab.cell_id, staff_id=by)
    return show(lab_id, run_id, at=at)


def _adopt(bench: Bench, found: RunRow, made: Judgement, *, by: int, at: datetime) -> list[str]:
    """TEST lines for the tubes that still stand on this plate; a first doubt goes back for a
    rerun. Returns those to be rerun. A tube rejected or lost meanwhile keeps its call only."""
    here = standing(bench.plate, bench.keys.values())
    tests = {
        b: {"answers": s.line_id, "data": {"outcome": int(made.calls[b][1].outcome),
                                           "run": found.run_id}}
        for b, s in here.items()
        if b in made.calls
    }  # fmt: skip
    again = [b for b in tests if made.calls[b][1].outcome in RERUN and not here[b].reruns]
    with moving(bench.lab, bench.plate.round_id, by=by, at=at) as move:
        body = {"plate": bench.plate.plate_id, "run": found.run_id}
        move(Verb.TEST, tests, "run", body=body)
        move(Verb.RERUN, {b: {"answers": here[b].line_id} for b in again}, "rerun", body=body)
    return sorted(again)


def _judged_by(bench: Bench, run_id: int, at: datetime) -> None:
    """Plate and run carry the version that judged them; a plate that nobody started gets it now."""
    version = rule_of(bench, at).rule_id
    for table, number in (("plate", bench.plate.plate_id), ("run", run_id)):
        run(
            f"UPDATE {table} SET rule_id = %s WHERE cell_id = %s AND {table}_id = %s "
            "AND rule_id <> %s",
            (version, bench.plate.cell_id, number, version),
        )


def _alert(bench: Bench, found: RunRow, made: Judgement, at: datetime) -> int:
    """Who is positive or doubtful is told now; after a mismatch, whoever the file itself names."""
    keys = bench.keys
    if made.differences and made.signals:
        keys = find_keys(made.signals)
    signals = {b: o for b, o in made.signals.items() if b in keys}
    return alerts.raise_signals(
        signals,
        keys,
        lab_id=bench.lab.lab_id,
        run_id=found.run_id,
        provisional=made.state != "evaluated",
        at=at,
    )


def _watch(bench: Bench, run_id: int, made: Judgement, at: datetime) -> list[str]:
    """Only results count that may go out; a failed plate's are repeated, and count then."""
    if made.state != "evaluated":
        return []
    outcomes = {b: call.outcome for b, (_, call) in made.calls.items()}
    return watch.look(bench.lab, bench.plate, run_id, outcomes, made.hints, at=at)


def _keep(
    found: RunRow, made: Judgement, verdict: dict, bench: Bench, *, by: int, at: datetime
) -> None:
    run(
        "UPDATE run SET state = %s, verdict = %s, imported_by = %s, imported_at = %s "
        "WHERE cell_id = %s AND run_id = %s",
        (made.state, Jsonb(verdict), by, at, found.cell_id, found.run_id),
    )
    keys = bench.keys
    insert(
        "call",
        ("cell_id", "run_id", "well", "barcode", "tube_cell", "tube_round", "outcome", "reasons",
         "cts"),
        [
            (found.cell_id, found.run_id, well, b, keys[b].cell_id, keys[b].round_id,
             int(call.outcome), Jsonb(msgspec.to_builtins(call.reasons)), Jsonb(call.cts))
            for b, (well, call) in made.calls.items()
        ],
    )  # fmt: skip


def _ticket(bench: Bench, found: RunRow, made: Judgement, at: datetime) -> None:
    """A mismatch or failed controls ask somebody; a file that fits explains an earlier mismatch."""
    plate = bench.plate
    holds = []
    kinds = {"quarantined": "plate_quarantined", "invalid": "controls_failed"}
    if made.state in kinds:
        sides = {
            "plate": plate.code,
            "run": found.run_id,
            "differences": len(made.differences),
            "faults": sorted({f.code for f in made.faults}),
        }
        holds = [
            Finding(
                plate.cell_id, plate.round_id, kinds[made.state], str(plate.plate_id), at,
                lab_id=plate.lab_id, sides=sides,
            )
        ]  # fmt: skip
    examined = [Subject(plate.cell_id, str(plate.plate_id))]
    tickets.settle(holds, examined, tuple(kinds.values()), at=at)
