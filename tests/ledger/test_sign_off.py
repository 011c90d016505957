"""Explained by one and closed by another; signed by two, and only when nothing is left open."""

from __future__ import annotations

from datetime import timedelta

import pytest

from screening import clock
from screening.accounts.queries import actor_of
from screening.accounts.roles import Role
from screening.db import db, fetch, run
from screening.lab.service import alerts
from screening.ledger import parts, queries, service
from screening.ledger.sight import whole_city
from screening.registry.rules import WrongRoundState
from tests import make

MINUTE = timedelta(minutes=1)


@pytest.fixture
def two(day):
    """Two dispatchers."""
    made = [make.staff(Role.DISPATCHER) for _ in range(2)]
    return [actor_of(m.staff_id) for m in made]


def stop(day) -> None:
    run(
        "UPDATE round SET state = 'finishing', stopped_at = %s WHERE round_id = %s",
        (clock.now(), day.city.round_id),
    )
    db.session.commit()


def explain(day, part, by, *, code="never_used", subjects=None, at=None, note=None):
    at = at or clock.now()
    found = parts.list_items(part, day.city.round_id, at=at, sight=whole_city())
    ids = subjects if subjects is not None else [i.subject_id for i in found]
    return service.explain(
        day.city.round_id, part, ids, code, note, by=by, sight=whole_city(), at=at
    )


def close(day, part, by, *, subjects=None, at=None):
    at = at or clock.now()
    found = parts.list_items(part, day.city.round_id, at=at, sight=whole_city())
    ids = subjects if subjects is not None else [i.subject_id for i in found]
    return service.close(day.city.round_id, part, ids, by=by, sight=whole_city(), at=at)


def settle(day, two) -> None:
    """Everything open is explained by one and closed by the other."""
    b = service.balance(day.city.round_id, at=clock.now())
    for part, p in b.parts.items():
        if p.open:
            explain(day, part, two[0], code="device_lost" if part == "unheard" else "never_used")
            close(day, part, two[1])
    db.session.commit()


def test_what_one_person_coded_another_closes(day, two):
    stop(day)
    assert explain(day, "no_result", two[0]) == 1
    b = service.balance(day.city.round_id, at=clock.now()).parts["no_result"]
    assert (b.items, b.coded, b.closed, b.open) == (1, 1, 0, 1)
    with pytest.raises(service.SamePerson):
        close(day, "no_result", two[0])
    close(day, "no_result", two[1])
    b = service.balance(day.city.round_id, at=clock.now()).parts["no_result"]
    assert (b.items, b.coded, b.closed, b.open) == (1, 0, 1, 0)


def test_only_what_was_explained_can_be_closed(day, two):
    stop(day)
    with pytest.raises(service.NothingToClose):
        close(day, "no_result", two[1])


def test_an_explanation_needs_a_known_reason_and_an_other_needs_words(day, two):
    stop(day)
    with pytest.raises(service.UnknownExplanation):
        explain(day, "no_result", two[0], code="because")
    with pytest.raises(service.NoteMissing):
        explain(day, "no_result", two[0], code="other")
    assert explain(day, "no_result", two[0], code="other", note="留样") == 1


def test_what_is_not_in_the_list_cannot_be_explained(day, two):
    with pytest.raises(service.NoSuchItem):
        explain(day, "late", two[0], subjects=[day.waiting])
    with pytest.raises(service.NoSuchPart):
        service.explain(day.city.round_id, "x", ["1"], "never_used", None, by=two[0],
                        sight=whole_city(), at=clock.now())  # fmt: skip


def test_an_explanation_falls_when_the_tube_moves_on(day, two):
    stop(day)
    explain(day, "no_result", two[0])
    close(day, "no_result", two[1])
    day.door.write("receive", tube=day.waiting)
    day.door.send(day.client, len(day.door.entries))
    db.session.commit()
    b = service.balance(day.city.round_id, at=clock.now()).parts["no_result"]
    assert (b.items, b.open) == (1, 1)


def test_a_round_with_open_lines_is_not_signed_off(day, two):
    stop(day)
    with pytest.raises(service.NotBalanced) as e:
        service.sign_off(day.city.round_id, by=two[0], at=clock.now())
    assert e.value.details["obstacles"] == ["unheard", "no_result"]
    assert "no result" in e.value.sentence("en") and "停采后无结果" in e.value.sentence("zh")
    assert queries.list_signatures(day.city.round_id) == []


def test_a_round_that_still_samples_is_not_signed_off(day, two):
    with pytest.raises(WrongRoundState):
        service.sign_off(day.city.round_id, by=two[0], at=clock.now())


def test_two_persons_sign_and_the_round_is_closed(day, two):
    stop(day)
    settle(day, two)
    assert service.sign_off(day.city.round_id, by=two[0], at=clock.now()) == 1
    with pytest.raises(service.SamePerson):
        service.sign_off(day.city.round_id, by=two[0], at=clock.now())
    assert fetch("SELECT state FROM round WHERE round_id = %s", (day.city.round_id,)) == [
        ("finishing",)
    ]
    assert service.sign_off(day.city.round_id, by=two[1], at=clock.now()) == 2
    state, signed = fetch(
        "SELECT state, signed_at IS NOT NULL FROM round WHERE round_id = %s", (day.city.round_id,)
    )[0]
    assert (state, signed) == ("closed", True)
    kinds = fetch("SELECT kind, body -> 'unaccounted' FROM balance WHERE kind = 'sign_off'")
    assert kinds == [("sign_off", 0), ("sign_off", 0)]
    with pytest.raises(service.AlreadySigned):
        service.sign_off(day.city.round_id, by=two[0], at=clock.now())


def test_between_the_signatures_something_may_come_up(day, two):
    stop(day)
    settle(day, two)
    service.sign_off(day.city.round_id, by=two[0], at=clock.now())
    phone, _ = day.bench.sent[day.waiting]
    phone.write("over", tube=day.waiting, n=3)
    day.bench.send(phone, len(phone.entries))
    with pytest.raises(service.NotBalanced):
        service.sign_off(day.city.round_id, by=two[1], at=clock.now())


def test_a_first_signature_may_be_withdrawn(day, two):
    stop(day)
    settle(day, two)
    service.sign_off(day.city.round_id, by=two[0], at=clock.now())
    service.withdraw(day.city.round_id, by=two[0], at=clock.now())
    assert queries.list_signatures(day.city.round_id) == []


def test_a_recount_that_differs_stands_in_the_way(day, two):
    stop(day)
    settle(day, two)
    day.tamper("UPDATE tube SET channel = 'x' WHERE barcode = %(tube)s", tube=day.waiting)
    found, number = service.recount(day.city.round_id, at=clock.now())
    assert number and {d.barcode for d in found.differences} == {day.waiting}
    with pytest.raises(service.NotBalanced) as e:
        service.sign_off(day.city.round_id, by=two[0], at=clock.now())
    assert e.value.details["obstacles"] == ["recount_differs"]


def test_a_missed_person_of_whom_nothing_is_said_keeps_the_round_open(day, two):
    from screening.coverage import service as coverage

    stop(day)
    settle(day, two)
    coverage.mark_new()
    coverage.take_marks(at=clock.now())
    db.session.commit()
    with pytest.raises(service.NotBalanced) as e:
        service.sign_off(day.city.round_id, by=two[0], at=clock.now())
    assert e.value.details["obstacles"] == ["residual"]


def test_a_re_sample_that_runs_keeps_the_round_open(day, two):
    stop(day)
    settle(day, two)
    run(
        "INSERT INTO callback (cell_id, callback_id, person_id, community_id, round_id, tube_cell, "
        "barcode, reason, state, opened_at, due_at) VALUES (%s, 1, 1, 1, %s, %s, '1', "
        "'pool_positive', 'open', now(), now())",
        (day.city.sites[0].cell_id, day.city.round_id, day.city.sites[0].cell_id),
    )
    db.session.commit()
    with pytest.raises(service.NotBalanced) as e:
        service.sign_off(day.city.round_id, by=two[0], at=clock.now())
    assert e.value.details["obstacles"] == ["pools"]


def test_an_alert_that_nobody_answered_keeps_the_round_open_even_once_its_result_is_out(day, two):
    stop(day)
    settle(day, two)
    now = clock.now()
    raised = alerts.raise_by_hand(day.city.lab.lab_id, day.released[0], by=1, at=now)
    run(
        "UPDATE alert SET settled_at = %s, settled_how = 'released' WHERE cell_id = %s "
        "AND alert_id = %s",
        (now, raised.cell_id, raised.alert_id),
    )
    db.session.commit()
    with pytest.raises(service.NotBalanced) as e:
        service.sign_off(day.city.round_id, by=two[0], at=now)
    assert e.value.details["obstacles"] == ["calls"]
    db.session.rollback()
    alerts.acknowledge(raised.cell_id, raised.alert_id, by=1, at=now)
    assert service.checklist(day.city.round_id, at=now)[1] == []
