"""Logs of a pipetting robot: which tube went from which plate's well into which, step by step.

The steps of one plate lie in several files (tube → deep well → RNA → 384). A plate's map is taken
from them only when every one of its wells leads back to a tube through wells that hold that tube."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from screening.errors import Fault
from screening.lab.readers import fill_problems as p
from screening.lab.readers.columns import key, well_name
from screening.lab.readers.sample_sheet import rows_by

NAMES = {
    "tube": ("sampletubebarcode", "tubebarcode", "samplebarcode", "sampletube", "管码"),
    "source": ("inputbarcode", "inputplatebarcode", "sourcebarcode", "sourceplate", "来源板"),
    "source_well": ("inputwellnumber", "inputwell", "sourcewell", "来源孔"),
    "target": ("outputbarcode", "outputplatebarcode", "targetbarcode", "targetplate", "目标板"),
    "target_well": ("outputwellnumber", "outputwell", "targetwell", "目标孔"),
    "step": ("protocol", "step", "method", "步骤"),
    "at": ("datetime", "time", "date", "时间"),
}
_NEEDED = ("tube", "source", "source_well", "target", "target_well")
_TIMES = ("%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M",
          "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M")  # fmt: skip
_SIDE = re.compile(r"(.*\d)[A-Z]")


class Move(msgspec.Struct, frozen=True):
    """One row: a tube's material went from one well into another. `source_well` is None for a
    place on a tube carrier: there the chain begins."""

    file: int
    row: int
    step: str
    tube: str
    source: str
    source_well: str | None
    target: str
    target_well: str
    at: datetime | None


class RobotLog(msgspec.Struct, frozen=True):
    moves: list[Move]
    faults: list[Fault]


class Chain(msgspec.Struct, frozen=True):
    """`wells`: well of the plate → tube; `rows`: well → row of the last log; `left`: tubes whose
    material was taken and is not on this plate; `sides`: labels read as another (…4A as …4)."""

    wells: dict[str, str]
    rows: dict[str, int]
    faults: list[Fault]
    left: list[str]
    sides: dict[str, str]


def is_log(data: bytes) -> bool:
    return bool(rows_by(data, _is_header))


def read_log(data: bytes, file: int = 1) -> RobotLog:
    """The moves of one file. Raises NotASampleSheet."""
    rows = rows_by(data, _is_header)
    if not rows:
        raise p.NotASampleSheet
    start = next(i for i, row in enumerate(rows) if _is_header(row))
    at = _columns(rows[start])
    moves: list[Move] = []
    faults: list[Fault] = []
    for n, row in enumerate(rows[start + 1 :], start + 2):
        cell = {f: row[i].strip() if i < len(row) else "" for f, i in at.items()}
        if not any(cell[f].strip("- ") for f in _NEEDED):
            continue
        step = re.sub(r"[^\w .-]", "", cell.get("step", ""))[:40] or f"{file}"
        target = well_name(cell["target_well"])
        if target is None or not all(cell[f] for f in _NEEDED):
            faults.append(Fault(p.NoTubeNamed(), row=n, column=step))
            continue
        moves.append(
            Move(file, n, step, cell["tube"], cell["source"], well_name(cell["source_well"]),
                 cell["target"], target, _time(cell.get("at", "")))
        )  # fmt: skip
    return RobotLog(moves, faults)


def _is_header(row: list[str]) -> bool:
    names = {key(c) for c in row}
    return all(names & set(NAMES[f]) for f in _NEEDED)


def _columns(header: list[str]) -> dict[str, int]:
    names = [key(c) for c in header]
    return {
        f: names.index(next(o for o in options if o in names))
        for f, options in NAMES.items()
        if set(options) & set(names)
    }


def _time(text: str) -> datetime | None:
    for form in _TIMES:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 - compared among themselves only
        except ValueError:
            continue
    return None


# --- the chain ----------------------------------------------------------------------------------


def chain_to(code: str, logs: Sequence[RobotLog]) -> Chain:
    """The map of plate `code` as the logs prove it, with every row that breaks the chain.

    Raises NotOnThisPlate when no row fills that plate."""
    moves = [m for log in logs for m in log.moves]
    faults = [f for log in logs for f in log.faults]
    filled, mixed = _filled(moves)
    faults += mixed
    mine = [m for m in moves if m.target.casefold() == code.casefold()]
    if not mine:
        inputs = {m.source for m in moves}
        found = sorted({m.target for m in moves} - inputs)
        raise p.NotOnThisPlate(plate=code, found=", ".join(found[:5]) or "?")
    plates = {plate for plate, _ in filled}
    sides = _sides(moves, plates)
    seen: set[int] = set()
    for m in mine:
        faults += _walk(m, filled, plates, sides, seen)
    wells = {m.target_well: m.tube for m in mine}
    left = dict.fromkeys(m.tube for m in moves if m.source_well is None)
    return Chain(
        wells, {m.target_well: m.row for m in mine}, faults,
        sorted(left.keys() - set(wells.values())), sides,
    )  # fmt: skip


def _filled(moves: Sequence[Move]) -> tuple[dict[tuple[str, str], Move], list[Fault]]:
    """Who filled each well, and every second tube in a well."""
    filled: dict[tuple[str, str], Move] = {}
    faults = []
    for m in moves:
        first = filled.setdefault((m.target, m.target_well), m)
        if first is not m:
            kind = p.WellRepeated if first.tube == m.tube else p.MixedWell
            problem = kind(well=f"{m.target} {m.target_well}", other=first.row)
            faults.append(Fault(problem, row=m.row, column=m.step))
    return filled, faults


def _sides(moves: Sequence[Move], plates: set[str]) -> dict[str, str]:
    """Plates with a label on each side ("…4" and "…4A"): read as one where that is the only way."""
    found: dict[str, str] = {}
    for source in {m.source for m in moves} - plates:
        side = _SIDE.fullmatch(source)
        if side and side[1] in plates:
            found[source] = side[1]
    read = list(found.values())
    return {label: plate for label, plate in sorted(found.items()) if read.count(plate) == 1}


def _walk(
    m: Move,
    filled: Mapping[tuple[str, str], Move],
    plates: set[str],
    sides: Mapping[str, str],
    seen: set[int],
) -> Iterator[Fault]:
    """Back from one move to the tube; each row's fault is told once."""
    on_way = {id(m)}
    while m.source_well is not None and id(m) not in seen:
        seen.add(id(m))
        plate = sides.get(m.source, m.source)
        if plate not in plates:
            yield Fault(p.LogMissing(plate=m.source), row=m.row, column=m.step)
            return
        before = filled.get((plate, m.source_well))
        if before is None:
            problem = p.ChainGap(plate=m.source, well=m.source_well)
            yield Fault(problem, row=m.row, column=m.step)
            return
        about = {"plate": m.source, "well": m.source_well, "step": before.step, "other": before.row}
        if before.tube != m.tube:
            yield Fault(p.ChainTube(**about), row=m.row, column=m.step)
            return
        if m.at and before.at and m.at < before.at:
            yield Fault(p.ChainTime(**about), row=m.row, column=m.step)
        if id(before) in on_way:
            yield Fault(p.ChainLoop(), row=m.row, column=m.step)
            return
        on_way.add(id(before))
        m = before
