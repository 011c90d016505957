"""A laboratory's weeks for tests: many plates with controls that wander, one with curves, tubes kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp
from typing import Any

from screening import clock
from screening.db import db
from screening.lab import queries
from screening.lab.service import archive, lots
from tests.lab import bench as lab_bench
from tests.lab.bench import BLANK, CLEAN, GREY, HOT, LOST, TARGETS, Bench
from tests.reporting import bench as reporting

WANDER = (0.2, -0.1, 0.0, 0.1, -0.2, 0.3, -0.3, 0.1, -0.1, 0.0)


@dataclass
class Weeks:
    desk: reporting.Bench
    bench: Bench
    runs: list[int]
    curved: int
    kept: list[str]

    @property
    def lab_id(self) -> int:
        return self.bench.city.lab.lab_id


def weak_control(shift: float) -> tuple[float, float, float]:
    return (33.0 + shift, 34.0 + shift, 30.0 + shift / 2)


def judged(bench: Bench, code: str, tubes: Sequence[str], shift: float) -> int:
    """A plate with these tubes, all clean, whose positive control came so much later."""
    plate = bench.plate(code)
    bench.load(plate, tubes)
    controls = {w: weak_control(shift) for w, kind in plate.layout.items() if kind.startswith("pc")}
    data = bench.file(plate, {}, code=code, controls=controls) if controls else bench.file(plate)
    return bench.run(plate, data).run.run_id


def curved_file(
    plate: queries.PlateRow, cts: Mapping[str, Sequence], calls: Mapping[str, str] | None = None
) -> bytes:
    """A QuantStudio text export with its amplification data; `cts` and the instrument's own
    `calls` by well."""
    head = ["* Block Type = 96-Well Block", f"* Experiment Barcode = {plate.code}",
            "* Instrument Type = QuantStudio(TM) 5 System", ""]  # fmt: skip
    table, curves = ["[Results]", "Well\tWell Position\tSample Name\tTarget Name\tReporter\tCT\tTarget Call"], [
        "", "[Amplification Data]", "Well\tWell Position\tCycle\tTarget Name\tRn\tDelta Rn",
    ]  # fmt: skip
    names = {w: r.barcode for w, r in queries.list_wells(plate).items()}
    for n, (well, values) in enumerate(cts.items(), 1):
        for target, ct in zip(TARGETS, values, strict=True):
            word = "Undetermined" if ct is None else ct
            said = (calls or {}).get(well, "") if target == "N" else ""
            table.append(f"{n}\t{well}\t{names.get(well, '')}\t{target}\tFAM\t{word}\t{said}")
            for cycle in range(1, 41):
                rn = 0.01 * (cycle % 3) + (2 / (1 + exp((ct + 4 - cycle) / 1.5)) if ct else 0)
                curves.append(f"{n}\t{well}\t{cycle}\t{target}\t{rn + 1:.3f}\t{rn:.3f}")
    return ("\n".join([*head, *table, *curves]) + "\n").encode()


EACH = (HOT, GREY, LOST, CLEAN, CLEAN)


def with_curves(
    bench: Bench, code: str = "CURVES", *, confirm: bool = True, values: Sequence = EACH,
    control: Sequence | None = None, differs: bool = False,
) -> int:  # fmt: skip
    """A plate with one tube of each of `values` and curves in its file. `control`: what the
    positive control shows; `differs`: the instrument calls the last tube otherwise."""
    tubes = bench.received(len(values), 1)
    plate = bench.plate(code)
    wells = bench.load(plate, tubes)
    weak = control or weak_control(0)
    shows = {w: weak if kind.startswith("pc") else BLANK for w, kind in plate.layout.items()}
    shows |= {wells[t]: v for t, v in zip(tubes, values, strict=True)}
    calls = {wells[tubes[-1]]: "No Amp"} if differs else {}
    made = bench.preview(plate, curved_file(plate, shows, calls))
    return (bench.confirm(made) if confirm else made).run.run_id


def weeks(client: Any, plates: int = 24) -> Weeks:
    desk = reporting.set_up(client)
    bench = lab_bench.set_up(desk.city, client)
    lots.open_lot(bench.lab.lab_id, "general-ct40", "20260301", by=7, at=clock.now())
    db.session.commit()
    shifts = [WANDER[n % 10] for n in range(plates - 2)] + [0.5, 0.9]
    tubes = bench.received(plates, 1)
    runs = [judged(bench, f"QC{n:02}", [tubes[n]], s) for n, s in enumerate(shifts)]
    kept = tubes[:6]
    desk.sign_both(*kept)
    desk.release(*kept)
    for tube in kept:
        archive.put(bench.lab.lab_id, tube, rack="R1", box="B1", place=None, by=7, at=clock.now())
    db.session.commit()
    return Weeks(desk, bench, runs, with_curves(bench), kept)
