"""Two people at one desk at the same moment: done once, nobody's act is lost, no way round a second pair of eyes."""

from __future__ import annotations

from screening import clock
from screening.accounts.signing import Signature
from screening.db import db, fetch
from screening.lab.service import alerts
from screening.reporting import service
from screening.tube.queries import get_key
from tests.lab.test_service_together import together
from tests.reporting.bench import PIN, POS


def review(bench, who, tubes, step):
    actor = bench.actor(who)
    return lambda: service.review(
        tubes, step, lab_id=bench.lab_id, by=actor, secret=PIN, at=clock.now()
    )


def test_two_sign_the_same_step_at_once_and_one_of_them_did(app, bench):
    tube = bench.fill(0, 3)
    bench.test(tube)
    out = together(
        app, review(bench, bench.technician, [tube], 1), review(bench, bench.second, [tube], 1)
    )
    assert out.count(None) == 1
    assert len(fetch('SELECT "by" FROM review WHERE cell_id = %s', (get_key(tube).cell_id,))) == 1


def test_one_reviewer_in_two_browsers_is_not_two_reviewers(app, bench):
    tube = bench.fill(0, 3)
    bench.test(tube)
    together(
        app, review(bench, bench.reviewer, [tube], 1), review(bench, bench.reviewer, [tube], 2)
    )
    rows = fetch('SELECT step, "by" FROM review WHERE cell_id = %s', (get_key(tube).cell_id,))
    assert rows == [(1, bench.reviewer.staff_id)]


def test_a_release_in_two_browsers_goes_out_once(app, bench):
    tubes = [bench.fill(0, 3), bench.fill(3, 3)]
    bench.test(tubes[0])
    bench.test(tubes[1], outcome=POS)
    bench.sign_both(*tubes)
    actors = bench.actor(bench.reviewer), bench.actor(bench.second)
    acts = [
        lambda a=a, t=t: service.release(t, lab_id=bench.lab_id, by=a, at=clock.now())
        for a in actors
        for t in (tubes, tubes[::-1])
    ]
    assert together(app, *acts) == [None] * 4
    assert all(bench.results(t) in ([(1, 1, 3)], [(1, 2, 3)]) for t in tubes)
    assert fetch("SELECT count(*) FROM outbox WHERE topic = 'results'") == [(2,)]
    assert len(bench.callbacks()) == 3


def test_a_correction_is_confirmed_once(app, bench):
    tube = bench.fill(0, 3)
    bench.through(tube)
    key = get_key(tube)
    number = service.ask_correction(
        tube, POS, "复看", lab_id=bench.lab_id, by=bench.actor(bench.reviewer), secret=PIN,
        at=clock.now(),
    )  # fmt: skip
    db.session.commit()
    yes = bench.actor(bench.second)

    def settle():
        service.settle_correction(
            key.cell_id, number, agree=True, by=yes, secret=PIN, at=clock.now()
        )

    out = together(app, settle, settle, settle)
    assert out.count(None) == 1 and set(out) - {None} == {"correction_settled"}
    assert len(bench.results(tube)) == 2


def test_an_alert_is_cleared_by_two_and_never_by_one_in_two_browsers(app, bench):
    tube = bench.fill(0, 3)
    bench.test(tube, outcome=POS)
    cell = get_key(tube).cell_id
    ((alert_id,),) = fetch("SELECT alert_id FROM alert WHERE cell_id = %s", (cell,))
    alerts.acknowledge(cell, alert_id, by=1, at=clock.now())
    db.session.commit()

    def ask(by):
        return lambda: alerts.ask_clearing(
            cell,
            alert_id,
            "contamination",
            "复测阴性",
            "器械污染",
            by=Signature(by),
            at=clock.now(),
        )

    def yes(by):
        return lambda: alerts.agree_clearing(cell, alert_id, by=Signature(by), at=clock.now())

    out = together(app, ask(5), ask(5), yes(5), yes(5))
    assert fetch("SELECT settled_at FROM alert WHERE cell_id = %s", (cell,)) == [(None,)]
    db.session.rollback()
    assert {"clearing_second_person", "clearing_not_asked"} & set(out)
    out = together(app, yes(6), yes(7))
    assert sorted(map(str, out)) == ["None", "alert_settled"]


def test_a_release_and_an_alert_by_hand_at_once_never_leave_a_quiet_negative(app, bench):
    tube = bench.fill(0, 3)
    bench.test(tube)
    bench.sign_both(tube)
    actor = bench.actor(bench.reviewer)
    together(
        app,
        lambda: service.release([tube], lab_id=bench.lab_id, by=actor, at=clock.now()),
        lambda: alerts.raise_by_hand(bench.lab_id, tube, by=5, at=clock.now()),
    )
    db.session.rollback()
    open_alerts = fetch(
        "SELECT count(*) FROM alert WHERE cell_id = %s AND settled_at IS NULL",
        (get_key(tube).cell_id,),
    )
    assert open_alerts == [(1,)]
