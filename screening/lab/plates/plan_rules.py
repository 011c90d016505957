"""What should stand on a plate, and where a run file differs from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from screening.errors import Problem
from screening.lab.plates import layout
from screening.lab.plates.layout import Kind, Size
from screening.lab.readers.columns import key
from screening.lab.readers.run import WellReading
from screening.lab.rules.rule_sets import RuleSet

Plan = Mapping[str, "PlanWell"]


class Mismatch(Problem):
    """The file and the plate's plan are not of one plate: quarantine, nobody's result moves."""

    status = 409
    code = "plate_mismatch"
    zh = "结果文件与板图不一致（{count} 处），已隔离，没有任何结果被采用。"
    en = "The run file and the plate plan differ in {count} places; quarantined, no result moved."


class PlanWell(msgspec.Struct, frozen=True):
    """What should stand in a well. `cohort`: one name, or those of the members of a pooled tube."""

    kind: Kind
    barcode: str | None = None
    pooled: bool = False
    cohort: str | list[str] | None = None


class Difference(msgspec.Struct, frozen=True):
    """One place where file and plan differ."""

    code: str
    well: str
    planned: str | None = None
    found: str | None = None


def compare(
    rule: RuleSet, wells: Plan, readings: Sequence[WellReading], *, size: Size = 96
) -> list[Difference]:
    """All places where file and plan differ, in plate order; empty when they are of one plate."""
    read = {r.well for r in readings}
    needed = {w for w, plan in wells.items() if plan.kind != "blank"}
    found = [Difference("missing_well", w, planned=wells[w].barcode) for w in needed - read]
    found += [Difference("extra_well", w) for w in read - wells.keys()]
    found += [Difference("outside_plate", w) for w in wells if not layout.is_well(w, size)]
    found += _twice_read(readings)
    found += _other_samples(wells, readings)
    if not rule.uniplex:
        found += _twice_planned(wells)
    return sorted(set(found), key=lambda d: (layout.place(d.well), d.code))


def _twice_read(readings: Sequence[WellReading]) -> Iterator[Difference]:
    counted = Counter((r.well, key(r.target or r.dye or "")) for r in readings)
    for (well, target), n in counted.items():
        if n > 1:
            yield Difference("read_twice", well, found=target)


def _twice_planned(wells: Plan) -> Iterator[Difference]:
    counted = Counter(p.barcode for p in wells.values() if p.kind == "tube" and p.barcode)
    for well, plan in wells.items():
        if plan.kind == "tube" and plan.barcode and counted[plan.barcode] > 1:
            yield Difference("planned_twice", well, planned=plan.barcode)


def _other_samples(wells: Plan, readings: Sequence[WellReading]) -> Iterator[Difference]:
    """Files that carry our barcodes must carry the right one in every well.

    Files with names of their own ("Sample 1") say nothing about the order.
    """
    ours = {p.barcode for p in wells.values() if p.barcode}
    if not any(r.sample in ours for r in readings):
        return
    for r in readings:
        plan = wells.get(r.well)
        if plan and plan.kind == "tube" and r.sample and r.sample != plan.barcode:
            known = r.sample if r.sample in ours else "…"
            yield Difference("other_sample", r.well, planned=plan.barcode, found=known)
        if plan and plan.kind != "tube" and r.sample in ours and r.sample != plan.barcode:
            yield Difference("other_sample", r.well, planned=plan.kind, found=r.sample)
