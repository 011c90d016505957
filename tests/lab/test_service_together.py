"""Two people at once: one of them wins, nothing is done twice, nobody is lost."""

from __future__ import annotations

import contextvars
import threading

from screening import clock
from screening.db import db
from screening.errors import Problem
from screening.lab.service import plates, runs
from screening.tube.rules import Stage
from tests.lab.bench import HOT, peek, stages


def together(app, *acts):
    """Run the acts in threads of their own, each in a transaction; what each raised, or None."""
    gate = threading.Barrier(len(acts))
    out = [None] * len(acts)

    def one(i, act):
        with app.app_context(), app.test_request_context():
            gate.wait()
            try:
                act()
                db.session.commit()
            except Problem as problem:
                db.session.rollback()
                out[i] = problem.code
            finally:
                db.session.remove()

    threads = [
        threading.Thread(target=contextvars.Context().run, args=(one, i, act))
        for i, act in enumerate(acts)
    ]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return out


def test_one_tube_scanned_at_two_benches_stands_on_one_plate(app, bench):
    (tube,) = bench.received(1)
    one, two = bench.plate("P1"), bench.plate("P2")
    lab = bench.lab.lab_id
    out = together(
        app,
        lambda: plates.scan(lab, one.plate_id, tube, by=1, at=clock.now()),
        lambda: plates.scan(lab, two.plate_id, tube, by=2, at=clock.now()),
    )
    assert out.count(None) == 1 and set(out) - {None} <= {"already_plated", "wrong_stage"}
    assert peek("SELECT count(*) FROM well") == [(1,)]
    assert stages(tube) == [int(Stage.PLATED)]


def test_an_unknown_tube_scanned_at_two_benches_stands_on_one_plate(app, bench):
    tube = bench.city.tube()
    one, two = bench.plate("P1"), bench.plate("P2")
    lab = bench.lab.lab_id
    out = together(
        app,
        lambda: plates.scan(lab, one.plate_id, tube, by=1, at=clock.now()),
        lambda: plates.scan(lab, two.plate_id, tube, by=2, at=clock.now()),
    )
    assert out.count(None) == 1
    assert peek("SELECT count(*) FROM well") == [(1,)]


def test_two_tubes_scanned_onto_one_plate_at_once_get_two_wells(app, bench):
    one, two = bench.received(2)
    plate = bench.plate()
    lab = bench.lab.lab_id
    out = together(
        app,
        lambda: plates.scan(lab, plate.plate_id, one, by=1, at=clock.now()),
        lambda: plates.scan(lab, plate.plate_id, two, by=2, at=clock.now()),
    )
    assert out == [None, None]
    assert sorted(w for (w,) in peek("SELECT well FROM well")) == ["B1", "C1"]


def test_a_run_confirmed_twice_at_once_alerts_once(app, bench):
    tubes = bench.received(2)
    plate = bench.plate()
    bench.load(plate, tubes)
    shown = bench.preview(plate, bench.file(plate, {tubes[0]: HOT}))
    lab = bench.lab.lab_id
    out = together(
        app,
        *[lambda: runs.confirm(lab, shown.run.run_id, by=1, at=clock.now()) for _ in range(3)],
    )
    assert out == [None, None, None]
    assert peek("SELECT kind, count(*) FROM alert GROUP BY kind") == [("positive", 1)]
    assert peek("SELECT count(*) FROM custody WHERE verb = 31") == [(2,)]
