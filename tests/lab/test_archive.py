"""What is kept, for how long, and who may throw it away."""

from datetime import UTC, datetime, timedelta

import pytest

from screening import clock
from screening.accounts.signing import NotSigned, Signature
from screening.db import db, fetch, run
from screening.lab.rules.well_rules import Outcome
from screening.lab.service import archive
from screening.lab.watch import retention
from screening.lab.watch.retention import Held, fate, next_place
from screening.tube.queries import get_key, list_lines
from screening.tube.rules import Stage, Verb
from tests.reporting import bench as made

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
DAYS = timedelta(days=1)
DESK = b"one browser here"
NEG, POS, GREY, BAD = Outcome.NEGATIVE, Outcome.POSITIVE, Outcome.INCONCLUSIVE, Outcome.INVALID


@pytest.mark.parametrize(
    ("stage", "outcome", "days", "matters", "code"),
    [
        (Stage.RELEASED, NEG, 2.99, (), "too_early"),
        (Stage.RELEASED, NEG, 3, (), "free"),
        (Stage.RELEASED, NEG, 30, ("alert",), "open_matter"),
        (Stage.RELEASED, NEG, 1, ("hold",), "open_matter"),
        (Stage.RELEASED, BAD, 2, (), "too_early"),
        (Stage.RELEASED, BAD, 4, (), "free"),
        (Stage.RELEASED, POS, 2, (), "too_early"),
        (Stage.RELEASED, POS, 400, (), "two_persons"),
        (Stage.RELEASED, GREY, 400, (), "two_persons"),
        (Stage.RELEASED, POS, 400, ("callback",), "open_matter"),
        (Stage.RELEASED, None, 400, (), "no_result"),
        (Stage.REJECTED, None, 0, (), "free"),
        (Stage.REJECTED, None, 0, ("alert",), "open_matter"),
        (Stage.REJECTED, NEG, 0, (), "free"),
        (Stage.REJECTED, POS, 9, (), "two_persons"),
        (Stage.DISCARDED, NEG, 9, (), "gone"),
        (Stage.RECEIVED, None, 9, (), "no_result"),
        (Stage.TESTED, NEG, 9, (), "no_result"),
        (Stage.REVIEWED, NEG, 9, (), "no_result"),
        (Stage.LOST, None, 9, (), "no_result"),
    ],
)
def test_a_tube_is_kept_until_nothing_speaks_for_it(stage, outcome, days, matters, code):
    held = Held(stage, outcome, NOW - days * DAYS, frozenset(matters))
    found = fate(held, NOW)
    assert found.code == code
    assert found.may_go is (code in ("free", "two_persons"))


def test_every_stage_and_outcome_that_is_not_released_or_rejected_is_kept():
    for stage in set(Stage) - {Stage.RELEASED, Stage.REJECTED}:
        for outcome in (None, *Outcome):
            assert not fate(Held(stage, outcome, NOW - 99 * DAYS), NOW).may_go


def test_a_box_fills_its_gaps_first_and_ends():
    assert next_place(set()) == 1
    assert next_place({1, 2, 4}) == 3
    assert next_place(set(range(1, int(retention.PLACES.value) + 1))) is None


# --- the archive itself -------------------------------------------------------------------------


@pytest.fixture
def desk(app, client, db_session):
    with app.test_request_context():
        yield made.set_up(client)


def put(desk, tube, rack="R1", box="B1", place=None, at=None):
    at = at or clock.now()
    out = archive.put(desk.lab_id, tube, rack=rack, box=box, place=place, by=7, at=at)
    db.session.commit()
    return out


def discard(desk, tube, days=3, by=7, sign=True, **kw):
    at = clock.now() + timedelta(days=days, minutes=1)
    signed = Signature(by, DESK) if sign else None
    out = archive.discard(desk.lab_id, tube, by=by, at=at, signed=signed, **kw)
    db.session.commit()
    return out


def look(desk, tube, days=0):
    return archive.look(desk.lab_id, tube, at=clock.now() + timedelta(days=days))


def test_tubes_get_the_next_place_and_are_found_again(desk):
    one, two = desk.fill(0, 2), desk.fill(2, 2)
    desk.through(one, two)
    assert [put(desk, t).place for t in (one, two)] == [1, 2]
    assert put(desk, one).place == 1  # scanned twice, it stays where it is
    seen = look(desk, two)
    assert archive.where(seen.now) == "R1 / B1 / 2"


def test_a_place_holds_one_tube_and_a_moved_tube_leaves_a_line(desk):
    one, two = desk.fill(0, 2), desk.fill(2, 2)
    desk.through(one, two)
    put(desk, one, place=5)
    with pytest.raises(archive.PlaceTaken):
        put(desk, two, place=5)
    with pytest.raises(archive.NoSuchPlace):
        put(desk, two, place=101)
    put(desk, one, box="B2")
    assert [s.ended_how for s in look(desk, one).stays] == [None, "moved"]
    assert put(desk, two, place=5).place == 5


def test_a_tube_of_another_laboratory_has_no_place_here(desk):
    tube = desk.fill(0, 2)
    with pytest.raises(archive.NotHere):
        put(desk, tube)


def test_a_negative_goes_after_three_days_with_a_line_of_custody(desk):
    tube = desk.fill(0, 2)
    desk.through(tube)
    put(desk, tube)
    with pytest.raises(archive.TooEarly):
        discard(desk, tube, days=2)
    db.session.rollback()
    assert discard(desk, tube).asked is False
    assert desk.tube(tube)["stage"] == Stage.DISCARDED
    key = get_key(tube)
    lines = list_lines(key.cell_id, key.round_id, [tube])[tube]
    assert max(lines, key=lambda ln: ln.order).verb == Verb.DISCARD
    assert look(desk, tube).now is None
    with pytest.raises(archive.Gone):
        discard(desk, tube)


def test_its_persons_keep_their_result_when_the_tube_is_gone(desk):
    tube = desk.fill(0, 2)
    desk.through(tube)
    lanes = desk.lanes(0, 2)
    discard(desk, tube)
    assert desk.lanes(0, 2) == lanes
    assert desk.results(tube) == [(1, NEG, 2)]
    assert desk.tube(tube)["outcome"] == NEG


def test_a_tube_without_a_released_result_is_not_thrown_away(desk):
    tube = desk.fill(0, 2)
    desk.test(tube)
    with pytest.raises(archive.NoResult):
        discard(desk, tube, days=30)


def test_an_open_alert_or_callback_keeps_a_tube(desk):
    tube = desk.fill(0, 2)
    desk.through(tube, outcome=POS)
    put(desk, tube)
    seen = look(desk, tube, days=30)
    assert {"alert", "callback"} & seen.held.matters
    with pytest.raises(archive.StillOpen):
        discard(desk, tube, days=30, why="清库")


def test_a_positive_goes_with_a_reason_and_the_signatures_of_two(desk):
    tube = desk.fill(0, 2)
    desk.through(tube, outcome=POS)
    run("UPDATE alert SET settled_at = raised_at WHERE cell_id = %s", (get_key(tube).cell_id,))
    run("UPDATE callback SET state = 'closed' /* fan-out: test */ WHERE barcode = %s", (tube,))
    db.session.commit()
    with pytest.raises(archive.NotArchived):
        discard(desk, tube, days=30, why="清库")
    db.session.rollback()
    put(desk, tube)
    with pytest.raises(archive.NoWhy):
        discard(desk, tube, days=30)
    db.session.rollback()
    with pytest.raises(NotSigned):
        discard(desk, tube, days=30, why="清库", sign=False)
    db.session.rollback()
    assert discard(desk, tube, days=30, why="清库").asked is True
    assert desk.tube(tube)["stage"] == Stage.RELEASED
    with pytest.raises(archive.OwnWish):
        discard(desk, tube, days=30)
    db.session.rollback()
    with pytest.raises(NotSigned):
        discard(desk, tube, days=30, by=8, sign=False)
    db.session.rollback()
    assert discard(desk, tube, days=30, by=8).asked is False
    assert desk.tube(tube)["stage"] == Stage.DISCARDED
    marks = fetch(
        "SELECT staff_id, detail->>'other' FROM audit WHERE action = 'signed_at_one_desk' "
        "/* fan-out: test */"
    )
    assert marks == [(8, "7")]  # two signatures in one browser within minutes


def test_what_may_go_is_listed_by_age_and_positives_never(desk):
    from screening.lab.queries import get_lab
    from screening.lab.queries.archive import list_free

    neg, pos, early = desk.fill(0, 2), desk.fill(2, 2), desk.fill(4, 2)
    desk.through(neg)
    desk.through(pos, outcome=POS)
    desk.test(early)
    for tube in (neg, pos, early):
        put(desk, tube)
    lab, at = get_lab(desk.lab_id), clock.now()
    assert list_free(lab, at) == []
    assert [s.barcode for s in list_free(lab, at + 4 * DAYS)] == [neg]


def test_a_result_can_still_be_corrected_when_its_tube_is_gone(desk):
    tube = desk.fill(0, 2)
    desk.through(tube)
    discard(desk, tube)
    desk.correct(tube, GREY)
    assert [v for v, _outcome, _n in desk.results(tube)] == [1, 2]
    assert desk.tube(tube)["stage"] == Stage.DISCARDED
    assert desk.tube(tube)["version"] == 2
    assert len(desk.callbacks(tube)) == 2
