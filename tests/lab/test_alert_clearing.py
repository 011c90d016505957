"""Alerts: seen once, raised by hand, cleared by two persons when every member was tested alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from screening import clock
from screening.accounts.signing import Signature
from screening.db import db, fetch
from screening.lab import queries
from screening.lab.queries.members import singles_of
from screening.lab.service import alerts, members
from screening.places.rules import EVERYWHERE, Place
from screening.reporting import service
from screening.reporting.refusals import Refused
from screening.tube.queries import NoSuchTube
from tests import make
from tests.lab.bench import HOT
from tests.reporting import bench as desk
from tests.reporting.bench import GREY, NEG, POS


@pytest.fixture
def alert(bench):
    (tube,) = bench.received(1)
    plate = bench.plate()
    bench.scan(plate, tube)
    bench.run(plate, bench.file(plate, {tube: HOT}))
    (found,) = queries.list_alerts(queries.reach([bench.city.lab.place], []))
    return found


def seen(alert, by=1):
    return alerts.acknowledge(alert.cell_id, alert.alert_id, by=by, at=clock.now())


def asked(alert, how="contamination", early="整板污染，已拍照", by=2, reason="阴控全孔扩增"):
    return alerts.ask_clearing(
        alert.cell_id, alert.alert_id, how, reason, early, by=Signature(by), at=clock.now()
    )


def answered(alert, by=3, agree=True):
    here = (alert.cell_id, alert.alert_id)
    if not agree:
        return alerts.refuse_clearing(*here, by=by, at=clock.now())
    return alerts.agree_clearing(*here, by=Signature(by), at=clock.now())


def test_the_first_acknowledgement_stands(alert):
    first = seen(alert, 1)
    assert seen(alert, 2) == first and first.seen_by == 1


def test_an_alert_is_cleared_once_by_two_and_after_it_was_seen(alert):
    with pytest.raises(alerts.NotSeenYet):
        asked(alert)
    seen(alert)
    with pytest.raises(alerts.UnknownSettlement):
        asked(alert, "whatever")
    with pytest.raises(alerts.NoClearingReason):
        asked(alert, reason="  ")
    with pytest.raises(alerts.NotAsked):
        answered(alert)
    assert asked(alert).settled_at is None
    with pytest.raises(alerts.AskedAlready):
        asked(alert, by=3)
    with pytest.raises(alerts.SecondPerson):
        answered(alert, by=2)
    done = answered(alert, by=3)
    assert (done.settled_how, done.asked_by, done.settled_by) == ("contamination", 2, 3)
    with pytest.raises(alerts.AlertSettled):
        answered(alert)


@pytest.mark.parametrize("how", ["released", "rerun_negative"])
def test_neither_a_release_nor_a_negative_rerun_is_a_reason_to_clear(alert, how):
    seen(alert)
    with pytest.raises(alerts.UnknownSettlement):
        asked(alert, how)


def test_a_request_that_is_sent_back_leaves_the_alert_open(alert):
    seen(alert)
    asked(alert)
    assert answered(alert, agree=False).asked_by is None
    with pytest.raises(alerts.NotAsked):
        answered(alert)
    assert asked(alert, by=3).asked_by == 3  # and may be asked anew


def test_a_cleared_alert_leaves_the_open_list_but_stays_on_record(alert, bench):
    seen(alert)
    asked(alert)
    answered(alert)
    own = queries.reach([bench.city.lab.place], [])
    assert queries.list_alerts(own) == [] and queries.list_unacknowledged(own) == []
    assert [a.alert_id for a in queries.list_alerts(own, open_only=False)] == [alert.alert_id]
    assert queries.alerts_of(alert.cell_id, alert.round_id, [alert.barcode]) == {}


@pytest.mark.parametrize(
    ("desk", "later", "told"),
    [
        (b"same browser", 1, ["2"]),
        (b"another one", 1, []),
        (b"same browser", 30, []),
        (None, 1, []),
    ],
)
def test_two_signatures_at_one_browser_close_together_are_marked(alert, desk, later, told):
    seen(alert)
    now, here = clock.now(), (alert.cell_id, alert.alert_id)
    first = Signature(2, b"same browser" if desk else None)
    alerts.ask_clearing(*here, "contamination", "阴控扩增", "整板污染", by=first, at=now)
    alerts.agree_clearing(*here, by=Signature(3, desk), at=now + timedelta(minutes=later))
    marks = fetch(
        "SELECT detail->>'other' FROM audit WHERE action = 'signed_at_one_desk' "
        "AND subject_id = %s /* fan-out: test */",
        (str(alert.alert_id),),
    )
    assert [other for (other,) in marks] == told


def test_an_alert_by_hand_is_cleared_by_two_others(bench):
    (tube,) = bench.sampled(1)
    raised = alerts.raise_by_hand(bench.lab.lab_id, tube, by=5, at=clock.now())
    assert (raised.kind, raised.outcome, raised.lab_id) == ("hand", 2, bench.lab.lab_id)
    seen(raised, 5)
    with pytest.raises(alerts.OwnAlert):
        asked(raised, by=5)
    asked(raised, by=2)
    with pytest.raises(alerts.OwnAlert):
        answered(raised, by=5)


def test_command_raises_an_alert_on_a_tube_that_no_laboratory_has_yet(bench):
    (tube,) = bench.sampled(1)
    raised = alerts.raise_by_hand(None, tube, by=5, at=clock.now())
    assert (raised.kind, raised.lab_id) == ("hand", None)
    assert queries.calls_of(raised.cell_id, raised.alert_id)[0].level == 2


def test_an_alert_needs_a_tube_that_is_known(bench):
    with pytest.raises(NoSuchTube):
        alerts.raise_by_hand(bench.lab.lab_id, bench.city.tube(), by=5, at=clock.now())


# --- members ------------------------------------------------------------------------------------


@pytest.fixture
def signed(app, client, db_session):
    """A desk that can release: a pool of three with a positive signal, told to everybody."""
    with app.test_request_context():
        yield desk.set_up(client)


def signal(signed, tube, outcome=POS):
    signed.test(tube, outcome=outcome)
    (found,) = queries.list_alerts(queries.reach([], [EVERYWHERE]))
    return seen(found)


def single(signed, i, outcome=NEG):
    tube = signed.fill(i, 1, mode="single", purpose="recheck")
    signed.through(tube, outcome=outcome)


def states(alert) -> list[str]:
    return sorted(singles_of(alert).values())


def test_the_members_are_listed_the_moment_the_alert_is_written(alert):
    everybody = {n for (n,) in fetch("SELECT area_id FROM area")}
    rows, elsewhere = members.open_members(alert, everybody)
    assert [m.name for m in rows] == ["居民0", "居民1"] and elsewhere == 0
    assert {m.address for m in rows} == {"1 101"} and {m.single for m in rows} == {"none"}
    ids = {str(m.person_id) for m in rows}
    noted = fetch("SELECT subject_id FROM audit WHERE action = 'alert_members'")
    assert {i for (i,) in noted} == ids


def test_who_opens_the_list_sees_the_people_of_the_own_area_and_how_many_live_elsewhere(alert):
    rows, elsewhere = members.open_members(alert, {make.area("community").area_id})
    assert rows == [] and elsewhere == 2
    assert fetch("SELECT 1 FROM audit WHERE action = 'alert_members'") == []


def test_a_list_of_ten_is_open_within_a_second(bench):
    (tube,) = bench.received(1, persons=10)
    raised = alerts.raise_by_hand(bench.lab.lab_id, tube, by=5, at=clock.now())
    everybody = {n for (n,) in fetch("SELECT area_id FROM area")}
    begun = clock.real_now()
    rows, _ = members.open_members(raised, everybody)
    assert len(rows) == 10 and (clock.real_now() - begun).total_seconds() < 1


def test_the_last_contact_stands_beside_the_phone(signed):
    tube = signed.fill(0, 3)
    signed.through(tube, outcome=POS)
    (found,) = queries.list_alerts(queries.reach([], [EVERYWHERE]), open_only=False)
    cell, callback = fetch("SELECT cell_id, callback_id FROM callback ORDER BY person_id")[0]
    service.tell_attempt(cell, callback, "unreachable", by=1, at=clock.now())
    rows, _ = members.open_members(found, {n for (n,) in fetch("SELECT area_id FROM area")})
    assert sorted(m.contact or "" for m in rows) == ["", "", "unreachable"]


def test_each_members_single_tube_result_is_known_by_itself(signed):
    found = signal(signed, signed.fill(0, 3))
    assert states(found) == ["none"] * 3
    single(signed, 0)
    assert states(found) == ["known", "none", "none"]
    signed.fill(1, 1, mode="single", purpose="recheck")
    assert states(found) == ["known", "none", "sampled"]


def test_a_doubtful_or_shared_resampling_says_nothing(signed):
    found = signal(signed, signed.fill(0, 3))
    single(signed, 0, outcome=GREY)
    shared = signed.fill(1, 2)
    signed.through(shared)
    assert states(found) == ["none", "none", "sampled"]


def test_a_single_tube_taken_before_the_pool_is_no_resampling(signed):
    single(signed, 0)
    found = signal(signed, signed.fill(0, 3))
    assert states(found) == ["none"] * 3


def test_clearing_before_every_single_result_needs_a_further_reason(signed):
    found = signal(signed, signed.fill(0, 2))
    single(signed, 0)
    with pytest.raises(alerts.NotResampled) as why:
        asked(found, early="")
    assert (why.value.details["known"], why.value.details["members"]) == (1, 2)
    with pytest.raises(alerts.NotResampled):
        asked(found, how="resampled", early="等不及了")
    single(signed, 1)
    assert asked(found, how="resampled", early="").early is None
    assert answered(found).settled_how == "resampled"


def test_the_members_are_counted_again_by_the_second_person(signed):
    tube = signed.fill(0, 1)
    found = signal(signed, tube)
    single(signed, 0)
    asked(found, how="resampled", early="")
    signed.add(tube, 5, seat=2)  # a late journal: somebody else lies in the tube
    with pytest.raises(alerts.NotResampled):
        answered(found)


def test_a_tube_without_a_list_is_never_cleared_without_a_further_reason(bench):
    bare = bench.city.tube()
    phone = bench.city.phone()
    phone.write("open", tube=bare, mode="pooled", size=10)
    assert phone.send(bench.client).status_code == 200
    raised = alerts.raise_by_hand(None, bare, by=5, at=clock.now())
    seen(raised)
    with pytest.raises(alerts.NotResampled):
        asked(raised, how="resampled", early="")


# --- what neither delays nor clears -------------------------------------------------------------


def test_a_negative_rerun_goes_nowhere_until_two_persons_cleared_the_alert(signed):
    tube = signed.fill(0, 2)
    signed.alert(tube, "inconclusive", GREY)  # of the first run
    signed.test(tube, outcome=NEG)
    (found,) = queries.list_alerts(queries.reach([], [EVERYWHERE]))
    seen(found)
    signed.sign_both(tube)
    with pytest.raises(Refused):
        signed.release(tube)
    db.session.rollback()
    assert queries.get_alert(found.cell_id, found.alert_id).settled_at is None
    asked(found)
    answered(found)
    assert signed.release(tube).released


def test_a_missing_second_reviewer_keeps_no_alert_back(signed):
    tube = signed.fill(0, 2)
    signed.test(tube, outcome=POS)
    signed.review(tube, step=1)
    assert queries.count_alerts(queries.reach([], [EVERYWHERE]))[0] == 1


def test_a_release_as_alerted_confirms_the_signal_and_a_correction_takes_the_callbacks_back(signed):
    tube = signed.fill(0, 2)
    signed.through(tube, outcome=POS)
    (found,) = queries.list_alerts(queries.reach([], [EVERYWHERE]), open_only=False)
    assert (found.settled_how, found.seen_at) == ("released", None)
    assert {c[2] for c in signed.callbacks(tube)} == {"open"}
    signed.correct(tube, NEG)
    assert {c[2] for c in signed.callbacks(tube)} == {"withdrawn"}


# --- whose they are -----------------------------------------------------------------------------


def street_of(site):
    """The place of a site's street."""
    path = site.area.path.rstrip("/").rsplit("/", 1)[0] + "/"
    return Place("area", int(path.split("/")[-2]), path)


def test_who_watches_over_less_than_a_street_is_shown_no_alert(alert, bench):
    assert queries.list_alerts(queries.reach([], [bench.city.sites[0].area.place])) == []


def test_alerts_reach_the_laboratory_and_those_who_watch_over_the_tubes_area(alert, bench):
    street, other = (street_of(s) for s in bench.city.sites)
    db.session.commit()
    assert queries.count_alerts(queries.reach([bench.city.lab.place], [])) == (1, 1)
    assert queries.count_alerts(queries.reach([], [street])) == (1, 1)
    assert queries.count_alerts(queries.reach([], [other])) == (0, 0)
    assert queries.count_alerts(queries.reach([], [EVERYWHERE])) == (1, 1)
    elsewhere = make.lab(bench.city.sites[0].area).place
    assert queries.count_alerts(queries.reach([elsewhere], [])) == (0, 0)


def test_a_correction_to_positive_calls_those_on_duty_like_any_signal(signed):
    tube = signed.fill(0, 2)
    signed.through(tube)
    assert fetch("SELECT count(*) FROM alert /* fan-out: test */") == [(0,)]
    signed.correct(tube, POS)
    (found,) = queries.list_alerts(queries.reach([], [EVERYWHERE]))
    assert (found.kind, found.settled_how, found.seen_at) == ("positive", "released", None)
    assert {c.level for c in queries.calls_of(found.cell_id, found.alert_id)} == {1, 2, 3}
    assert {c[2] for c in signed.callbacks(tube)} == {"open"}
