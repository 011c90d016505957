"""A positive pool calls its members back; changes, re-checks and corrections follow it."""

from __future__ import annotations

import pytest

from screening import clock
from screening.db import db, fetch
from screening.errors import NotAllowed
from screening.reporting import queries, rules, service
from screening.reporting.lookup import person_results
from screening.reporting.refusals import Refused
from screening.reporting.rules import PersonState
from screening.reporting.service.callbacks import UnknownAttempt
from screening.reporting.service.corrections import OneCorrection
from screening.tube.queries import get_key
from tests import make
from tests.reporting.bench import BAD, GREY, NEG, PIN, POS


def person(bench, i) -> PersonState:
    db.session.rollback()
    cell, person_id, _ = bench.city.people[i]
    return person_results(cell, person_id).state


def pool(bench, tube) -> str:
    db.session.rollback()
    key = get_key(tube)
    found = queries.callbacks_of_tube(key, [s.cell_id for s in bench.city.sites])
    return rules.pool_state([(c.state, c.outcome, c.attempt) for c in found])


def recheck(bench, i, outcome=NEG, purpose="recheck") -> str:
    tube = bench.fill(i, 1, mode="single", purpose=purpose)
    bench.through(tube, outcome=outcome)
    return tube


def test_a_positive_pool_calls_all_ten_back_in_the_releases_transaction(bench):
    tube = bench.fill(0, 10)
    bench.test(tube, outcome=POS)
    bench.sign_both(tube)
    assert bench.callbacks() == [] and person(bench, 0) == PersonState.WAITING
    out = bench.release(tube)
    assert out.callbacks == 10
    assert {c[2:4] for c in bench.callbacks(tube)} == {("open", "pool_positive")}
    assert bench.lanes(0, 11) == [2] * 10 + [0] and bench.exempt(0, 11) == 10
    assert person(bench, 3) == PersonState.PENDING_RECHECK
    due = fetch("SELECT DISTINCT due_at - opened_at FROM callback")[0][0]
    assert due.total_seconds() == 240 * 60


def test_a_pool_of_two_cells_calls_each_person_back_at_home(bench):
    tube = bench.fill(38, 4)  # two of each street
    bench.through(tube, outcome=POS)
    cells = fetch("SELECT cell_id, count(*) FROM callback GROUP BY 1 ORDER BY 1")
    assert cells == [(s.cell_id, 2) for s in bench.city.sites]
    assert bench.lanes(38, 4) == [2] * 4


def test_edge_33_a_correction_takes_the_ten_callbacks_back(bench):
    tube = bench.fill(0, 10)
    bench.through(tube, outcome=POS)
    bench.correct(tube, NEG)
    assert bench.results(tube) == [(1, POS, 10), (2, NEG, 10)]
    assert {c[2] for c in bench.callbacks(tube)} == {"withdrawn"}
    assert bench.lanes(0, 10) == [0] * 10 and bench.exempt(0, 10) == 0
    assert person(bench, 0) == PersonState.NEGATIVE
    row = bench.tube(tube)
    assert (row["outcome"], row["version"]) == (NEG, 2)


def test_edge_33_a_correction_to_positive_makes_the_callbacks_and_back_and_forth(bench):
    tube = bench.fill(0, 3)
    bench.through(tube)
    bench.correct(tube, POS)
    assert {c[2] for c in bench.callbacks(tube)} == {"open"} and bench.exempt(0, 3) == 3
    bench.correct(tube, NEG)
    bench.correct(tube, POS)
    assert len(bench.callbacks(tube)) == 3
    assert {c[2] for c in bench.callbacks(tube)} == {"open"} and bench.exempt(0, 3) == 3
    assert [r[0] for r in bench.results(tube)] == [1, 2, 3, 4]


def test_edge_33_a_correction_travels_with_its_reason_and_version(bench):
    import json

    from screening.registry.service.persons import ring

    tube = bench.fill(0, 2)
    bench.through(tube, outcome=POS)
    bench.correct(tube, NEG, reason="曲线判读有误")
    rows = fetch("SELECT body FROM outbox ORDER BY outbox_id")
    told = [json.loads(ring().open(bytes(b), "outbox.body")) for (b,) in rows]
    assert [(t["what"], t["version"], t["outcome"]) for t in told] == [
        ("release", 1, POS), ("correction", 2, NEG)
    ]  # fmt: skip
    assert told[1]["reason"] == "曲线判读有误"
    seconds = fetch("SELECT released_by, second_by FROM result WHERE version = 2")[0]
    assert seconds == (bench.reviewer.staff_id, bench.second.staff_id)


def ask(bench, tube, outcome=NEG, who=None) -> tuple[int, int]:
    number = service.ask_correction(
        tube, outcome, "复看", lab_id=bench.lab_id, by=bench.actor(who or bench.reviewer),
        secret=PIN, at=clock.now(),
    )  # fmt: skip
    db.session.commit()
    return get_key(tube).cell_id, number


def settle(bench, number, who, agree=True):
    out = service.settle_correction(*number, agree=agree, by=bench.actor(who), secret=PIN,
                                    at=clock.now())  # fmt: skip
    db.session.commit()
    return out


def test_edge_33_who_says_that_a_negative_is_wrong_is_heard_before_anybody_agrees(bench):
    tube = bench.fill(0, 2)
    bench.through(tube)
    number = ask(bench, tube, outcome=POS)
    signals = "SELECT kind, settled_how FROM alert /* fan-out: test */"
    assert fetch(signals) == [("positive", None)] and bench.callbacks(tube) == []
    settle(bench, number, bench.second, agree=False)
    assert fetch(signals) == [("positive", None)]  # two persons clear it, as any


def test_edge_33_who_asks_for_a_correction_cannot_confirm_it(bench):
    tube = bench.fill(0, 2)
    bench.through(tube, outcome=POS)
    number = ask(bench, tube)
    with pytest.raises(Exception) as e:
        settle(bench, number, bench.reviewer)
    assert e.value.code == "own_correction"
    db.session.rollback()
    assert bench.results(tube) == [(1, POS, 2)]


def test_edge_33_a_refused_correction_changes_nothing(bench):
    tube = bench.fill(0, 2)
    bench.through(tube, outcome=POS)
    assert settle(bench, ask(bench, tube), bench.second, agree=False).state == "refused"
    assert bench.results(tube) == [(1, POS, 2)] and len(bench.callbacks(tube)) == 2


def test_edge_33_a_correction_is_settled_once_and_asked_once(bench):
    tube = bench.fill(0, 2)
    bench.through(tube, outcome=POS)
    number = ask(bench, tube)
    with pytest.raises(OneCorrection):
        ask(bench, tube)
    db.session.rollback()
    make.sign_in(bench.client, bench.second, cookie=True)
    page = bench.client.get(f"/reporting/tubes/{tube}").text
    assert "已有一条更正等另一名审核员确认" in page and "提交更正" not in page
    settle(bench, number, bench.second)
    with pytest.raises(Exception) as e:
        settle(bench, number, bench.second)
    assert e.value.code == "correction_settled"


def test_edge_33_a_technician_corrects_nothing(bench):
    tube = bench.fill(0, 2)
    bench.through(tube)
    with pytest.raises(NotAllowed):
        ask(bench, tube, POS, who=bench.technician)


def test_a_correction_of_what_was_never_released_is_refused(bench):
    tube = bench.fill(0, 2)
    bench.test(tube)
    with pytest.raises(Exception) as e:
        ask(bench, tube)
    assert e.value.code == "not_released"


def test_a_correction_to_invalid_asks_for_new_swabs_and_back(bench):
    tube = bench.fill(0, 2)
    bench.through(tube)
    bench.correct(tube, BAD)
    assert fetch("SELECT DISTINCT void FROM specimen") == [(12,)]
    assert person(bench, 0) == PersonState.NEEDS_SWAB
    bench.correct(tube, NEG)
    assert fetch("SELECT DISTINCT void, of_record FROM specimen") == [(0, True)]
    assert person(bench, 0) == PersonState.NEGATIVE


# --- the list changes after release -----------------------------------------------------------


def test_somebody_added_to_a_released_negative_gets_no_result_but_a_review(bench):
    tube = bench.fill(0, 3)
    bench.through(tube)
    bench.add(tube, 3)
    assert bench.tickets("changed_after_release") == [tube]
    assert person(bench, 3) == PersonState.WAITING
    assert person(bench, 0) == PersonState.NEGATIVE
    assert bench.results(tube) == [(1, NEG, 3)]


def test_a_correction_with_the_same_outcome_covers_the_changed_list(bench):
    tube = bench.fill(0, 3)
    bench.through(tube)
    bench.add(tube, 3)
    with pytest.raises(Refused):  # the closing count still says three
        bench.correct(tube, NEG)
    db.session.rollback()
    fetch("SELECT 1")
    from screening.db import run

    run("DELETE FROM correction")
    db.session.commit()
    bench.go_on(tube, "paper", n=4)
    bench.correct(tube, NEG, reason="名单补全")
    assert bench.results(tube)[-1] == (2, NEG, 4)
    assert bench.tickets("changed_after_release") == []
    assert person(bench, 3) == PersonState.NEGATIVE


def test_somebody_removed_from_a_released_negative_opens_a_review(bench):
    tube = bench.fill(0, 3)
    bench.through(tube)
    bench.take_out(tube, 1)
    assert bench.tickets("changed_after_release") == [tube]
    assert person(bench, 1) == PersonState.NOT_SAMPLED


def test_somebody_added_to_a_positive_pool_is_called_back_in_the_journals_transaction(bench):
    tube = bench.fill(0, 3)
    bench.through(tube, outcome=POS)
    bench.add(tube, 3)
    assert len(bench.callbacks(tube)) == 4 and bench.lanes(3, 1) == [2]
    assert person(bench, 3) == PersonState.PENDING_RECHECK
    assert bench.tickets("changed_after_release") == []


def test_somebody_removed_from_a_positive_pool_is_let_go_by_two_persons_only(bench):
    tube = bench.fill(0, 3)
    bench.through(tube, outcome=POS)
    bench.take_out(tube, 1)
    assert {c[2] for c in bench.callbacks(tube)} == {"open"}
    assert bench.tickets("changed_after_release") == [tube]
    bench.correct(tube, POS, reason="第二人未在管内")
    left = bench.city.people[1][1]
    states = {c[0]: c[2] for c in bench.callbacks(tube)}
    assert states[left] == "withdrawn" and sorted(states.values()) == ["open", "open", "withdrawn"]
    assert bench.lanes(0, 3) == [2, 0, 2] and bench.exempt(0, 3) == 2
    assert bench.tickets("changed_after_release") == []


def test_nothing_is_asked_for_a_tube_that_was_not_released(bench):
    tube = bench.fill(0, 3)
    bench.add(tube, 3)
    assert bench.tickets("changed_after_release") == [] and bench.callbacks() == []


# --- the re-check -----------------------------------------------------------------------------


def test_a_recheck_swab_marks_the_callback_sampled(bench):
    tube = bench.fill(0, 2)
    bench.through(tube, outcome=POS)
    single = bench.fill(0, 1, mode="single", purpose="recheck")
    rows = fetch("SELECT state, single_barcode FROM callback ORDER BY person_id")
    assert rows == [("sampled", single), ("open", None)]
    assert person(bench, 0) == PersonState.PENDING_RECHECK


def test_lane_two_alone_in_a_single_tube_is_a_recheck_too(bench):
    tube = bench.fill(0, 2)
    bench.through(tube, outcome=POS)
    recheck(bench, 0, purpose="screen")
    assert {c[0]: c[2] for c in bench.callbacks(tube)}[bench.city.people[0][1]] == "closed"


def test_a_recheck_swab_taken_out_again_leaves_the_callback_open(bench):
    tube = bench.fill(0, 2)
    bench.through(tube, outcome=POS)
    single = bench.fill(0, 1, mode="single", purpose="recheck")
    bench.take_out(single, 0)
    assert {c[2] for c in bench.callbacks(tube)} == {"open"}


def test_a_negative_recheck_closes_the_callback_and_frees_the_person(bench):
    tube = bench.fill(0, 2)
    bench.through(tube, outcome=POS)
    recheck(bench, 0)
    assert bench.lanes(0, 2) == [0, 2] and bench.exempt(0, 2) == 1
    assert person(bench, 0) == PersonState.NEGATIVE
    assert pool(bench, tube) == "open"


def test_edge_42_all_members_negative_the_pool_is_not_confirmed(bench):
    tube = bench.fill(0, 3)
    bench.through(tube, outcome=POS)
    for i in range(3):
        recheck(bench, i)
    assert pool(bench, tube) == "not_confirmed"
    assert {c[2:] for c in bench.callbacks(tube)} == {("closed", "pool_positive", NEG)}
    assert bench.results(tube) == [(1, POS, 3)]  # the pool's own result stays what it was


def test_a_positive_recheck_confirms_the_pool_and_keeps_the_lane(bench):
    tube = bench.fill(0, 3)
    bench.through(tube, outcome=POS)
    recheck(bench, 1, POS)
    mine = [c for c in bench.callbacks() if c[0] == bench.city.people[1][1]]
    assert [c[2:] for c in mine] == [("closed", "pool_positive", POS)]  # and no second callback
    assert pool(bench, tube) == "confirmed"
    assert bench.lanes(0, 3) == [2, 2, 2] and bench.exempt(0, 3) == 2
    assert person(bench, 1) == PersonState.RECHECK_POSITIVE


@pytest.mark.parametrize("outcome", [BAD, GREY])
def test_a_recheck_that_says_nothing_opens_the_callback_again(bench, outcome):
    tube = bench.fill(0, 2)
    bench.through(tube, outcome=POS)
    recheck(bench, 0, outcome)
    assert {c[2] for c in bench.callbacks()} == {"open"} and len(bench.callbacks()) == 2
    assert bench.exempt(0, 2) == 2
    assert person(bench, 0) == PersonState.PENDING_RECHECK
    recheck(bench, 0)
    assert person(bench, 0) == PersonState.NEGATIVE


def test_a_corrected_recheck_changes_the_callback_that_it_closed(bench):
    tube = bench.fill(0, 2)
    bench.through(tube, outcome=POS)
    single = recheck(bench, 0)
    bench.correct(single, POS)
    assert person(bench, 0) == PersonState.RECHECK_POSITIVE and bench.lanes(0, 1) == [2]
    bench.correct(single, NEG)
    assert person(bench, 0) == PersonState.NEGATIVE and bench.lanes(0, 1) == [0]


def test_a_recheck_shared_with_somebody_answers_nothing(bench):
    tube = bench.fill(0, 2)
    bench.through(tube, outcome=POS)
    shared = bench.fill(0, 2, mode="single", purpose="recheck")
    bench.through(shared)
    assert {c[2] for c in bench.callbacks(tube)} == {"open"}


def test_a_positive_single_swab_of_screening_is_swabbed_again_too(bench):
    tube = bench.fill(0, 1, mode="single")
    bench.through(tube, outcome=POS)
    assert bench.callbacks(tube)[0][2:4] == ("open", "single_positive")
    assert person(bench, 0) == PersonState.PENDING_RECHECK


def test_edge_43_a_later_pools_other_members_are_not_implicated(bench):
    first, later = bench.fill(0, 2), bench.fill(1, 3)
    bench.through(first, outcome=POS)
    bench.through(later)
    cell, person_id, _ = bench.city.people[1]
    looked = person_results(cell, person_id)
    assert {s.state for s in looked.swabs} == {PersonState.PENDING_RECHECK, PersonState.NEGATIVE}
    assert looked.state == PersonState.PENDING_RECHECK  # both are shown, the worst decides
    assert [person(bench, i) for i in (2, 3)] == [PersonState.NEGATIVE] * 2
    assert len(bench.callbacks()) == 2 and bench.callbacks(later) == []


def test_a_person_in_two_tubes_the_second_positive_gets_a_callback_and_no_proof(bench):
    first, second = bench.fill(0, 2), bench.fill(1, 2)
    bench.through(first)
    assert person(bench, 1) == PersonState.WAITING
    bench.through(second, outcome=POS)
    twice = bench.city.people[1]
    assert [c[0] for c in bench.callbacks(second)].count(twice[1]) == 1
    assert fetch(
        "SELECT count(*) FROM specimen WHERE person_id = %s AND of_record", (twice[1],)
    ) == [(1,)]
    assert person(bench, 1) == PersonState.PENDING_RECHECK
    assert person(bench, 0) == PersonState.NEGATIVE


def test_a_person_of_two_positive_pools_is_freed_when_both_are_answered(bench):
    a, b = bench.fill(0, 2), bench.fill(1, 2)
    bench.through(a, b, outcome=POS)
    assert len(bench.callbacks()) == 4
    recheck(bench, 1)  # one swab answers both, taken after both were opened
    mine = [c[2] for c in bench.callbacks() if c[0] == bench.city.people[1][1]]
    assert mine == ["closed", "closed"] and bench.lanes(1, 1) == [0]


def test_edge_41_a_pool_is_explained_when_the_rest_has_moved_away(bench):
    tube = bench.fill(0, 2)
    bench.through(tube, outcome=POS)
    recheck(bench, 0)
    cell, number = fetch("SELECT cell_id, callback_id FROM callback WHERE state = 'open'")[0]
    by = bench.technician.staff_id
    service.tell_attempt(cell, number, "absent", by=by, at=clock.now())
    db.session.commit()
    assert pool(bench, tube) == "open"
    service.tell_attempt(cell, number, "moved", by=by, at=clock.now())
    db.session.commit()
    assert pool(bench, tube) == "explained"
    with pytest.raises(UnknownAttempt):
        service.tell_attempt(cell, number, "eaten", by=by, at=clock.now())


def test_edge_41_the_list_of_an_area_holds_its_members_by_deadline(bench):
    tube = bench.fill(38, 4)
    bench.through(tube, outcome=POS)
    first = bench.city.sites[0]
    rows = queries.list_callbacks([first.cell_id])
    assert {r.person_id for r in rows} == {p[1] for p in bench.city.people[38:40]}
    assert queries.list_callbacks([first.cell_id], [first.area.area_id]) == rows
    assert queries.list_callbacks([first.cell_id], [1]) == []
    assert queries.list_callbacks([first.cell_id], round_id=rows[0].round_id) == rows
    assert queries.list_callbacks([first.cell_id], round_id=1) == []
