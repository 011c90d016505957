"""A plate filled from files: a sample sheet or a robot's logs are looked at, then confirmed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from screening.accounts.audit import note
from screening.errors import Fault
from screening.lab import queries
from screening.lab.queries import PlateRow
from screening.lab.readers import fill_problems as p
from screening.lab.readers import robot_log, sample_sheet
from screening.lab.readers.sample_sheet import SampleSheet
from screening.lab.service import plates
from screening.lab.service.plates import Placed
from screening.tube.labels import read_tube
from screening.tube.queries import find_keys, list_tubes

MOST_FILES = 12  # house; a robot has three or four steps, at most a file for each quadrant


class Proposed(NamedTuple):
    """What the files would put onto the plate. `source`: sheet or robot; `left`: tubes that the
    robot took from and that are not on this plate; `sides`: plate labels read as another."""

    source: str
    wells: dict[str, str]
    lines: list[Line]
    left: list[str]
    sides: dict[str, str]


class Line(NamedTuple):
    """One well of a proposal. `known`: somebody captured or received the tube before."""

    well: str
    barcode: str
    known: bool
    members: int
    holds: int


class _Read(NamedTuple):
    wells: dict[str, str]
    rows: dict[str, int]
    faults: list[Fault]
    source: str = "sheet"
    left: Sequence[str] = ()
    sides: Mapping[str, str] = {}


def look(lab_id: int, plate_id: int, files: Sequence[bytes]) -> Proposed:
    """Read the files for a plate; nothing moves. Raises FillFaults with every fault of every row,
    and what refuses a file as a whole."""
    plate = queries.get_plate(queries.get_lab(lab_id), plate_id)
    read = _read(plate, files)
    faults = [*read.faults]
    for fault in plates.check(lab_id, plate_id, read.wells):
        well = (fault.field or "").removeprefix("wells.")
        faults.append(Fault(fault.problem, row=read.rows.get(well), column=well))
    if faults:
        raise p.FillFaults(sorted(faults, key=lambda f: f.row or 0))
    return Proposed(read.source, read.wells, _lines(read.wells), list(read.left), dict(read.sides))


def confirm(
    lab_id: int, plate_id: int, wells: Mapping[str, str], *, source: str, by: int, at: datetime
) -> list[Placed]:
    """Put the tubes of a proposal into their wells, all or none; everything is checked again."""
    made = plates.fill(lab_id, plate_id, wells, by=by, at=at)
    lab = queries.get_lab(lab_id)
    act = "plate_filled_by_robot" if source == "robot" else "plate_filled_by_sheet"
    note(act, "plate", plate_id, cell=lab.cell_id, staff_id=by)
    return made


def _read(plate: PlateRow, files: Sequence[bytes]) -> _Read:
    if not files:
        raise p.NotASampleSheet
    logs = [robot_log.is_log(data) for data in files]
    if all(logs) and len(files) <= MOST_FILES:
        read = [robot_log.read_log(data, n) for n, data in enumerate(files, 1)]
        chain = robot_log.chain_to(plate.code, read)
        return _Read(chain.wells, chain.rows, chain.faults, "robot", chain.left, chain.sides)
    if len(files) > 1:
        raise p.OneSheetOnly
    return _sheet(plate, sample_sheet.read_sheet(files[0]))


def _sheet(plate: PlateRow, sheet: SampleSheet) -> _Read:
    faults = [*sheet.faults]
    wells: dict[str, str] = {}
    rows: dict[str, int] = {}
    for code, row in sheet.plates.items():
        if code.casefold() != plate.code.casefold():
            faults.append(Fault(p.OtherPlateNamed(), row=row))
    for line in sheet.lines:
        if line.kind == "tube":
            wells[line.well], rows[line.well] = line.text, line.row
        elif not _same_control(plate.layout.get(line.well), line.kind):
            problem = p.NotThatControl(well=line.well, said=line.text[:20])
            faults.append(Fault(problem, row=line.row))
    return _Read(wells, rows, faults)


def _same_control(planned: str | None, said: str) -> bool:
    """An empty well may be called empty, be it a mark, a blank or free."""
    kind = planned.partition(":")[0] if planned else "blank"
    return kind == said or {kind, said} <= {"blank", "mark"}


def _lines(wells: Mapping[str, str]) -> list[Line]:
    barcodes = {w: read_tube(text) for w, text in wells.items()}
    tubes = {t["barcode"]: t for t in list_tubes(find_keys(barcodes.values()).values())}
    out = []
    for well, barcode in barcodes.items():
        tube = tubes.get(barcode)
        out.append(
            Line(well, barcode, tube is not None, tube["members"] if tube else 0,
                 int(tube["holds"]) if tube else 0)
        )  # fmt: skip
    return out
