"""Plates: made, filled by scan or by map, emptied. The scan into a well is a tube's receipt too."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from psycopg.types.json import Jsonb

from screening.accounts.audit import note
from screening.db import fetch, insert, new_id, run
from screening.errors import Fault, Faults
from screening.lab import queries
from screening.lab.bench.commands import check_no_command
from screening.lab.plates import control_places, layout, plate_plan
from screening.lab.plates.problems import (
    BadPlateCode,
    PlateCodeTaken,
    PlateDone,
    PlateFixed,
    PlateFull,
    WellEmpty,
)
from screening.lab.queries import LabRow, PlateRow, WellRow
from screening.lab.rules.rule_sets import RuleSet
from screening.lab.service import dropped, rule_sets, starts, waiting
from screening.lab.service.moves import moving, standing
from screening.lab.service.plate_maps import check_map, refusal
from screening.lab.service.well_receipts import receive_by_well
from screening.registry import queries as registry
from screening.tube.labels import read_tube
from screening.tube.queries import find_keys, list_tubes
from screening.tube.rules import Verb

# while a plate is in quarantine people look at it in their hands, and its map may be put right
OPEN_STATES = ("planned", "filled", "quarantined")
# these still wait for the file that gives them their result
WAITING_STATES = (*OPEN_STATES, "running")
LAYOUT_LOCK = 720_261_150  # advisory lock: two plates made at once take different layouts
_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,39}")


class Placed(NamedTuple):
    """A tube that has just got its wells. `unknown`: nobody had captured it, it is held."""

    barcode: str
    wells: list[str]
    unknown: bool
    holds: int


# --- a plate is made ----------------------------------------------------------------------------


def create(
    lab_id: int,
    *,
    code: str,
    rule_id: int,
    by: int,
    at: datetime,
    size: int = 96,
    round_id: int | None = None,
    controls: Mapping[str, str] | None = None,
    marked: bool = False,
) -> PlateRow:
    """An empty plate under the rule set that is in force now; its start takes the version of then.

    `controls`: well → 'ntc', 'pc', 'blank' or 'mark'; without them the next of the default layouts,
    `marked` the one that shows any two exchanged columns. `round_id`: where
    numbers that nobody knows are claimed, by default the round that is open. Raises BadPlateCode,
    PlateCodeTaken, NotInForce, BadLayout."""
    lab = queries.get_lab(lab_id)
    if not _CODE.fullmatch(code):
        raise BadPlateCode()
    _check_code_free(lab, code)
    rule = rule_sets.get_in_force(rule_id, at=at).rule
    if size not in layout.SHAPES:
        raise plate_plan.BadLayout(why=f"{size}")
    if controls is None:
        fetch("SELECT pg_advisory_xact_lock(%s)", (LAYOUT_LOCK,))
        used = queries.last_layouts(lab, size, control_places.FAMILY - 1)
        controls = control_places.next_of(plate_plan.layouts(rule, size, marked=marked), used)
    chosen = dict(controls)
    plate_plan.check_layout(rule, chosen, size)
    row = PlateRow(
        lab.cell_id, new_id(), lab_id, _round(round_id), code, size, chosen, rule_id, "planned",
        by, at, None,
    )  # fmt: skip
    insert("plate", PlateRow._fields, [row._replace(layout=Jsonb(chosen))])  # type: ignore[arg-type]
    note("plate_made", "plate", row.plate_id, cell=lab.cell_id, staff_id=by)
    return row


def _check_code_free(lab: LabRow, code: str) -> None:
    """Said here so that the form can say it; of two at once the index stops one. Raises
    PlateCodeTaken."""
    if fetch(
        "SELECT 1 FROM plate WHERE cell_id = %s AND lab_id = %s AND code = %s",
        (lab.cell_id, lab.lab_id, code),
    ):
        raise PlateCodeTaken()


def _round(round_id: int | None) -> int:
    if round_id is not None:
        return registry.get_policy(round_id).round_id
    rounds = registry.open_rounds()
    return rounds[-1].round_id if rounds else 0


# --- tubes come onto it -------------------------------------------------------------------------


def scan(
    lab_id: int, plate_id: int, text: str, *, by: int, at: datetime, order: str = "column"
) -> Placed:
    """Put the scanned tube into the next free well; whatever was not received is received by it.

    A number that nobody has captured is taken in all the same: it is tested and held. Raises what
    the reading of a code raises, BenchCommand, AlreadyPlated, WrongStage, PlateFull, PlateFixed."""
    check_no_command(text)
    lab, plate, rule = lock_open(lab_id, plate_id)
    barcode = read_tube(text)
    taken = queries.list_wells(plate)
    wells = plate_plan.free_wells(rule, plate.size, plate.layout, taken, order)
    if len(wells) < plate_plan.wells_per_tube(rule):
        raise PlateFull(plate=plate.code)
    return _put(lab, plate, {barcode: wells}, by=by, at=at)[0]


def fill(
    lab_id: int, plate_id: int, wells: Mapping[str, str], *, by: int, at: datetime
) -> list[Placed]:
    """Put tubes into named wells (well → scanned code), all of them or none.

    Raises Faults with every well that cannot be filled, and PlateFixed."""
    lab, plate, rule = lock_open(lab_id, plate_id)
    chosen, faults = check_map(plate, rule, wells)
    if faults:
        raise Faults(faults)
    return _put(lab, plate, chosen, by=by, at=at)


def check(lab_id: int, plate_id: int, wells: Mapping[str, str]) -> list[Fault]:
    """What `fill` would say of these wells; nothing is written. Raises PlateFixed."""
    _, plate, rule = lock_open(lab_id, plate_id)
    return check_map(plate, rule, wells)[1]


def empty(lab_id: int, plate_id: int, well: str, *, by: int, at: datetime) -> str:
    """Take the tube of a well off the plate again, out of all its wells; returns its number."""
    waiting.lock_files(queries.get_lab(lab_id))
    lab, plate, _ = lock_open(lab_id, plate_id)
    held = queries.list_wells(plate)
    if well not in held:
        raise WellEmpty(well=well)
    tube = held[well]
    dropped.tell_plate(lab, plate, by=by, at=at)
    stands = queries.platings([tube.key]).get(tube.barcode)
    if stands is not None and stands.plate_id == plate_id:
        with moving(lab, plate.round_id, by=by, at=at) as move:
            move(
                Verb.UNPLATE,
                {tube.barcode: {"answers": stands.line_id, "lab_id": lab_id}},
                "unplate",
                body={"plate": plate_id, "well": well},
            )
    run(
        "DELETE FROM well WHERE cell_id = %s AND plate_id = %s AND barcode = %s",
        (plate.cell_id, plate_id, tube.barcode),
    )
    if plate.state == "filled" and all(w.barcode == tube.barcode for w in held.values()):
        set_state(plate, "planned")
    return tube.barcode


def start(
    lab_id: int, plate_id: int, *, by: int, at: datetime, instrument: str | None = None
) -> PlateRow:
    """The plate goes onto the instrument: from now on its map is fixed, and so is the version of
    its rule set, the one in force now; its file is awaited. `instrument`: the serial number, a
    file of another one is then refused. Raises PlateFixed, BadLayout."""
    _, plate, _ = lock_open(lab_id, plate_id)
    if plate.state != "filled":
        raise PlateFixed(plate=plate.code)
    held = rule_sets.at_start(plate.rule_id, at)
    if held.rule_id != plate.rule_id:
        plate_plan.check_layout(held.rule, plate.layout, plate.size)
        plate = plate._replace(rule_id=held.rule_id)
        run(
            "UPDATE plate SET rule_id = %s WHERE cell_id = %s AND plate_id = %s",
            (held.rule_id, plate.cell_id, plate_id),
        )
    starts.begin(plate, instrument, by=by, at=at)
    note("plate_started", "plate", plate_id, cell=plate.cell_id, staff_id=by)
    return set_state(plate, "running")


def abandon(lab_id: int, plate_id: int, *, by: int, at: datetime) -> PlateRow:
    """Give up a plate without a result (instrument broken, plate dropped, not to be trusted): its
    tubes go back to the rack, its map stays as it was. Raises PlateDone."""
    lab = queries.get_lab(lab_id)
    waiting.lock_files(lab)
    plate = queries.get_plate(lab, plate_id, lock=True)
    if plate.state not in WAITING_STATES:
        raise PlateDone(plate=plate.code)
    tubes = {w.key for w in queries.list_wells(plate).values()}
    dropped.tell_plate(lab, plate, by=by, at=at)
    with moving(lab, plate.round_id, by=by, at=at) as move:
        move.give_back(standing(plate, tubes), {"plate": plate_id})
    starts.end(plate, at)
    note("plate_abandoned", "plate", plate_id, cell=lab.cell_id, staff_id=by)
    return set_state(plate, "invalid")


def set_state(plate: PlateRow, state: str, run_id: int | None = None) -> PlateRow:
    """The plate's own state; tubes move by commands only."""
    made = plate._replace(state=state, run_id=run_id or plate.run_id)
    run(
        "UPDATE plate SET state = %s, run_id = %s WHERE cell_id = %s AND plate_id = %s",
        (made.state, made.run_id, plate.cell_id, plate.plate_id),
    )
    return made


# --- how it is done -----------------------------------------------------------------------------


def lock_open(lab_id: int, plate_id: int) -> tuple[LabRow, PlateRow, RuleSet]:
    """A plate that can still be changed, until the end of the transaction, with its rules."""
    lab = queries.get_lab(lab_id)
    plate = queries.get_plate(lab, plate_id, lock=True)
    if plate.state not in OPEN_STATES:
        raise PlateFixed(plate=plate.code)
    return lab, plate, rule_sets.get_version(plate.rule_id).rule


def _put(
    lab: LabRow, plate: PlateRow, chosen: Mapping[str, list[str]], *, by: int, at: datetime
) -> list[Placed]:
    """Receive what is not received here, plate all, write the wells. Set-based."""
    tubes = {t["barcode"]: t for t in list_tubes(find_keys(chosen).values())}
    for barcode, tube in tubes.items():
        if (problem := refusal(barcode, tube["stage"])) is not None:
            raise problem
    with moving(lab, plate.round_id, by=by, at=at) as move:
        receive_by_well(move, tubes, chosen)
        move(
            Verb.PLATE,
            {
                b: {"lab_id": lab.lab_id, "data": {"plate": plate.plate_id, "well": wells[0]}}
                for b, wells in chosen.items()
            },
            "plate",
            body={"plate": plate.plate_id},
        )
    rows = [
        (plate.cell_id, plate.plate_id, well, b, m.key.cell_id, m.key.round_id, by, at)
        for b, m in move.merged.items()
        for well in chosen[b]
    ]
    insert("well", ("cell_id", "plate_id", *WellRow._fields), rows)
    if plate.state == "planned":
        set_state(plate, "filled")
    return [
        Placed(b, wells, not move.merged[b].binds, int(move.merged[b].state.holds))
        for b, wells in chosen.items()
    ]
