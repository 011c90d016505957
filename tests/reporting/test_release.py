"""Two persons review, a tube is released once, and nothing goes out over an open question."""

from __future__ import annotations

import pytest

from screening.db import db, fetch
from screening.errors import NotAllowed
from screening.reporting.refusals import Refused
from tests.reporting.bench import BAD, GREY, NEG, PIN, POS


def why(refused: pytest.ExceptionInfo[Refused]) -> set[str]:
    return {f.problem.code for f in refused.value.faults}


def refused(bench, *barcodes) -> set[str]:
    with pytest.raises(Refused) as e:
        bench.release(*barcodes)
    db.session.rollback()
    assert {f.field for f in e.value.faults} == set(barcodes)
    assert all(f.problem.sentence(lang) for f in e.value.faults for lang in ("zh", "en"))
    return why(e)


def test_a_negative_pool_goes_out_after_two_persons_looked(bench):
    tube = bench.fill(0, 10)
    out = bench.through(tube)
    assert out.released == [tube] and out.callbacks == 0
    row = bench.tube(tube)
    assert (row["stage"], row["outcome"], row["version"]) == (10, NEG, 1)
    assert bench.results(tube) == [(1, NEG, 10)]
    assert bench.callbacks() == [] and bench.lanes(0, 10) == [0] * 10


def test_a_release_repeated_does_nothing_and_says_so(bench):
    tube = bench.fill(0, 3)
    bench.through(tube, outcome=POS)
    again = bench.release(tube)
    assert (again.released, again.repeated, again.callbacks) == ([], [tube], 0)
    assert bench.results(tube) == [(1, POS, 3)]
    assert fetch("SELECT count(*) FROM outbox")[0][0] == 1
    assert len(bench.callbacks()) == 3


def test_a_tube_without_reviews_is_refused(bench):
    tube = bench.fill(0, 3)
    bench.test(tube)
    assert refused(bench, tube) == {"not_reviewed"}


def test_a_tube_with_one_review_is_refused(bench):
    tube = bench.fill(0, 3)
    bench.test(tube)
    bench.review(tube, step=1)
    assert refused(bench, tube) == {"not_reviewed"}


def test_the_second_review_needs_another_person(bench):
    tube = bench.fill(0, 3)
    bench.test(tube)
    bench.review(tube, step=1, who=bench.reviewer)
    with pytest.raises(Refused) as e:
        bench.review(tube, step=2, who=bench.reviewer)
    assert why(e) == {"one_reviewer"}


def test_the_second_review_needs_a_first(bench):
    tube = bench.fill(0, 3)
    bench.test(tube)
    with pytest.raises(Refused) as e:
        bench.review(tube, step=2)
    assert why(e) == {"first_review_missing"}


def test_the_second_review_is_a_reviewers(bench):
    tube = bench.fill(0, 3)
    bench.test(tube)
    bench.review(tube, step=1, who=bench.reviewer)
    with pytest.raises(NotAllowed):
        bench.review(tube, step=2, who=bench.technician)


def test_a_review_signed_again_is_no_second_one(bench):
    tube = bench.fill(0, 3)
    bench.test(tube)
    bench.review(tube, step=1)
    again = bench.review(tube, step=1)
    assert (again.signed, again.repeated) == ([], [tube])
    assert fetch("SELECT count(*) FROM review")[0][0] == 1


def test_a_step_signed_by_somebody_is_not_signed_over(bench):
    tube = bench.fill(0, 3)
    bench.test(tube)
    bench.review(tube, step=1)
    with pytest.raises(Refused) as e:
        bench.review(tube, step=1, who=bench.reviewer)
    assert why(e) == {"review_signed"}


def test_a_wrong_pin_signs_nothing(bench):
    tube = bench.fill(0, 3)
    bench.test(tube)
    with pytest.raises(Exception) as e:
        bench.review(tube, step=1, secret="000111")
    assert e.value.code == "bad_pin"
    db.session.rollback()
    assert fetch("SELECT count(*) FROM review")[0][0] == 0


def test_an_untested_tube_cannot_be_reviewed(bench):
    tube = bench.fill(0, 3)
    with pytest.raises(Refused) as e:
        bench.review(tube, step=1)
    assert why(e) == {"tube_of_other_lab"}  # nobody has received it yet


def test_a_rerun_needs_new_reviews(bench):
    from screening import clock
    from screening.reporting import rules
    from screening.tube import service as tubes
    from screening.tube.queries import get_key, list_lines
    from screening.tube.rules import Verb

    tube = bench.fill(0, 3)
    reception = bench.city.bench()
    reception.write("receive", tube=tube)
    bench.send(reception)
    bench.test(tube)
    bench.sign_both(tube)
    key = get_key(tube)
    plating = rules.current_test(list_lines(key.cell_id, key.round_id, [tube])[tube]).plating
    tubes.advance(Verb.RERUN, {tube: {"answers": plating}}, kind="rerun", cell=key.cell_id,
                  round_id=key.round_id, by=1, at=clock.now(), recorded_at=clock.now())  # fmt: skip
    db.session.commit()
    assert refused(bench, tube) == {"not_tested"}
    bench.test(tube)
    assert refused(bench, tube) == {"not_reviewed"}
    bench.sign_both(tube)
    assert bench.release(tube).released == [tube]


def test_a_negative_over_an_open_alert_is_stopped(bench):
    tube = bench.fill(0, 3)
    bench.test(tube)
    bench.alert(tube, "positive", POS)
    bench.sign_both(tube)
    assert refused(bench, tube) == {"alert_conflict"}
    assert bench.tube(tube)["stage"] == 9 and bench.tickets("alert_conflict") == [tube]


def test_a_positive_that_was_never_alerted_is_stopped(bench):
    tube = bench.fill(0, 3)
    bench.test(tube, outcome=POS, alert=False)
    bench.sign_both(tube)
    assert refused(bench, tube) == {"alert_conflict"}


def test_a_provisional_alert_of_a_failed_plate_stops_the_reruns_negative(bench):
    tube = bench.fill(0, 3)
    bench.test(tube)
    bench.alert(tube, "provisional", POS)
    bench.sign_both(tube)
    assert refused(bench, tube) == {"alert_conflict"}


def test_the_alert_is_answered_by_the_release_that_agrees(bench):
    tube = bench.fill(0, 3)
    bench.through(tube, outcome=POS)
    rows = fetch("SELECT settled_how FROM alert WHERE barcode = %s", (tube,))
    assert rows == [("released",)]


@pytest.mark.parametrize("state", ["invalid", "quarantined", "previewed"])
def test_edge_39_nothing_of_a_plate_goes_out_whose_controls_failed(bench, state):
    tube = bench.fill(0, 3)
    bench.test(tube, state=state)
    bench.sign_both(tube)
    assert refused(bench, tube) == {"run_not_valid"}


def test_edge_32_a_tube_without_persons_is_tested_and_held(bench):
    tube = bench.city.tube()
    phone = bench.city.bench()
    phone.write("receive", tube=tube)
    bench.send(phone)
    bench.test(tube, outcome=POS)
    bench.sign_both(tube)
    assert "no_persons" in refused(bench, tube)
    assert bench.results(tube) == [] and bench.callbacks() == []


def test_a_list_with_fewer_swabs_than_were_confirmed_is_held(bench):
    tube = bench.fill(0, 7, confirmed=8)
    bench.test(tube)
    bench.sign_both(tube)
    assert "list_incomplete" in refused(bench, tube)


def test_a_list_with_more_swabs_than_were_confirmed_is_held(bench):
    tube = bench.fill(0, 7, confirmed=6)
    bench.test(tube)
    bench.sign_both(tube)
    assert "list_incomplete" in refused(bench, tube)


def test_a_held_list_goes_out_once_the_rest_has_arrived(bench):
    tube = bench.fill(0, 7, confirmed=8)
    bench.test(tube)
    bench.sign_both(tube)
    bench.add(tube, 7)
    assert bench.release(tube).released == [tube]
    assert bench.results(tube) == [(1, NEG, 8)]


def test_a_held_list_goes_out_once_a_supervisor_completes_it_from_paper(bench):
    tube = bench.fill(0, 7, confirmed=8)
    bench.test(tube)
    bench.sign_both(tube)
    bench.go_on(tube, "paper", n=7)
    assert bench.release(tube).released == [tube]


def test_a_gap_after_the_close_holds_nothing(bench):
    tube = bench.fill(0, 5)
    third = bench.city.phone()
    third.write("join", tube=tube)
    first = third.batch(1, 1)
    r = bench.client.post("/api/v1/journal", data=first, content_type="application/x-ndjson")
    assert r.status_code == 200
    third.write("shift_start")
    third.write("shift_end", n=3)
    bench.send(third, 3)
    bench.test(tube)
    bench.sign_both(tube)
    # the join came after the close: the device may have told of somebody only later than that
    assert bench.release(tube).released == [tube]


def test_a_gap_before_the_close_holds_the_tube_until_it_is_filled(bench):
    from screening import clock

    city, tube = bench.city, bench.city.tube()
    now = clock.to_ms(clock.now())
    a, b = city.phone(), city.phone()
    a.now, b.now = now - 60_000, now - 50_000
    a.write("open", tube=tube, mode="pooled", size=10)
    for i, c in enumerate(city.codes(0, 2), 1):
        a.write("bind", tube=tube, seat=i, who={"code": c})
    b.write("join", tube=tube)
    b.write("bind", tube=tube, seat=3, who={"code": city.codes(2, 1)[0]})
    b.write("shift_end", n=3)
    a.now = now - 10_000
    a.write("close", tube=tube, n=2)
    bench.send(a)
    for first, last in ((1, 1), (3, 3)):
        r = bench.client.post("/api/v1/journal", data=b.batch(first, last),
                              content_type="application/x-ndjson")  # fmt: skip
        assert r.status_code == 200
    bench.test(tube)
    bench.sign_both(tube)
    assert refused(bench, tube) == {"journal_gap"}
    assert bench.tickets("journal_gap") == [tube]
    bench.send(b, 2)
    assert "list_incomplete" in refused(bench, tube)  # the gap held a third person
    phone = a
    phone.write("paper", tube=tube, n=3)
    bench.send(phone, len(phone.entries))
    assert bench.release(tube).released == [tube]
    assert bench.results(tube) == [(1, NEG, 3)] and bench.tickets("journal_gap") == []


def test_an_open_hold_ticket_keeps_its_tube(bench):
    tube = bench.fill(0, 3)
    second = bench.city.phone(1)
    second.fill(tube, bench.city.codes(3, 1))
    bench.send(second)
    bench.test(tube)
    bench.sign_both(tube)
    assert "held" in refused(bench, tube)


def test_one_held_tube_does_not_keep_its_plate(bench):
    good, bad = bench.fill(0, 3), bench.fill(3, 3, confirmed=4)
    bench.test(good, bad)
    bench.sign_both(good, bad)
    out = bench.release(good, bad)
    assert out.released == [good]
    assert [p.code for p in out.refused] == ["list_incomplete", "held"] or [
        p.code for p in out.refused
    ] == ["list_incomplete"]
    assert bench.results(bad) == []


def test_every_reason_of_every_tube_is_told_at_once(bench):
    a, b = bench.fill(0, 3, confirmed=4), bench.fill(4, 3)
    bench.test(a, b)
    bench.alert(b, "hand", POS)
    with pytest.raises(Refused) as e:
        bench.release(a, b)
    told = {(f.field, f.problem.code) for f in e.value.faults}
    assert {(a, "not_reviewed"), (a, "list_incomplete"), (b, "not_reviewed"),
            (b, "alert_conflict")} <= told  # fmt: skip


def test_another_laboratorys_tube_is_not_released_here(bench):
    from tests import make

    tube = bench.fill(0, 3)
    bench.test(tube)
    bench.sign_both(tube)
    other = make.lab()
    somebody = make.staff("lab_reviewer", other, pin=PIN)
    from screening import clock
    from screening.reporting import service

    with pytest.raises(Refused) as e:
        service.release([tube], lab_id=other.lab_id, by=bench.actor(somebody), at=clock.now())
    assert why(e) == {"tube_of_other_lab"}
    with pytest.raises(NotAllowed):
        service.release([tube], lab_id=bench.lab_id, by=bench.actor(somebody), at=clock.now())


def test_an_invalid_result_asks_for_a_new_swab_and_calls_nobody_back(bench):
    tube = bench.fill(0, 4)
    bench.through(tube, outcome=BAD)
    assert bench.callbacks() == []
    voids = fetch("SELECT void, of_record FROM specimen WHERE barcode = %s", (tube,))
    assert voids == [(12, False)] * 4


def test_edge_40_a_doubtful_pool_is_called_back_and_is_neither_positive_nor_negative(bench):
    tube = bench.fill(0, 4)
    out = bench.through(tube, outcome=GREY)
    assert out.callbacks == 4
    assert {(s, r) for _, _, s, r, _ in bench.callbacks()} == {("open", "inconclusive")}
    assert fetch("SELECT count(*) FROM specimen WHERE void = 0") == [(4,)]


def test_each_release_puts_one_sealed_package_into_the_outbox(bench):
    import json

    from screening.registry.service.persons import ring

    a, b = bench.fill(0, 2), bench.fill(2, 3)
    bench.through(a, b)
    rows = fetch("SELECT topic, body FROM outbox ORDER BY outbox_id")
    told = [json.loads(ring().open(bytes(body), "outbox.body")) for _, body in rows]
    assert {(t["tube"], t["pooled"], t["what"], t["version"]) for t in told} == {
        (a, 2, "release", 1), (b, 3, "release", 1)
    }  # fmt: skip
    assert {m["person"] for t in told for m in t["members"]} == set(bench.city.codes(0, 5))


def test_edge_31_an_unknown_tube_is_tested_and_its_result_waits_for_the_capture(bench):
    city = bench.city
    phone, tube = city.phone(), city.tube()
    phone.fill(tube, city.codes(0, 3))  # written, not sent
    reception = city.bench()
    reception.write("receive", tube=tube)
    bench.send(reception)
    bench.test(tube, outcome=POS)
    bench.sign_both(tube)
    assert {"no_persons"} <= refused(bench, tube)
    bench.send(phone)
    out = bench.release(tube)
    assert (out.released, out.callbacks) == ([tube], 3)
    assert bench.results(tube) == [(1, POS, 3)]
