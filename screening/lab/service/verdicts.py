"""What a run says: judged as things stand for one that waits, as it was for the others."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from screening.i18n import ZONE
from screening.lab import queries
from screening.lab.judgement import run_clock
from screening.lab.judgement.judging import Judgement, judge
from screening.lab.plates import plate_plan
from screening.lab.plates.plan_rules import Difference
from screening.lab.queries import LabRow, PlateRow, RunRow, WellRow
from screening.lab.queries.runs import find_same_values
from screening.lab.readers.run import WellReading
from screening.lab.service import rule_sets, starts
from screening.lab.service.starts import Start
from screening.tube.queries import Key, list_tubes


class Shown(NamedTuple):
    """A run as people see it. `already`: the file had been imported before, nothing was done.

    `calls`: (well, barcode, outcome, reasons, cts) in plate order; `same_as`: another run whose
    file says the same."""

    run: RunRow
    plate: PlateRow
    verdict: dict[str, Any]
    calls: list[dict[str, Any]]
    already: bool = False
    same_as: int | None = None


class Bench(NamedTuple):
    """Everything that judging needs, read once."""

    lab: LabRow
    plate: PlateRow
    wells: dict[str, WellRow]
    tubes: dict[str, dict[str, Any]]
    start: Start | None = None

    @property
    def keys(self) -> dict[str, Key]:
        return {w.barcode: w.key for w in self.wells.values()}


def show(lab_id: int, run_id: int, *, at: datetime) -> Shown:
    """A run with its verdict: as it would be now for one that waits, as it was for the others."""
    lab = queries.get_lab(lab_id)
    found = queries.get_run(lab, run_id)
    plate = queries.get_plate(lab, found.plate_id)
    same = None
    if found.state == "previewed":
        made = judge_now(bench_of(lab, plate), found, at)
        verdict = {**found.verdict, **made.verdict(), "becomes": made.state}
        calls = [call_of(b, w, c) for b, (w, c) in made.calls.items()]
        same = queries.find_same_content(lab, bytes.fromhex(found.verdict["content"]), run_id)
    else:
        verdict = found.verdict
        calls = [c._asdict() for c in queries.list_calls(lab.cell_id, run_id)]
    order = {w: i for i, w in enumerate(plate_plan.in_order(plate.size, "row"))}
    calls.sort(key=lambda c: order[c["well"]])
    return Shown(found, plate, verdict, calls, same_as=same)


def call_of(barcode: str, well: str, call: Any) -> dict[str, Any]:
    """One well's call as the stored verdict keeps it."""
    return {
        "well": well,
        "barcode": barcode,
        "outcome": int(call.outcome),
        "reasons": msgspec.to_builtins(call.reasons),
        "cts": call.cts,
    }


def bench_of(lab: LabRow, plate: PlateRow) -> Bench:
    """A plate with its wells, their tubes and its start."""
    wells = queries.list_wells(plate)
    tubes = list_tubes({w.barcode: w.key for w in wells.values()}.values())
    return Bench(lab, plate, wells, {t["barcode"]: t for t in tubes}, starts.find(plate))


def rule_of(bench: Bench, at: datetime) -> rule_sets.Version:
    """The version that judges this plate: the one of its start. A plate that nobody started takes
    the one that holds now, as if it started; else old limits would live on in empty plates."""
    if bench.start is not None:
        return rule_sets.get_version(bench.plate.rule_id)
    return rule_sets.at_start(bench.plate.rule_id, at)


def judge_now(bench: Bench, found: RunRow, at: datetime) -> Judgement:
    """What the rules in force say of the readings of a run."""
    plate, rule = bench.plate, rule_of(bench, at).rule
    about: Mapping[str, tuple[bool, list[str]]] = {}
    if rule.cohort_cutoffs:
        about = queries.contents(list(bench.tubes.values()), at)
    plan = plate_plan.plan(plate.layout, {w: r.barcode for w, r in bench.wells.items()}, about)
    readings = msgspec.convert(queries.get_readings(found), list[WellReading], strict=False)
    made = judge(
        rule, plan, readings, size=plate.size, code=plate.code, said=found.verdict.get("plate")
    )
    if other := _other_run(bench, found):
        # an instrument whose clock is wrong may still have seen a positive: signals stay told
        return Judgement([*other, *made.differences], [], {}, made.signals, [])
    return made


def _other_run(bench: Bench, row: RunRow) -> list[Difference]:
    """A run that cannot be this plate's: begun before its last tube was put in, or made on
    another instrument than the one it was started on, or another plate's numbers under new names."""
    said = row.verdict
    found = []
    filled = max((w.filled_at for w in bench.wells.values()), default=None)
    began = said.get("started")
    believed = "clock" not in said  # a reviewer may have said that the instrument's clock is wrong
    if believed and filled is not None and run_clock.began_before(began, filled, ZONE):
        local = filled.astimezone(ZONE)
        found.append(Difference("started_early", "", f"{local:%Y-%m-%d %H:%M}", began))
    planned, serial = bench.start.instrument if bench.start else None, said.get("serial")
    if run_clock.other_instrument(planned, serial):
        found.append(Difference("other_instrument", "", planned, serial))
    if (served := find_same_values(bench.lab, row)) is not None:
        found.append(Difference("same_values", "", bench.plate.code, served))
    return found
