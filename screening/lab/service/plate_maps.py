"""A map of tubes for a plate: read, and every fault of it told at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from screening.errors import Fault, Problem
from screening.lab import queries
from screening.lab.plates import layout, plate_plan
from screening.lab.plates.problems import (
    AlreadyPlated,
    ControlWell,
    NoSuchWell,
    TwiceInMap,
    WellTaken,
)
from screening.lab.queries import PlateRow, WellRow
from screening.lab.rules.rule_sets import RuleSet
from screening.tube.labels import read_tube
from screening.tube.queries import find_keys, list_tubes
from screening.tube.rules import NEXT, Stage, Verb, WrongStage


def check_map(
    plate: PlateRow, rule: RuleSet, wells: Mapping[str, str]
) -> tuple[dict[str, list[str]], list[Fault]]:
    """Barcode → its wells, and every fault."""
    chosen, faults = _read_map(plate, queries.list_wells(plate), wells)
    needed = plate_plan.wells_per_tube(rule)
    for barcode, places in chosen.items():
        if len(places) != needed:
            problem = TwiceInMap(barcode=barcode, given=len(places), needed=needed)
            faults.append(Fault(problem, field=f"wells.{places[-1]}"))
    return chosen, faults + _stage_faults(chosen)


def _read_map(
    plate: PlateRow, taken: Mapping[str, WellRow], wells: Mapping[str, str]
) -> tuple[dict[str, list[str]], list[Fault]]:
    """Barcode → its wells, and every fault of the map itself."""
    chosen: dict[str, list[str]] = defaultdict(list)
    faults: list[Fault] = []
    for well, text in wells.items():
        problem: Problem | None = None
        if not layout.is_well(well, plate.size):
            problem = NoSuchWell(well=well)
        elif well in plate.layout:
            problem = ControlWell(well=well)
        elif well in taken:
            problem = WellTaken(well=well, barcode=taken[well].barcode)
        else:
            try:
                chosen[read_tube(text)].append(well)
            except Problem as unread:
                problem = unread
        if problem is not None:
            faults.append(Fault(problem, field=f"wells.{well}"))
    return dict(chosen), faults


def _stage_faults(chosen: Mapping[str, list[str]]) -> list[Fault]:
    """Every tube of the map that may not be plated, by its first well."""
    tubes = {t["barcode"]: t for t in list_tubes(find_keys(chosen).values())}
    return [
        Fault(problem, field=f"wells.{chosen[b][0]}")
        for b, tube in tubes.items()
        if (problem := refusal(b, tube["stage"])) is not None
    ]


def refusal(barcode: str, stage: int) -> Problem | None:
    """Why a tube may not be plated; None when it may."""
    if stage in (Stage.PLATED, Stage.TESTED, Stage.REVIEWED):
        stands = queries.platings(find_keys([barcode]).values()).get(barcode)
        return AlreadyPlated(barcode=barcode, well=stands.well if stands else "?")
    if Stage(stage) not in NEXT[Verb.PLATE] | NEXT[Verb.RECEIVE]:
        return WrongStage(barcode=barcode, stage=Stage(stage).name.lower())
    return None
