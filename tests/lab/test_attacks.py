"""What somebody might try, or two people might do at once, so that a signal is lost: each is stopped."""

from __future__ import annotations

import threading

import pytest

from screening import clock
from screening.db import db
from screening.lab import jobs, queries
from screening.lab.plates.problems import FileUsedElsewhere, FileWaits
from screening.lab.queries import members
from screening.lab.queries.result_lists import list_owed
from screening.lab.service import plates, rule_sets, runs, tray
from screening.lab.service.alerts import raise_by_hand
from screening.places.queries import place_of_lab
from screening.tube.queries import get_key
from screening.tube.rules import Stage
from tests import make
from tests.lab.bench import HOT, peek, stages
from tests.lab.test_service_together import together


def alerts() -> list[tuple]:
    return peek("SELECT barcode, kind FROM alert ORDER BY alert_id")


def tray_states() -> list[str]:
    return [s for (s,) in peek("SELECT state FROM tray_file ORDER BY file_id")]


def originals() -> int:
    return peek("SELECT count(*) FROM original")[0][0]


@pytest.fixture
def two(bench):
    """Two loaded plates, with the tubes of each."""
    first, second = bench.received(3), bench.received(2)
    one, other = bench.plate("P1"), bench.plate("P2")
    bench.load(one, first)
    bench.load(other, second)
    return one, first, other, second


def discard(bench, shown, by=7):
    told = runs.discard(bench.lab.lab_id, shown.run.run_id, by=by, at=clock.now())
    db.session.commit()
    return told


# --- two at once --------------------------------------------------------------------------------


def test_one_file_looked_at_twice_at_the_same_moment_is_one_run(app, bench, two):
    plate, _, _, _ = two
    data, lab = bench.file(plate), bench.lab.lab_id
    out = together(
        app,
        *[lambda: runs.preview(lab, plate.plate_id, data, by=1, at=clock.now())] * 4,
    )
    assert set(out) == {None}
    assert peek("SELECT state FROM run") == [("previewed",)]


def test_one_file_dropped_twice_at_the_same_moment_lies_in_the_tray_once(app, bench, two):
    plate, _, _, _ = two
    data, lab = bench.file(plate), bench.lab.lab_id
    together(app, *[lambda: tray.take(lab, data, "a.csv", by=1, at=clock.now())] * 4)
    assert tray_states() == ["waiting"]


def test_a_file_that_is_looked_at_again_while_it_is_confirmed_stays_confirmed(app, bench, two):
    plate, tubes, _, _ = two
    data, lab = bench.file(plate, {tubes[0]: HOT}), bench.lab.lab_id
    shown = bench.preview(plate, data)
    locked, go_on = threading.Event(), threading.Event()

    def confirm():
        runs.confirm(lab, shown.run.run_id, by=1, at=clock.now())
        locked.set()
        go_on.wait(5)

    def look():
        locked.wait(5)
        threading.Timer(0.5, go_on.set).start()
        runs.preview(lab, plate.plate_id, data, by=2, at=clock.now())

    assert together(app, confirm, look) == [None, None]
    assert peek("SELECT state FROM run") == [("evaluated",)]


def test_an_old_file_that_is_confirmed_while_others_are_forgotten_stays(app, bench, two):
    plate, tubes, _, _ = two
    shown = bench.preview(plate, bench.file(plate, {tubes[0]: HOT}))
    old = "UPDATE run SET imported_at = imported_at - interval '3 days' WHERE cell_id = "
    db.session.execute(db.text(old + str(bench.lab.cell_id)))
    db.session.commit()
    lab, locked, go_on = bench.lab.lab_id, threading.Event(), threading.Event()

    def confirm():
        runs.confirm(lab, shown.run.run_id, by=1, at=clock.now())
        locked.set()
        go_on.wait(5)

    def forget():
        locked.wait(5)
        threading.Timer(0.5, go_on.set).start()
        jobs.forget_previews()

    assert together(app, confirm, forget) == [None, None]
    assert peek("SELECT state FROM run") == [("evaluated",)]


# --- one file, the wrong plate ------------------------------------------------------------------


def test_a_file_that_waits_for_one_plate_is_not_moved_under_the_eyes_of_who_looks_at_it(bench, two):
    one, _, other, _ = two
    data = bench.file(one, names=False)
    shown = bench.preview(one, data)
    with pytest.raises(FileWaits) as e:
        bench.preview(other, data)
    db.session.rollback()
    assert e.value.details["plate"] == "P1"
    assert bench.confirm(shown).plate.code == "P1"


def test_a_file_that_was_looked_at_for_another_plate_is_not_gone_when_it_is_put_away(bench, two):
    """Nameless wells, laid to a plate that they do not fit: nobody can be told, so it is kept."""
    one, tubes, other, _ = two
    shown = bench.preview(other, bench.file(one, {tubes[0]: HOT}, names=False))
    assert shown.verdict["becomes"] == "quarantined"
    assert discard(bench, shown) == 0
    assert (tray_states(), originals()) == (["waiting"], 1)
    (file_id,) = peek("SELECT file_id FROM tray_file")[0]
    tray.discard(bench.lab.lab_id, file_id, "放错板", by=7, at=clock.now())
    assert tray_states() == ["waiting"]  # a second person is asked


def test_a_file_of_the_tray_that_was_assigned_wrongly_goes_back_to_it(bench, two):
    one, tubes, other, _ = two
    data = bench.file(one, {tubes[0]: HOT}, names=False)
    came = tray.take(bench.lab.lab_id, data, "a.csv", by=7, at=clock.now())
    run_id = tray.assign(bench.lab.lab_id, came.file_id, other.plate_id, by=7, at=clock.now())
    discard(bench, runs.show(bench.lab.lab_id, run_id, at=clock.now()))
    assert (tray_states(), originals()) == (["assigned", "waiting"], 1)
    shown = bench.run(one, data)  # then somebody finds its plate
    assert shown.run.state == "evaluated"
    assert (tray_states(), alerts()) == (["assigned", "assigned"], [(tubes[0], "positive")])


def test_the_bytes_of_a_file_in_the_tray_survive_a_look_at_them_elsewhere(bench, two):
    one, _, _, _ = two
    data = bench.file(one)
    tray.take(bench.lab.lab_id, data, "a.csv", by=7, at=clock.now())
    discard(bench, bench.preview(one, data))
    assert originals() == 1


def test_a_quarantined_file_that_is_looked_at_again_cannot_be_made_to_vanish(bench, two):
    one, _, other, _ = two
    data = bench.file(one, names=False)
    held = bench.run(other, data)
    assert held.run.state == "quarantined"
    discard(bench, bench.preview(one, data))
    assert peek("SELECT state FROM run") == [("quarantined",)] and originals() == 1


def test_an_alerted_file_that_is_looked_at_and_put_away_again_stays_on_record(bench, two):
    one, tubes, _, _ = two
    data = bench.file(one, {tubes[0]: HOT})
    discard(bench, bench.preview(one, data))
    discard(bench, bench.preview(one, data))
    assert alerts() == [(tubes[0], "provisional")]
    assert peek("SELECT state FROM run") == [("quarantined",)] and originals() == 1


def test_a_nameless_file_that_nobody_confirms_is_in_the_tray_after_two_days(bench, two):
    one, tubes, other, _ = two
    bench.preview(other, bench.file(one, {tubes[0]: HOT}, names=False))
    cell = bench.lab.cell_id
    old = "UPDATE run SET imported_at = imported_at - interval '3 days' WHERE cell_id = "
    db.session.execute(db.text(old + str(cell)))
    jobs.forget_previews()
    db.session.commit()
    assert tray_states() == ["waiting"]


# --- the plate is changed after its file was seen ---------------------------------------------------


def test_a_tube_that_leaves_its_well_after_its_signal_was_seen_is_told(bench, two):
    plate, tubes, _, _ = two
    wells = {r.barcode: w for w, r in queries.list_wells(plate).items()}
    bench.preview(plate, bench.file(plate, {tubes[0]: HOT}, names=False))
    plates.empty(bench.lab.lab_id, plate.plate_id, wells[tubes[0]], by=7, at=clock.now())
    db.session.commit()
    assert alerts() == [(tubes[0], "provisional")]


def test_a_plate_that_is_given_up_after_its_signal_was_seen_tells_it_at_once(bench, two):
    plate, tubes, _, _ = two
    bench.preview(plate, bench.file(plate, {tubes[0]: HOT}))
    plates.abandon(bench.lab.lab_id, plate.plate_id, by=7, at=clock.now())
    db.session.commit()
    assert alerts() == [(tubes[0], "provisional")]


# --- an older rule --------------------------------------------------------------------------------


def test_a_plate_that_nobody_started_is_judged_by_the_version_in_force(bench, two):
    plate, tubes, _, _ = two
    old = rule_sets.get_version(plate.rule_id)
    body = {**old.body, "targets": [{**t, "positive_below": 30.0, "grey_below": None}
                                    for t in old.body["targets"]]}  # fmt: skip
    made = rule_sets.propose(body, by=1, at=clock.now())
    now = clock.now()
    for rule_id, column in ((old.rule_id, "valid_to"), (made.rule_id, "valid_from")):
        db.session.execute(
            db.text(f"UPDATE rule_set SET {column} = :at WHERE rule_id = :id"),
            {"at": now, "id": rule_id},
        )
    db.session.commit()
    shown = bench.preview(plate, bench.file(plate, {tubes[0]: (34.0, 34.0, 28.0)}))
    assert [c["outcome"] for c in shown.calls if c["barcode"] == tubes[0]] == [1]
    shown = bench.confirm(shown)
    assert shown.run.rule_id == made.rule_id
    assert queries.get_plate(bench.lab, plate.plate_id).rule_id == made.rule_id


# --- told once -----------------------------------------------------------------------------------


def test_a_copy_that_was_looked_at_does_not_alert_again_what_was_settled_since(bench, two):
    plate, tubes, _, _ = two
    data = bench.file(plate, {tubes[0]: HOT}, names=False)
    bench.preview(plate, data.replace(b"\n", b"\r\n"))
    bench.run(plate, data)
    cell = peek("SELECT cell_id FROM alert")[0][0]
    db.session.execute(db.text(f"UPDATE alert SET settled_at = now() WHERE cell_id = {cell}"))
    old = "UPDATE run SET imported_at = imported_at - interval '3 days' WHERE state = 'previewed' "
    db.session.execute(db.text(old + f"AND cell_id = {bench.lab.cell_id}"))
    jobs.forget_previews()
    db.session.commit()
    assert len(alerts()) == 1


def test_one_file_is_not_the_result_of_plates_in_two_laboratories(bench, two):
    one, first, *_ = two
    data = bench.file(one, names=False)
    bench.run(one, data)
    bench.city.lab = make.lab(bench.city.sites[1].area)
    db.session.commit()
    tubes, plate = bench.received(3), bench.plate("Q1")
    bench.load(plate, tubes)
    with pytest.raises(FileUsedElsewhere):
        bench.preview(plate, data)
    db.session.rollback()
    assert stages(*tubes) == [int(Stage.PLATED)] * 3
    assert stages(*first) == [int(Stage.TESTED)] * 3


def test_a_laboratory_sees_the_tubes_and_signals_of_a_site_outside_the_rounds_area(bench):
    """An arrival point of another district samples for the round: nothing of it is lost to sight."""
    bench.city.sites.insert(0, make.site())
    db.session.commit()
    (tube,) = bench.received(1)
    assert [t.barcode for t in list_owed(bench.lab)] == [tube]
    plate = bench.plate()
    bench.load(plate, [tube])
    bench.run(plate, bench.file(plate, {tube: HOT}))
    here = queries.reach([place_of_lab(bench.lab.lab_id)], [])
    assert [a.barcode for a in queries.list_alerts(here)] == [tube]


def test_an_alert_about_a_tube_that_nobody_captured_yet_keeps_it(bench):
    """A call by phone about an unknown tube; its list comes an hour later, from another street."""
    tube = bench.city.tube()
    desk = bench.city.bench()
    desk.write("receive", tube=tube)
    assert desk.send(bench.client).status_code == 200
    made = raise_by_hand(bench.lab.lab_id, tube, by=7, at=clock.now())
    db.session.commit()
    phone = bench.city.phone(1)
    phone.fill(tube, bench.city.codes(40, 2))
    assert phone.send(bench.client).status_code == 200
    db.session.rollback()
    assert len(members.binds_of(made)) == 2
    key = get_key(tube)
    assert tube in queries.alerts_of(key.cell_id, key.round_id, [tube])
