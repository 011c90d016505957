"""Runs on the real database: looked at, adopted, quarantined, invalid, rerun, alerted."""

from __future__ import annotations

import time

import pytest

from screening import clock
from screening.db import db
from screening.lab import jobs, queries
from screening.lab.plates import layout
from screening.lab.plates.problems import FileUsed, PlateDone
from screening.lab.readers import NotARunFile
from screening.lab.rules.well_rules import Outcome
from screening.lab.service import plates, runs
from screening.tube.rules import Stage
from tests.lab.bench import BLANK, GREY, HOT, LOST, peek, run_file, stages

RECEIVED, PLATED, TESTED = int(Stage.RECEIVED), int(Stage.PLATED), int(Stage.TESTED)


def loaded(bench, n=3, code="P1", persons=2, mode="pooled"):
    tubes, plate = bench.received(n, persons, mode), bench.plate(code)
    bench.load(plate, tubes)
    return tubes, plate


def state(bench, plate):
    return queries.get_plate(bench.lab, plate.plate_id).state


def tickets():
    return peek("SELECT kind, state FROM ticket WHERE subject = 'plate' ORDER BY kind")


def open_alerts():
    return peek("SELECT kind, barcode, outcome FROM alert ORDER BY alert_id")


def codes(shown):
    return {d["code"] for d in shown.verdict["differences"]}


# --- looked at ----------------------------------------------------------------------------------


def test_looking_at_a_file_moves_nothing(bench):
    tubes, plate = loaded(bench)
    shown = bench.preview(plate, bench.file(plate, {tubes[0]: HOT}))
    assert (shown.run.state, shown.verdict["becomes"]) == ("previewed", "evaluated")
    assert [c["outcome"] for c in shown.calls] == [2, 1, 1]
    assert shown.verdict["counts"] == {"1": 2, "2": 1}
    assert (state(bench, plate), stages(*tubes)) == ("filled", [PLATED] * 3)
    assert (open_alerts(), peek("SELECT count(*) FROM call")) == ([], [(0,)])


def test_a_file_that_was_only_looked_at_can_be_forgotten(bench):
    _, plate = loaded(bench)
    shown = bench.preview(plate, bench.file(plate))
    runs.discard(bench.lab.lab_id, shown.run.run_id, by=1, at=clock.now())
    with pytest.raises(queries.NoSuchRun):
        runs.show(bench.lab.lab_id, shown.run.run_id, at=clock.now())


def test_a_file_that_is_no_run_file_is_refused_and_nothing_is_kept(bench):
    _, plate = loaded(bench, 1)
    with pytest.raises(NotARunFile):
        bench.preview(plate, b"name,phone\nx,y\n")
    assert peek("SELECT count(*) FROM run") == [(0,)]


def test_names_of_persons_in_a_file_are_not_kept(bench):
    tubes, plate = loaded(bench, 1)
    data = bench.file(plate).replace(tubes[0].encode(), "张三".encode())
    shown = bench.preview(plate, data)
    kept = queries.get_readings(shown.run)
    assert "张三" not in str(kept)


# --- adopted ------------------------------------------------------------------------------------


def test_an_adopted_run_tests_its_tubes_and_alerts_in_the_same_transaction(bench):
    tubes, plate = loaded(bench)
    shown = bench.run(plate, bench.file(plate, {tubes[1]: HOT}))
    assert (shown.run.state, state(bench, plate)) == ("evaluated", "evaluated")
    assert stages(*tubes) == [TESTED] * 3
    assert open_alerts() == [("positive", tubes[1], int(Outcome.POSITIVE))]
    assert peek("SELECT barcode, outcome FROM tube WHERE cell_id <> 0 ORDER BY barcode") == [
        (t, 2 if t == tubes[1] else 1) for t in sorted(tubes)
    ]
    assert tickets() == []


def test_an_alert_lies_in_the_cell_of_its_tube(bench):
    tubes, plate = loaded(bench, 1)
    bench.run(plate, bench.file(plate, {tubes[0]: HOT}))
    cell, round_id, lab, run = peek("SELECT cell_id, round_id, lab_id, run_id FROM alert")[0]
    assert (cell, round_id) == (bench.city.sites[0].cell_id, bench.city.round_id)
    assert lab == bench.lab.lab_id and run is not None
    found = queries.alerts_of(cell, round_id, tubes)
    assert [a.kind for a in found[tubes[0]]] == ["positive"]


def test_edge_38_the_same_file_again_is_a_no_op_with_notice(bench):
    tubes, plate = loaded(bench)
    data = bench.file(plate, {tubes[0]: HOT})
    bench.run(plate, data)
    again = bench.preview(plate, data)
    assert again.already and again.run.state == "evaluated"
    assert bench.confirm(again).already
    assert len(open_alerts()) == 1 and peek("SELECT count(*) FROM run") == [(1,)]


def test_edge_38_the_same_file_for_another_plate_is_refused_and_names_the_first(bench):
    _, one = loaded(bench, 1, "P1")
    data = bench.file(one)
    bench.run(one, data)
    tubes, two = loaded(bench, 1, "P2")
    with pytest.raises(FileUsed) as e:
        bench.preview(two, data)
    assert e.value.details["plate"] == "P1"
    assert (state(bench, two), stages(*tubes)) == ("filled", [PLATED])


def test_a_file_saved_again_is_the_same_file(bench):
    _, one = loaded(bench, 1, "P1")
    data = bench.file(one, names=False)
    first = bench.run(one, data)
    saved = data.replace(b"\n", b"\r\n").decode().encode("utf-16")
    again = bench.preview(one, saved)
    assert again.already and again.run.run_id == first.run.run_id
    _, two = loaded(bench, 1, "P2")
    with pytest.raises(FileUsed):
        bench.preview(two, saved)


def test_one_file_looked_at_for_two_plates_is_adopted_for_one(bench):
    _, one = loaded(bench, 1, "P1")
    data = bench.file(one, names=False)
    _, two = loaded(bench, 1, "P2")
    first, second = bench.preview(one, data), bench.preview(two, data.replace(b"\n", b"\r\n"))
    bench.confirm(first)
    with pytest.raises(FileUsed):
        bench.confirm(second)
    assert state(bench, two) == "filled"


def test_a_judged_plate_takes_no_other_file(bench):
    _, plate = loaded(bench, 1)
    bench.run(plate, bench.file(plate))
    with pytest.raises(PlateDone):
        bench.preview(plate, bench.file(plate).replace(b"28.0", b"27.5"))


def test_of_two_files_that_were_looked_at_only_one_is_adopted(bench):
    _, plate = loaded(bench, 1)
    one = bench.preview(plate, bench.file(plate))
    two = bench.preview(plate, bench.file(plate).replace(b"28.0", b"27.5"))
    bench.confirm(two)
    with pytest.raises(PlateDone):
        bench.confirm(one)


def test_a_tube_rejected_meanwhile_keeps_its_call_and_alert_but_is_not_tested(bench):
    tubes, plate = loaded(bench, 2)
    phone = bench.city.bench()
    phone.write("reject", tube=tubes[0], reason="leak")
    assert phone.send(bench.client).status_code == 200
    shown = bench.run(plate, bench.file(plate, {tubes[0]: HOT}))
    assert stages(*tubes) == [int(Stage.REJECTED), TESTED]
    assert open_alerts() == [("positive", tubes[0], 2)]
    assert len(shown.calls) == 2


def test_edge_31_and_32_an_unknown_tube_is_tested_alerts_and_stays_held(bench):
    tube, plate = bench.city.tube(), bench.plate()
    bench.scan(plate, tube)
    bench.run(plate, bench.file(plate, {tube: HOT}))
    assert peek("SELECT stage, holds > 0 FROM tube") == [(TESTED, True)]
    assert open_alerts() == [("positive", tube, 2)]


# --- files that are not the plate's -------------------------------------------------------------


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda d, t: d.replace(t[0].encode(), b"X").replace(t[1].encode(), t[0].encode())
         .replace(b"X", t[1].encode()), "other_sample"),
        (lambda d, t: b"\n".join(d.splitlines()[:-3]) + b"\n", "missing_well"),
        (lambda d, t: d + b"H12,,N,30\nH12,,ORF1ab,30\nH12,,IC,30\n", "extra_well"),
    ],
)  # fmt: skip
def test_a_file_that_differs_from_the_map_is_quarantined_and_nobody_moves(bench, spoil, code):
    tubes, plate = loaded(bench)
    data = spoil(bench.file(plate), tubes)
    assert code in codes(bench.preview(plate, data))
    shown = bench.run(plate, data)
    assert (shown.run.state, state(bench, plate)) == ("quarantined", "quarantined")
    assert stages(*tubes) == [PLATED] * 3
    assert tickets() == [("plate_quarantined", "open")]
    assert (open_alerts(), shown.calls) == ([], [])


def test_a_file_of_another_plate_is_quarantined(bench):
    _, plate = loaded(bench)
    shown = bench.run(plate, bench.file(plate, code="P9"))
    (different,) = shown.run.verdict["differences"]
    assert (different["code"], different["planned"], different["found"]) == (
        "other_plate", "P1", "P9",
    )  # fmt: skip


def test_a_file_that_carries_the_plates_own_code_is_adopted(bench):
    _, plate = loaded(bench)
    assert bench.run(plate, bench.file(plate, code="p1")).run.state == "evaluated"


def test_a_positive_that_a_quarantined_file_names_alerts_provisionally(bench):
    tubes, plate = loaded(bench)
    data = bench.file(plate, {tubes[2]: HOT})
    bench.run(
        plate,
        b"\n".join(line for line in data.splitlines() if tubes[0].encode() not in line) + b"\n",
    )
    assert open_alerts() == [("provisional", tubes[2], 2)]
    assert stages(*tubes) == [PLATED] * 3


def test_a_quarantined_plate_is_freed_by_its_right_file_and_its_ticket_closes(bench):
    tubes, plate = loaded(bench)
    data = bench.file(plate)
    bench.run(plate, b"\n".join(data.splitlines()[:-3]) + b"\n")
    assert bench.run(plate, data).run.state == "evaluated"
    assert stages(*tubes) == [TESTED] * 3
    assert tickets() == [("plate_quarantined", "closed")]


def test_a_quarantined_file_may_be_tried_on_its_right_plate_and_its_history_stays(bench):
    _, one = loaded(bench, 1, "P1")
    tubes, two = loaded(bench, 2, "P2")
    data = bench.file(two)
    bench.run(one, data)
    shown = bench.run(two, data)
    assert shown.run.state == "evaluated" and stages(*tubes) == [TESTED] * 2
    assert [b["plate"] for b in shown.verdict["before"]] == [one.plate_id]
    assert state(bench, one) == "quarantined"


def test_edge_37_a_plate_turned_by_180_degrees_is_not_adopted(bench):
    tubes, plate = loaded(bench)
    wells = {w: r.barcode for w, r in queries.list_wells(plate).items()}
    every = layout.wells_by_row(96)
    filler = {w: f"S{w}" for w in every if w not in plate.layout and w not in wells}
    plan = run_file(plate, wells | filler, {}, names=False)
    turned = []
    for line in plan.decode().splitlines()[1:]:
        well, rest = line.split(",", 1)
        turned.append(f"{layout.moved(well, 'rotated_180')},{rest}")
    only = [t for t in turned if t.split(",")[0] in {*wells, *plate.layout}]
    shown = bench.run(plate, ("well,sample,target,ct\n" + "\n".join(only) + "\n").encode())
    assert shown.run.state == "invalid"
    assert "plate_moved" in {f["code"] for f in shown.verdict["faults"]} or shown.verdict["faults"]
    assert TESTED not in stages(*tubes)


# --- controls -----------------------------------------------------------------------------------


def test_edge_39_failed_controls_give_the_tubes_back_and_alert_provisionally(bench):
    tubes, plate = loaded(bench)
    data = bench.file(plate, {tubes[0]: HOT}, controls={"A1": HOT})
    shown = bench.run(plate, data)
    assert (shown.run.state, state(bench, plate)) == ("invalid", "invalid")
    assert stages(*tubes) == [RECEIVED] * 3
    assert open_alerts() == [("provisional", tubes[0], 2)]
    assert tickets() == [("controls_failed", "open")]
    assert len(shown.calls) == 3


def test_tubes_of_an_invalid_plate_stand_on_the_work_list_and_go_onto_another(bench):
    tubes, plate = loaded(bench)
    bench.run(plate, bench.file(plate, controls={"H11": BLANK}))
    assert {w.barcode for w in queries.list_waiting(bench.lab, clock.now())} == set(tubes)
    second = bench.plate("P2")
    bench.load(second, tubes)
    bench.run(second, bench.file(second))
    assert stages(*tubes) == [TESTED] * 3


def test_an_invalid_plate_takes_neither_files_nor_tubes(bench):
    _, plate = loaded(bench)
    bench.run(plate, bench.file(plate, controls={"A1": HOT}))
    with pytest.raises(PlateDone):
        bench.preview(plate, bench.file(plate))


# --- reruns -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("cts", "kinds"), [(GREY, ["inconclusive"]), (LOST, [])])
def test_edge_40_a_first_doubt_is_rerun_from_the_same_tube(bench, cts, kinds):
    tubes, plate = loaded(bench, 2)
    shown = bench.run(plate, bench.file(plate, {tubes[0]: cts}))
    assert stages(*tubes) == [RECEIVED, TESTED]
    assert shown.verdict["reruns"] == [tubes[0]]
    assert [k for k, _, _ in open_alerts()] == kinds
    waiting = queries.list_waiting(bench.lab, clock.now())
    assert [(w.barcode, w.why) for w in waiting] == [(tubes[0], "rerun")]


def test_edge_40_a_second_doubt_stands_as_inconclusive(bench):
    (tube,), plate = loaded(bench, 1)
    bench.run(plate, bench.file(plate, {tube: GREY}))
    second = bench.plate("P2")
    bench.scan(second, tube)
    shown = bench.run(second, bench.file(second, {tube: (None, 36.4, 28.2)}))
    assert shown.verdict["reruns"] == []
    assert peek("SELECT stage, outcome FROM tube") == [(TESTED, int(Outcome.INCONCLUSIVE))]
    assert [k for k, _, _ in open_alerts()] == ["inconclusive", "inconclusive"]


def test_a_rerun_that_is_clear_takes_the_place_of_the_doubt(bench):
    (tube,), plate = loaded(bench, 1)
    bench.run(plate, bench.file(plate, {tube: GREY}))
    second = bench.plate("P2")
    bench.scan(second, tube)
    bench.run(second, bench.file(second))
    assert peek("SELECT stage, outcome FROM tube") == [(TESTED, int(Outcome.NEGATIVE))]
    # the doubt of the first run stays an open alert until a person settles it
    assert [k for k, _, _ in open_alerts()] == ["inconclusive"]


# --- who is in the tube -------------------------------------------------------------------------


def recovered(bench, person):
    cell, person_id, _ = bench.city.people[person]
    db.session.execute(
        db.text(
            "INSERT INTO person_cohort (cell_id, person_id, cohort, valid_from) "
            f"VALUES ({cell}, {person_id}, 'recovered', '2020-01-01')"
        )
    )
    db.session.commit()


LATE = (37.0, 38.0, 28.0)  # positive for the public, not for somebody recovered (limit 35)


def test_the_looser_limit_of_a_cohort_holds_for_a_single_tube_of_that_person(bench):
    recovered(bench, 0)
    (tube,), plate = loaded(bench, 1, persons=1, mode="single")
    shown = bench.run(plate, bench.file(plate, {tube: LATE}))
    assert [c["outcome"] for c in shown.calls] == [int(Outcome.NEGATIVE)]
    assert shown.calls[0]["reasons"][0]["code"] == "cohort_limit"


def test_a_pool_with_somebody_recovered_keeps_the_strict_limit(bench):
    recovered(bench, 0)
    (tube,), plate = loaded(bench, 1, persons=2)
    shown = bench.run(plate, bench.file(plate, {tube: LATE}))
    assert [c["outcome"] for c in shown.calls] == [int(Outcome.POSITIVE)]


# --- kits with a well for each target -----------------------------------------------------------


def test_a_uniplex_plate_is_judged_by_all_wells_of_a_tube(bench):
    one, two = bench.received(2)
    plate = bench.plate(rule="cdc-n1-n2-rp")
    bench.load(plate, [one, two])
    wells = {w: r.barcode for w, r in queries.list_wells(plate).items()}
    shows = {"ntc": (None, None, None), "pc": (30, 31, 29)}
    lines, seen = ["well,sample,target,ct"], {}
    for well in layout.wells_by_column(96):
        word = plate.layout.get(well) or wells.get(well)
        if word is None:
            continue
        i = seen.setdefault(word, [0])
        cts = shows.get(word.split(":")[0], (22, 23, 27) if word == two else (None, None, 27))
        ct = cts[i[0]]
        lines.append(f"{well},,{('N1', 'N2', 'RP')[i[0]]},{'Undetermined' if ct is None else ct}")
        i[0] += 1
    shown = bench.run(plate, ("\n".join(lines) + "\n").encode())
    assert shown.run.state == "evaluated", shown.verdict
    assert {c["barcode"]: c["outcome"] for c in shown.calls} == {one: 1, two: 2}


# --- speed --------------------------------------------------------------------------------------


def test_a_full_plate_is_adopted_in_well_under_a_second(bench):
    wells = layout.tube_wells(96)
    tubes = [bench.city.tube() for _ in wells[:30]]
    from screening.tube.codes import Kind, make_code

    tubes += [make_code(Kind.TUBE, 900_000 + i) for i in range(len(wells) - len(tubes))]
    plate = bench.plate()
    began = time.perf_counter()
    plates.fill(
        bench.lab.lab_id, plate.plate_id, dict(zip(wells, tubes, strict=True)), by=1, at=clock.now()
    )
    db.session.commit()
    filled = time.perf_counter() - began
    data = bench.file(plate, {tubes[0]: HOT, tubes[50]: GREY})
    shown = bench.preview(plate, data)
    began = time.perf_counter()
    bench.confirm(shown)
    took = time.perf_counter() - began
    print(f"fill {filled * 1000:.0f} ms, confirm {took * 1000:.0f} ms")
    assert took < 1.5  # 300 ms on an idle machine; the machine of a test is shared


def test_a_file_nobody_confirmed_is_forgotten_after_two_days(bench):
    _, plate = loaded(bench, 1)
    old = bench.preview(plate, bench.file(plate))
    new = bench.preview(plate, bench.file(plate).replace(b"28.0", b"27.5"))
    db.session.execute(
        db.text(
            f"UPDATE run SET imported_at = imported_at - interval '3 days' "
            f"WHERE cell_id = {old.run.cell_id} AND run_id = {old.run.run_id}"
        )
    )
    jobs.forget_previews()
    db.session.commit()
    assert [r.run_id for r in queries.list_runs([bench.lab])] == [new.run.run_id]


def test_the_command_puts_the_rule_sets_in_place(app, bench):
    told = app.test_cli_runner().invoke(args=["lab", "rule-sets"])
    assert told.exit_code == 0 and "cdc-n1-n2-rp v1" in told.output
