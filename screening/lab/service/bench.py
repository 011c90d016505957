"""The bench by scanner alone: every scan is one step, done and kept at once.

What the next scan is for (a tube, the tube that leaks, the next plate) is the last step's to say,
so a reload, a power cut or another computer goes on where the bench stood."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from psycopg.types.json import Jsonb

from screening import clock
from screening.db import insert, new_id, run
from screening.errors import Faults, Problem
from screening.lab import queries
from screening.lab.bench.commands import CONTROLS, REASONS, Command, read_command
from screening.lab.bench.words import (
    NoPlateBefore,
    NoPlateTaken,
    NothingToUndo,
    OnInstrument,
    PlateAwaited,
    RejectStands,
    StillAwaits,
)
from screening.lab.plates import plate_plan
from screening.lab.plates.problems import PlateFull
from screening.lab.queries import LabRow, PlateRow
from screening.lab.queries.steps import find_last, find_undoable, plates_of_code
from screening.lab.service import plates, reception, rule_sets, waiting
from screening.lab.service.moves import moving
from screening.tube.codes import CodeProblem, read_code
from screening.tube.labels import PATTERNS, read_tube
from screening.tube.queries import find_keys, list_tubes
from screening.tube.rules import Stage, Verb

_COLUMNS = (
    "cell_id", "step_id", "lab_id", "staff_id", "plate_id", "kind", "barcode", "wells", "at",
)  # fmt: skip
AWAITED_TUBES = ("leak", "reject")


class Taken(NamedTuple):
    """What became of a scan. `kind` as in BenchStep; `unknown` and `holds` of a placed tube."""

    kind: str
    plate_id: int | None
    barcode: str | None = None
    wells: Sequence[str] = ()
    unknown: bool = False
    holds: int = 0


class _Hand(NamedTuple):
    """One scan: where, on which plate, by whom, when."""

    lab: LabRow
    plate_id: int | None
    awaits: str
    by: int
    at: datetime
    order: str

    def plate(self) -> int:
        if self.plate_id is None:
            raise NoPlateTaken()
        return self.plate_id


def take(
    lab_id: int,
    text: str,
    *,
    by: int,
    at: datetime,
    order: str = "column",
    plate_id: int | None = None,
    well: str | None = None,
) -> Taken:
    """Take one scan: a command, a plate's code, or a tube for the plate that is taken up.

    `plate_id`: the plate that the page shows, else the person's last one. `well`: where the tube
    goes, else the next free one. Raises what the reading
    of a code raises, what `plates.scan` raises, and the problems of bench_words."""
    lab = queries.get_lab(lab_id)
    last = find_last(lab, by)
    hand = _Hand(
        lab, plate_id or (last.plate_id if last else None), last.awaits if last else "", by, at,
        order,
    )  # fmt: skip
    command = read_command(text)
    if command is not None:
        return _obey(hand, command)
    if hand.awaits == "next":
        return _next_plate(hand, text)
    try:
        barcode = read_tube(text)
    except Problem:
        found = plates_of_code(lab, text.strip())
        if len(found) != 1:
            raise
        return _take_up(hand, found[0])
    if hand.awaits in AWAITED_TUBES:
        return _reject(hand, barcode)
    put = (
        _place(hand, text, well)
        if well
        else plates.scan(lab_id, hand.plate(), text, by=by, at=at, order=order)
    )
    done = Taken("tube", hand.plate_id, put.barcode, put.wells, put.unknown, put.holds)
    return _keep(hand, done)


def _keep(hand: _Hand, done: Taken) -> Taken:
    row = (hand.lab.cell_id, new_id(), hand.lab.lab_id, hand.by, done.plate_id, done.kind,
           done.barcode, " ".join(done.wells), hand.at)  # fmt: skip
    insert("bench_step", _COLUMNS, [row])
    return done


def _obey(hand: _Hand, command: Command) -> Taken:
    if command is Command.UNDO:
        return _undo(hand)
    if command in CONTROLS:
        _check_awaits(hand)
        return _control(hand, CONTROLS[command])
    awaited = command.value.removeprefix("CMD-").lower()
    return _keep(hand, Taken(f"await_{awaited}", hand.plate_id))


# --- plates -------------------------------------------------------------------------------------


def _check_awaits(hand: _Hand) -> None:
    """A slip of the hand must not end the wait unseen: the tube that leaks would go into a well."""
    if hand.awaits in AWAITED_TUBES:
        raise StillAwaits()


def _take_up(hand: _Hand, plate: PlateRow) -> Taken:
    _check_awaits(hand)
    plates.lock_open(hand.lab.lab_id, plate.plate_id)
    return _keep(hand, Taken("open", plate.plate_id))


def _next_plate(hand: _Hand, text: str) -> Taken:
    """A plate that is known, or a new one like the last: same size, same rules, same kind of layout."""
    code = text.strip()
    found = plates_of_code(hand.lab, code)
    if len(found) == 1:
        return _take_up(hand, found[0])
    if found or _is_a_number_of_ours(code):
        raise PlateAwaited()
    before = _plate_before(hand, code)
    rule_id = rule_sets.at_start(before.rule_id, hand.at).rule_id
    made = plates.create(
        hand.lab.lab_id, code=code, rule_id=rule_id, size=before.size, by=hand.by, at=hand.at,
        marked="mark" in before.layout.values(),
    )  # fmt: skip
    return _keep(hand, Taken("open", made.plate_id))


def _plate_before(hand: _Hand, code: str) -> PlateRow:
    """The plate that is taken up, else the laboratory's newest."""
    if hand.plate_id is not None:
        return queries.get_plate(hand.lab, hand.plate_id)
    newest = queries.list_plates([hand.lab], limit=1)
    if not newest:
        raise NoPlateBefore(plate=code[:40])
    return queries.get_plate(hand.lab, newest[0].plate_id)


def _is_a_number_of_ours(code: str) -> bool:
    try:
        read_code(code, PATTERNS.get())
    except CodeProblem:
        return False
    return True


# --- wells --------------------------------------------------------------------------------------


def _place(hand: _Hand, text: str, well: str) -> plates.Placed:
    """Into the well that was pointed at; kits with several wells a tube go on from there."""
    lab_id, plate_id = hand.lab.lab_id, hand.plate()
    _, plate, rule = plates.lock_open(lab_id, plate_id)
    wells = plate_plan.in_order(plate.size, hand.order)
    start = wells.index(well) if well in wells else 0
    held = {*plate.layout, *queries.list_wells(plate)}
    others = [w for w in wells[start + 1 :] if w not in held]
    chosen = [well, *others[: plate_plan.wells_per_tube(rule) - 1]]
    try:
        return plates.fill(lab_id, plate_id, dict.fromkeys(chosen, text), by=hand.by, at=hand.at)[0]
    except Faults as faults:
        raise faults.faults[0].problem from None


def _control(hand: _Hand, kind: str) -> Taken:
    """The next free well becomes a control well; where a tube takes several, so does a control."""
    _, plate, rule = plates.lock_open(hand.lab.lab_id, hand.plate())
    taken = queries.list_wells(plate)
    wells = plate_plan.free_wells(rule, plate.size, plate.layout, taken, hand.order)
    needed = plate_plan.wells_per_tube(rule)
    if len(wells) < needed:
        raise PlateFull(plate=plate.code)
    word = kind if needed == 1 else f"{kind}:{len(plate.layout) + 1}"
    _set_layout(plate, plate.layout | dict.fromkeys(wells, word))
    return _keep(hand, Taken(kind, plate.plate_id, None, wells))


def _set_layout(plate: PlateRow, layout: dict[str, str]) -> None:
    run(
        "UPDATE plate SET layout = %s WHERE cell_id = %s AND plate_id = %s",
        (Jsonb(layout), plate.cell_id, plate.plate_id),
    )


def _undo(hand: _Hand) -> Taken:
    """Take back the last step that stands on this plate; while something is awaited, only that."""
    if hand.awaits:
        return _keep(hand, Taken("undo", hand.plate_id))
    waiting.lock_files(hand.lab)  # before the plate, as those who confirm its file do
    _, plate, _ = plates.lock_open(hand.lab.lab_id, hand.plate())
    step = find_undoable(hand.lab, plate.plate_id)
    if step is None:
        raise NothingToUndo()
    if step.kind in ("leak", "reject"):
        raise RejectStands(barcode=step.barcode)
    if step.kind == "tube":
        held = queries.list_wells(plate).get(step.places[0])
        if held is not None and held.barcode == step.barcode:
            plates.empty(hand.lab.lab_id, plate.plate_id, step.places[0], by=hand.by, at=hand.at)
    else:
        gone = set(step.places)
        _set_layout(plate, {w: k for w, k in plate.layout.items() if w not in gone})
    run(
        "UPDATE bench_step SET undone_at = %s WHERE cell_id = %s AND step_id = %s",
        (hand.at, hand.lab.cell_id, step.step_id),
    )
    return _keep(hand, Taken("undo", plate.plate_id, step.barcode, step.places))


# --- tubes that are not tested ------------------------------------------------------------------


def _reject(hand: _Hand, barcode: str) -> Taken:
    """A fact of the desk's journal; out of its well first, where it stands in one."""
    key = find_keys([barcode]).get(barcode)
    tubes = list_tubes([key]) if key else []
    if tubes and tubes[0]["stage"] in (Stage.PLATED, Stage.TESTED, Stage.REVIEWED, Stage.RELEASED):
        _take_off(hand, barcode, tubes[0]["stage"])
    reason = REASONS[Command(f"CMD-{hand.awaits.upper()}")]
    round_id = tubes[0]["round_id"] if tubes else 0
    entry = {"kind": "reject", "tube": barcode, "reason": reason, "round": round_id,
             "at": clock.to_ms(hand.at) + 1}  # fmt: skip
    lab_id = hand.lab.lab_id
    if not reception.state(lab_id, [entry], by=hand.by, at=hand.at):
        with moving(hand.lab, round_id, by=hand.by, at=hand.at) as move:
            move(Verb.REJECT, {barcode: {"lab_id": lab_id, "data": {"reason": reason}}}, "reject")
    return _keep(hand, Taken(hand.awaits, hand.plate_id, barcode))


def _take_off(hand: _Hand, barcode: str, stage: int) -> None:
    stands = queries.platings(find_keys([barcode]).values()).get(barcode)
    if stage != Stage.PLATED or stands is None:
        raise OnInstrument(barcode=barcode)
    try:
        plate = queries.get_plate(hand.lab, stands.plate_id)
    except queries.NoSuchPlate:
        raise OnInstrument(barcode=barcode) from None
    if plate.state not in plates.OPEN_STATES:
        raise OnInstrument(barcode=barcode)
    plates.empty(hand.lab.lab_id, plate.plate_id, stands.well, by=hand.by, at=hand.at)
