"""Plates on the real database: made, filled by scan and by map, emptied, refused."""

from __future__ import annotations

import pytest

from screening import clock
from screening.db import db
from screening.errors import Faults
from screening.lab import queries
from screening.lab.plates.plate_plan import BadLayout
from screening.lab.plates.problems import (
    AlreadyPlated,
    BadPlateCode,
    PlateDone,
    PlateFixed,
    PlateFull,
    WellEmpty,
)
from screening.lab.service import dry_runs, plates, rule_sets
from screening.tube.codes import Kind, WrongKind, make_code
from screening.tube.rules import Hold, Stage, Verb, WrongStage
from tests.lab.bench import peek, stages

RECEIVED, PLATED = int(Stage.RECEIVED), int(Stage.PLATED)


def fill(bench, plate, wells):
    out = plates.fill(bench.lab.lab_id, plate.plate_id, wells, by=bench.by, at=clock.now())
    db.session.commit()
    return out


def empty(bench, plate, well):
    out = plates.empty(bench.lab.lab_id, plate.plate_id, well, by=bench.by, at=clock.now())
    db.session.commit()
    return out


def plate_of(bench, plate):
    return queries.get_plate(bench.lab, plate.plate_id)


# --- made ---------------------------------------------------------------------------------------


def test_a_new_plate_has_controls_whose_places_betray_a_turn(bench):
    plate = bench.plate()
    assert plate.layout == {"A1": "ntc", "D6": "ntc", "G12": "ntc", "H11": "pc"}
    assert (plate.state, plate.round_id) == ("planned", bench.city.round_id)


def test_a_plate_keeps_the_rule_version_that_was_in_force_when_it_was_made(bench):
    plate = bench.plate()
    body = rule_sets.get_version(plate.rule_id).body
    new = rule_sets.propose(body | {"max_ct": 45.0}, by=1, at=clock.now())
    tried = dry_runs.make(new.rule_id, by=2, at=clock.now())
    rule_sets.approve(new.rule_id, by=2, at=clock.now(), trial_id=tried.trial_id)
    assert rule_sets.get_version(plate_of(bench, plate).rule_id).version == 1
    with pytest.raises(rule_sets.NotInForce):
        bench.plate("P2")


@pytest.mark.parametrize("code", ["", "a b", "=1+1", "板1", "x" * 41, "<b>"])
def test_a_plate_code_that_is_no_code_is_refused(bench, code):
    with pytest.raises(BadPlateCode):
        bench.plate(code)


@pytest.mark.parametrize(
    "controls",
    [{}, {"A1": "ntc"}, {"A1": "ntc", "Z9": "pc"}, {"A1": "ntc", "B1": "tube", "C1": "pc"}],
)
def test_a_layout_without_its_controls_is_refused(bench, controls):
    with pytest.raises(BadLayout):
        bench.plate(controls=controls)


# --- filled by scan -----------------------------------------------------------------------------


def test_scans_fill_the_free_wells_down_the_columns_or_along_the_rows(bench):
    tubes = bench.received(4)
    one, two = bench.plate("P1"), bench.plate("P2")
    assert [bench.scan(one, t).wells for t in tubes[:2]] == [["B1"], ["C1"]]
    assert [bench.scan(two, t, order="row").wells for t in tubes[2:]] == [["A2"], ["A3"]]
    assert stages(*tubes) == [PLATED] * 4
    assert plate_of(bench, one).state == "filled"


def test_the_scan_into_a_well_is_the_receipt_of_a_tube_nobody_received(bench):
    (tube,) = bench.sampled(1)
    assert stages(tube) == [int(Stage.CLOSED)]
    bench.scan(bench.plate(), tube)
    rows = peek("SELECT stage, lab_id, received_at IS NOT NULL FROM tube")
    assert rows == [(PLATED, bench.lab.lab_id, True)]


def test_a_tube_nobody_received_goes_back_to_received_when_it_is_taken_off(bench):
    (tube,) = bench.sampled(1)
    plate = bench.plate()
    well = bench.scan(plate, tube).wells[0]
    assert empty(bench, plate, well) == tube
    assert stages(tube) == [RECEIVED]
    assert (plate_of(bench, plate).state, queries.list_wells(plate)) == ("planned", {})


def test_edge_31_an_unknown_tube_is_plated_and_held(bench):
    tube = bench.city.tube()
    placed = bench.scan(bench.plate(), tube)
    assert placed.unknown and placed.holds & Hold.NO_CAPTURE
    (stage, cell, round_id) = peek("SELECT stage, cell_id, round_id FROM tube")[0]
    # its label was issued to the first site, where the capture will come from
    assert (stage, cell) == (PLATED, bench.city.sites[0].cell_id)
    assert round_id == bench.city.round_id
    assert peek("SELECT kind, weight FROM ticket") == [("unknown_tube", "hold")]


def test_the_capture_of_an_unknown_tube_on_a_plate_joins_it_and_frees_it(bench):
    tube = bench.city.tube()
    bench.scan(bench.plate(), tube)
    phone = bench.city.phone()
    phone.fill(tube, bench.city.codes(0, 2))
    assert phone.send(bench.client).status_code == 200
    assert peek("SELECT stage, members, complete, holds FROM tube") == [(PLATED, 2, True, 0)]
    assert peek("SELECT state FROM ticket WHERE kind = 'unknown_tube'") == [("closed",)]


def test_a_tube_stands_on_one_plate_at_a_time(bench):
    (tube,) = bench.received(1)
    bench.scan(bench.plate("P1"), tube)
    with pytest.raises(AlreadyPlated) as refused:
        bench.scan(bench.plate("P2"), tube)
    assert refused.value.details["well"] == "B1"


def test_a_rejected_tube_is_not_plated(bench):
    (tube,) = bench.received(1)
    phone = bench.city.bench()
    phone.write("reject", tube=tube, reason="leak")
    phone.send(bench.client)
    with pytest.raises(WrongStage):
        bench.scan(bench.plate(), tube)


def test_a_box_code_scanned_into_a_well_is_refused(bench):
    with pytest.raises(WrongKind):
        bench.scan(bench.plate(), make_code(Kind.BOX, 5))


def test_a_full_plate_takes_no_more(bench):
    controls = {w: "blank" for w in plates.layout.wells_by_row(96)}
    controls |= {"A1": "ntc", "H11": "pc"}
    del controls["H12"]
    plate = bench.plate(controls=controls)
    one, two = bench.received(2)
    assert bench.scan(plate, one).wells == ["H12"]
    with pytest.raises(PlateFull):
        bench.scan(plate, two)


# --- filled by map ------------------------------------------------------------------------------


def test_a_map_fills_named_wells_in_one_go(bench):
    tubes = bench.received(3)
    plate = bench.plate()
    fill(bench, plate, {"H12": tubes[0], "A2": tubes[1], "B7": tubes[2]})
    assert {w: r.barcode for w, r in queries.list_wells(plate).items()} == {
        "H12": tubes[0],
        "A2": tubes[1],
        "B7": tubes[2],
    }
    assert stages(*tubes) == [PLATED] * 3


def test_every_fault_of_a_map_is_told_and_no_tube_moves(bench):
    good, gone, twice = bench.received(3)
    bench.scan(bench.plate("P0"), gone)
    plate = bench.plate()
    with pytest.raises(Faults) as refused:
        fill(bench, plate, {
            "A1": good, "Z1": good, "B2": "nonsense", "C3": gone, "D4": twice, "D5": twice,
        })  # fmt: skip
    told = {f.field: f.problem.code for f in refused.value.faults}
    assert told["wells.A1"] == "control_well"
    assert told["wells.Z1"] == "no_such_well"
    assert told["wells.C3"] == "already_plated"
    assert told["wells.D5"] == "twice_in_map"
    assert "wells.B2" in told
    db.session.rollback()
    assert stages(good, twice) == [RECEIVED, RECEIVED]


def test_a_taken_well_is_not_given_twice(bench):
    one, two = bench.received(2)
    plate = bench.plate()
    fill(bench, plate, {"C5": one})
    with pytest.raises(Faults) as refused:
        fill(bench, plate, {"C5": two})
    assert refused.value.faults[0].problem.code == "well_taken"


# --- emptied, fixed -----------------------------------------------------------------------------


def test_an_empty_well_cannot_be_emptied(bench):
    with pytest.raises(WellEmpty):
        empty(bench, bench.plate(), "B1")


def test_every_plating_and_its_undoing_stay_in_the_custody(bench):
    (tube,) = bench.received(1)
    plate = bench.plate()
    empty(bench, plate, bench.scan(plate, tube).wells[0])
    bench.scan(plate, tube)
    verbs = [v for (v,) in peek("SELECT verb FROM custody WHERE verb >= 20 ORDER BY at, verb")]
    assert verbs == [Verb.RECEIVE, Verb.PLATE, Verb.UNPLATE, Verb.PLATE]


def test_a_plate_on_the_instrument_keeps_its_map(bench):
    one, two = bench.received(2)
    plate = bench.plate()
    bench.scan(plate, one)
    plates.start(bench.lab.lab_id, plate.plate_id, by=bench.by, at=clock.now())
    for act in (lambda: bench.scan(plate, two), lambda: empty(bench, plate, "B1")):
        with pytest.raises(PlateFixed):
            act()


def test_a_plate_given_up_returns_its_tubes_and_keeps_its_map(bench):
    tubes = bench.received(3)
    plate = bench.plate()
    bench.load(plate, tubes)
    lab = bench.lab.lab_id
    plates.start(lab, plate.plate_id, by=bench.by, at=clock.now())
    plates.abandon(lab, plate.plate_id, by=bench.by, at=clock.now())
    db.session.commit()
    assert stages(*tubes) == [RECEIVED] * 3 and len(queries.list_wells(plate)) == 3
    assert plate_of(bench, plate).state == "invalid"
    with pytest.raises(PlateDone):
        plates.abandon(lab, plate.plate_id, by=bench.by, at=clock.now())
    bench.load(bench.plate("P2"), tubes)


def test_a_kit_with_a_well_for_each_target_takes_neighbouring_wells_for_a_tube(bench):
    one, two = bench.received(2)
    plate = bench.plate(rule="cdc-n1-n2-rp")
    assert plate.layout["A1"] == plate.layout["C1"] == "ntc:1"
    assert bench.scan(plate, one).wells == ["D1", "E1", "F1"]
    assert bench.scan(plate, two).wells == ["G1", "H1", "A2"]
    assert empty(bench, plate, "E1") == one
    assert set(queries.list_wells(plate)) == {"G1", "H1", "A2"}


# --- the work list ------------------------------------------------------------------------------


def test_the_work_list_shows_received_tubes_single_ones_first(bench):
    pooled = bench.received(2)
    single = bench.received(1, persons=1, mode="single")
    bench.sampled(1)
    waiting = queries.list_waiting(bench.lab, clock.now())
    assert [w.barcode for w in waiting] == [*single, *pooled]
    assert [w.why for w in waiting] == ["single", "", ""]
    bench.scan(bench.plate(), pooled[0])
    load = queries.load_of(bench.lab, clock.now())
    assert (load.waiting, load.plated, load.capacity) == (2, 1, 5000)
