"""Run files as they come, many at once: matched by the plate code they carry, or kept in the tray.

Nothing is guessed. A person assigns a file of the tray or puts it away with a reason, and what it
shows of tubes that it names is told all the same (Shijiazhuang)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from screening.accounts.audit import note
from screening.db import db, run
from screening.errors import Problem
from screening.lab import queries
from screening.lab.bench.tray_words import FileGone, NoDiscardReason, SecondPerson
from screening.lab.judgement.judging import NO_CODE, keep_only, named_signals, speaks_of_unnamed
from screening.lab.plates.problems import FileUsed
from screening.lab.queries import LabRow
from screening.lab.queries.steps import plates_of_code
from screening.lab.queries.tray import TrayRow, find_waiting, get_file, list_untold
from screening.lab.readers import RunFile, read_run
from screening.lab.rules.rule_sets import RuleSet
from screening.lab.rules.well_rules import Outcome
from screening.lab.service import alerts, originals, rule_sets, runs, waiting
from screening.lab.service.originals import NoOriginal
from screening.lab.service.plates import WAITING_STATES
from screening.lab.service.quiet import unalerted
from screening.lab.service.runs import tube_numbers
from screening.tube.queries import find_keys

NAME = 120  # characters of a file's name that are kept
DEFAULT_RULE = "general-ct40"


class Came(NamedTuple):
    """What became of one file. `state`: matched (a run waits for confirmation), already, waiting
    (in the tray, `why`), refused (`problem`)."""

    name: str
    state: str
    run_id: int | None = None
    plate: str | None = None
    file_id: int | None = None
    why: str = ""
    problem: Problem | None = None


def take(lab_id: int, data: bytes, name: str, *, by: int, at: datetime) -> Came:
    """Match one file to the plate whose code it carries, else lay it into the tray. The same file
    again changes nothing. A file that is none is refused; so is one that serves another plate."""
    lab = queries.get_lab(lab_id)
    name = name.replace("\\", "/").rpartition("/")[2][:NAME]
    try:
        with db.session.begin_nested():
            return _take(lab, data, name, by=by, at=at)
    except Problem as problem:
        return Came(name, "refused", problem=problem)


def _take(lab: LabRow, data: bytes, name: str, *, by: int, at: datetime) -> Came:
    file = read_run(data, name)
    digest, content = bytes.fromhex(file.sha256), bytes.fromhex(file.content_sha256)
    waiting.lock_files(lab)
    if (used := queries.find_used(lab, digest, content)) is not None:
        return _used(lab, file, used, name)
    seen = queries.find_run(lab, digest)
    if seen is not None and seen.state == "previewed":
        plate = queries.get_plate(lab, seen.plate_id).code
        return Came(name, "already", seen.run_id, plate, why="previewed")
    plates = plates_of_code(lab, _code(file)) if _code(file) else []
    why = _why(file, [p.state for p in plates])
    if not why:
        made = runs.preview(lab.lab_id, plates[0].plate_id, data, name, by=by, at=at)
        return Came(name, "matched", made.run.run_id, plates[0].code)
    if (held := find_waiting(lab, digest)) is not None:
        return Came(name, "waiting", file_id=held.file_id, why=held.why, plate=_code(file) or None)
    originals.keep(lab, digest, data, by=by, at=at)
    file_id = waiting.lay(lab, digest, name, why, _told(lab, file), by=by, at=at)
    return Came(name, "waiting", file_id=file_id, why=why, plate=_code(file) or None)


def _used(lab: LabRow, file: RunFile, used: queries.RunRow, name: str) -> Came:
    """A file that names another plate than the one it served is a second entry, not a repeat."""
    plate = queries.get_plate(lab, used.plate_id).code
    if _code(file) and _code(file).casefold() != plate.casefold():
        raise FileUsed(plate=plate)
    return Came(name, "already", used.run_id, plate)


def _code(file: RunFile) -> str:
    text = (file.plate_barcode or "").strip()
    return "" if text.casefold() in NO_CODE else text


def _why(file: RunFile, states: list[str]) -> str:
    if not _code(file):
        return "no_plate_code"
    if not states:
        return "unknown_plate"
    if len(states) > 1:
        return "two_plates"
    return "" if states[0] in WAITING_STATES else "plate_done"


def _told(lab: LabRow, file: RunFile) -> dict[str, Any]:
    """What helps a person to see whose file it is; no sample names but our own numbers."""
    ours = _ours(file)
    return {
        "plate": _code(file) or None,
        "instrument": file.instrument,
        "serial": file.serial,
        "started": file.started,
        "wells": len(file.wells),
        "named": len(ours),
        "stand": waiting.stand(lab, set(ours.values())),
    }


def _ours(file: RunFile) -> dict[str, str]:
    return tube_numbers(file.rows)


# --- a person decides ---------------------------------------------------------------------------


def assign(lab_id: int, file_id: int, plate_id: int, *, by: int, at: datetime) -> int:
    """Say whose file it is: it is looked at for that plate like any other; nothing moves yet.
    The run's number. Raises FileGone, FileUsed, PlateDone."""
    lab, found = _waiting(lab_id, file_id)
    data = _bytes(lab, found)
    made = runs.preview(lab_id, plate_id, data, found.name, by=by, at=at)
    if made.already:  # a look ends the wait by itself, a repeat does not
        waiting.end(found, "assigned", by=by, at=at, plate_id=plate_id, run_id=made.run.run_id)
    note("tray_file_assigned", "run", made.run.run_id, cell=lab.cell_id, staff_id=by)
    return made.run.run_id


def discard(lab_id: int, file_id: int, reason: str, *, by: int, at: datetime) -> int:
    """Put a file away; it stays on record. Signals of tubes that it names are alerted now (how
    many); a signal of a tube that it does not name asks for a second person.

    Raises NoDiscardReason, FileGone, SecondPerson (after the first has asked)."""
    if not reason.strip():
        raise NoDiscardReason()
    lab, found = _waiting(lab_id, file_id)
    file = read_run(_bytes(lab, found), found.name)
    rule = _rule(at)
    told = _alert(lab, file, rule, at)
    if found.asked_by is None and speaks_of_unnamed(rule, file.rows, _ours(file)):
        run(
            "UPDATE tray_file SET asked_by = %s, reason = %s WHERE cell_id = %s AND file_id = %s",
            (by, reason.strip(), lab.cell_id, file_id),
        )
        note("tray_discard_asked", "file", file_id, cell=lab.cell_id, staff_id=by)
        return told
    if found.asked_by == by:
        raise SecondPerson()
    waiting.end(found, "discarded", by=by, at=at, reason=found.reason or reason.strip())
    note("tray_file_discarded", "file", file_id, cell=lab.cell_id, staff_id=by,
         detail={"alerts": told})  # fmt: skip
    return told


def _waiting(lab_id: int, file_id: int) -> tuple[LabRow, TrayRow]:
    lab = queries.get_lab(lab_id)
    waiting.lock_files(lab)
    found = get_file(lab, file_id, lock=True)
    if found.state != "waiting":
        raise FileGone()
    return lab, found


def _bytes(lab: LabRow, found: TrayRow) -> bytes:
    data = originals.unseal(lab, found.file_hash)
    if data is None:
        raise NoOriginal()
    return data


def _rule(at: datetime) -> RuleSet:
    """No plate, no kit: what a file of the tray shows is read by the general set."""
    found = {v.name: v for v in rule_sets.list_in_force(at=at)}
    chosen = found.get(DEFAULT_RULE) or next(iter(found.values()))
    return rule_sets.get_version(chosen.rule_id).rule


def _alert(lab: LabRow, file: RunFile, rule: RuleSet, at: datetime) -> int:
    signals = named_signals(rule, keep_only(file.rows, _ours(file)))
    keys = find_keys(signals)
    quiet = unalerted(list(keys.values()))
    told: dict[str, Outcome] = {b: o for b, o in signals.items() if b in quiet}
    if not told:
        return 0
    return alerts.raise_signals(told, keys, lab_id=lab.lab_id, run_id=None, provisional=True, at=at)


def tell_waiting(labs: Sequence[LabRow], before: datetime, *, at: datetime) -> int:
    """Nobody has said whose files these are since `before`: what they show of tubes that they name
    is told now, once; they go on waiting. How many alerts."""
    told = 0
    for lab in labs:
        for found in list_untold(lab, before):
            data = originals.unseal(lab, found.file_hash)
            if data is not None:
                told += _alert(lab, read_run(data, found.name), _rule(at), at)
            run(
                "UPDATE tray_file SET told = told || '{\"alerted\": true}' "
                "WHERE cell_id = %s AND file_id = %s",
                (lab.cell_id, found.file_id),
            )
    return told
