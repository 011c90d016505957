"""Layouts of controls: turned plates, exchanged columns and exchanged plates are all seen."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import msgspec
import pytest

from screening.lab.judgement.plate_rules import PlateCall, evaluate_plate
from screening.lab.plates import control_places, layout, plate_plan
from screening.lab.plates.control_places import alike_columns, betrays_moves, family, next_of, seen
from screening.lab.plates.plan_rules import PlanWell
from screening.lab.readers.run import WellReading
from screening.lab.rules.rule_sets import CDC as UNIPLEX
from screening.lab.rules.rule_sets import GENERAL, RuleSet

KINDS = [(size, marked) for size in (96, 384) for marked in (False, True)]
ALL = [
    pytest.param(size, made, id=f"{size}-{'marked' if marked else 'plain'}-{n}")
    for size, marked in KINDS
    for n, made in enumerate(family(size, marked))
]


def plan_of(made: Mapping[str, str], size: int, rule: RuleSet = GENERAL) -> dict[str, PlanWell]:
    """A full plate."""
    tubes: dict[str, str] = {}
    n = plate_plan.wells_per_tube(rule)
    for i in range(size):
        wells = plate_plan.free_wells(rule, size, made, tubes, "column")
        if len(wells) < n:
            break
        tubes |= dict.fromkeys(wells, f"{i:06d}")
    return plate_plan.plan(made, tubes)


# What stands in a well, as it would be read: the worst case, every tube is negative.
SHOWS = {
    "pc": {"ORF1ab": 31.0, "N": 31.0, "IC": 28.0},
    "ntc": {"ORF1ab": None, "N": None, "IC": 28.0},
    "tube": {"ORF1ab": None, "N": None, "IC": 28.0},
    "mark": {"ORF1ab": None, "N": None, "IC": None},
}


def readings(plan: Mapping[str, PlanWell], where=lambda w: w) -> list[WellReading]:
    """The plate read after its content went elsewhere: `where` says to which well."""
    return [
        WellReading(well=where(w), target=t, ct=ct)
        for w, p in plan.items()
        for t, ct in SHOWS[p.kind].items()
    ]


def judged(plan: Mapping[str, PlanWell], rows: list[WellReading], size: int) -> PlateCall:
    return evaluate_plate(GENERAL, plan, rows, size=size)


def exchanged(a: int, b: int):
    def where(w: str) -> str:
        row, col = layout.place(w)
        return layout.well(row, {a: b, b: a}.get(col, col))

    return where


def seen_by_controls(plan: Mapping[str, PlanWell], where) -> bool:
    """Without the whole evaluation: a positive or a mark that does not show itself."""
    content = {where(w): p.kind for w, p in plan.items()}
    return any(content[w] != p.kind for w, p in plan.items() if p.kind in ("pc", "mark"))


@pytest.mark.parametrize(("size", "made"), ALL)
def test_every_move_of_every_layout_is_seen(size: int, made: dict[str, str]) -> None:
    assert betrays_moves(made, size)
    plan = plan_of(made, size)
    assert len(plan) == size
    for move in layout.MOVES:
        assert seen_by_controls(plan, lambda w, m=move: layout.moved(w, m, size)), move


@pytest.mark.parametrize(("size", "made"), ALL)
def test_half_a_turn_fails_the_check_of_every_layout(size: int, made: dict[str, str]) -> None:
    plan = plan_of(made, size)
    call = judged(plan, readings(plan, lambda w: layout.moved(w, "rotated_180", size)), size)
    assert not call.valid


@pytest.mark.parametrize(
    ("size", "every"), [(96, 1), (384, 8), pytest.param(384, 1, marks=pytest.mark.long)]
)
def test_any_two_exchanged_columns_of_every_marked_layout_are_seen(size: int, every: int) -> None:
    """Of the large plate the suite takes each eighth layout; the long tests take all."""
    columns = range(layout.SHAPES[size][1])
    for made in family(size, True)[::every]:
        assert alike_columns(made, size) == []
        plan = plan_of(made, size)
        for a, b in itertools.combinations(columns, 2):
            assert seen_by_controls(plan, exchanged(a, b)), (a + 1, b + 1)


@pytest.mark.parametrize("n", [0, 1, 31, 63])
def test_exchanged_columns_fail_the_plate_and_are_named(n: int) -> None:
    made = family(96, True)[n]
    plan = plan_of(made, 96)
    assert judged(plan, readings(plan), 96).faults == []
    for a, b in itertools.combinations(range(12), 2):
        call = judged(plan, readings(plan, exchanged(a, b)), 96)
        assert not call.valid
        named = [f.looks_like for f in call.faults if f.code == "columns_swapped"]
        assert [f"{a + 1} ↔ {b + 1}"] in named


def test_exchanged_columns_of_a_384_plate_fail_it_too() -> None:
    made = family(384, True)[0]
    plan = plan_of(made, 384)
    for a, b in itertools.combinations(range(0, 24, 5), 2):
        assert not judged(plan, readings(plan, exchanged(a, b)), 384).valid


def test_a_plain_layout_says_which_columns_it_cannot_tell_apart() -> None:
    made = family(96)[0]
    alike = alike_columns(made, 96)
    assert len(alike) == 55  # all but those that move the positive control
    plan = plan_of(made, 96)
    for a, b in itertools.combinations(range(12), 2):
        assert seen_by_controls(plan, exchanged(a, b)) == ((a + 1, b + 1) not in alike)


@pytest.mark.parametrize(("size", "marked"), KINDS)
def test_any_two_exchanged_plates_fail_both(size: int, marked: bool) -> None:
    made = family(size, marked)
    assert len(made) == control_places.FAMILY
    for one, two in itertools.combinations(made, 2):
        mine, theirs = seen(one, ("pc",)), seen(two, ("pc",))
        assert mine - theirs
        assert theirs - mine


@pytest.mark.parametrize(("size", "marked"), KINDS)
def test_a_plate_read_for_its_neighbour_is_invalid(size: int, marked: bool) -> None:
    made = family(size, marked)[:6]
    for one, two in itertools.permutations(made, 2):
        plan = plan_of(one, size)
        content = {w: p.kind for w, p in plan_of(two, size).items()}
        rows = readings({w: msgspec.structs.replace(p, kind=content[w]) for w, p in plan.items()})
        assert not judged(plan, rows, size).valid


@pytest.mark.parametrize("size", [96, 384])
def test_layouts_of_kits_with_a_well_for_each_target_betray_moves_and_plates(size: int) -> None:
    made = plate_plan.layouts(UNIPLEX, size)
    assert len(made) > 20
    assert all(betrays_moves(x, size) for x in made)
    for one, two in itertools.combinations(made, 2):
        assert seen(one, ("pc",)).isdisjoint(seen(two, ("pc",)))
    for x in made:
        plan = plan_of(x, size, UNIPLEX)
        for wells in _together(plan):
            assert len(wells) == plate_plan.wells_per_tube(UNIPLEX)


def _together(plan: Mapping[str, PlanWell]) -> list[list[str]]:
    groups: dict[str, list[str]] = {}
    for w, p in plan.items():
        groups.setdefault(p.barcode or w, []).append(w)
    return list(groups.values())


def test_marks_are_refused_where_the_kit_would_not_show_them() -> None:
    bare = msgspec.structs.replace(GENERAL, internal_control=None)
    for rule in (UNIPLEX, bare):
        with pytest.raises(plate_plan.BadLayout):
            plate_plan.layouts(rule, 96, marked=True)


def test_successive_plates_take_layouts_that_differ_until_all_were_used() -> None:
    layouts = family(96)
    used: list[dict[str, str]] = []
    for _ in range(len(layouts)):
        used.insert(0, dict(next_of(layouts, used)))
    assert len({seen(x) for x in used}) == len(layouts)
    assert next_of(layouts, used) == used[-1]


@pytest.mark.parametrize(("size", "tubes"), [(96, 92), (384, 368)])
def test_a_plain_plate_leaves_room_for_as_many_tubes_as_ever(size: int, tubes: int) -> None:
    assert all(size - len(x) == tubes for x in family(size))


@pytest.mark.parametrize(("size", "tubes"), [(96, 82), (384, 349)])
def test_a_marked_plate_says_how_many_tubes_it_takes(size: int, tubes: int) -> None:
    assert all(size - len(x) == tubes for x in family(size, True))


def test_a_mark_that_shows_the_internal_control_fails_the_plate() -> None:
    made = family(96, True)[0]
    plan = plan_of(made, 96)
    mark = next(w for w, kind in made.items() if kind == "mark")
    rows = [
        msgspec.structs.replace(r, ct=27.0) if (r.well, r.target) == (mark, "IC") else r
        for r in readings(plan)
    ]
    codes = [(f.code, f.well) for f in judged(plan, rows, 96).faults]
    assert ("mark_amplified", mark) in codes


def test_a_file_without_the_marks_is_not_of_this_plate() -> None:
    made = family(96, True)[0]
    plan = plan_of(made, 96)
    rows = [r for r in readings(plan) if made.get(r.well) != "mark"]
    with pytest.raises(Exception, match="differ") as refused:
        judged(plan, rows, 96)
    assert {d["code"] for d in refused.value.details["differences"]} == {"missing_well"}
