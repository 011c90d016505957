"""Desks are devices: their pages write signed, numbered journals like any phone."""

from __future__ import annotations

import pytest

from screening import clock
from screening.accounts.queries import actor_of
from screening.accounts.roles import Role
from screening.db import db, fetch
from screening.field import desk
from tests import make, world


@pytest.fixture
def city(db_session):
    return world.city()


@pytest.fixture
def nurse(city):
    who = make.staff(Role.SAMPLER, city.sites[0])
    return actor_of(who.staff_id)


def state(city, entries, nurse, **kw):
    at = clock.now()
    out = desk.append(
        nurse, entries, site_id=city.sites[0].site_id, round_id=city.round_id, at=at, **kw
    )
    db.session.commit()
    return out


def filled(city, tube, n=3, size=10):
    entries = [{"kind": "open", "tube": tube, "mode": "pooled", "size": size}]
    entries += [
        {"kind": "bind", "tube": tube, "seat": i, "who": {"code": c}}
        for i, c in enumerate(city.codes(0, n), 1)
    ]
    return entries


def test_what_a_desk_states_is_held_as_a_signed_journal(city, nurse):
    tube = city.tube()
    out = state(city, [*filled(city, tube), {"kind": "close", "tube": tube, "n": 3}], nurse)
    assert (out.receipt.last, len(out.refs), out.findings) == (5, 5, [])
    assert fetch("SELECT stage, members, complete FROM tube") == [(3, 3, True)]
    assert fetch("SELECT kind, staff_id FROM device WHERE kind = 'desk'") == [
        ("desk", nurse.staff_id)
    ]


def test_a_desk_goes_on_numbering_where_it_stopped(city, nurse):
    tube = city.tube()
    state(city, filled(city, tube), nurse)
    out = state(city, [{"kind": "close", "tube": tube, "n": 3}], nurse)
    assert out.receipt.last == 5
    assert fetch("SELECT count(*) FROM journal") == [(1,)]
    assert not out.receipt.forked


def test_a_ref_takes_back_what_it_names(city, nurse):
    tube = city.tube()
    out = state(city, filled(city, tube), nurse)
    state(city, [{"kind": "unbind", "tube": tube, "ref": out.refs[1], "reason": "错绑"}], nurse)
    assert fetch("SELECT members FROM tube") == [(2,)]
    specimen = fetch("SELECT specimen_id FROM specimen WHERE seat = 2")[0][0]
    ref = desk.ref_of(specimen)
    state(city, [{"kind": "unbind", "tube": tube, "ref": ref, "reason": "错绑"}], nurse)
    assert fetch("SELECT members FROM tube") == [(1,)]


def test_what_contradicts_is_told_at_once(city, nurse):
    tube = city.tube()
    state(city, [*filled(city, tube), {"kind": "close", "tube": tube, "n": 2}], nurse)
    out = state(city, [{"kind": "paper", "tube": tube, "n": 5}], nurse)
    assert out.findings == []  # the same contradiction has stood since the close
    other = city.tube()
    out = state(city, [*filled(city, other), {"kind": "close", "tube": other, "n": 2}], nurse)
    assert [(f.kind, f.weight) for f in out.findings] == [("list_incomplete", "hold")]


def test_an_entry_that_cannot_be_applied_is_parked_and_the_desk_goes_on(city, nurse):
    tube = city.tube()
    odd = {"kind": "bind", "tube": tube, "seat": 1, "who": {"code": "R1.1-1-00"}}
    out = state(city, [odd, *filled(city, tube)], nurse)
    assert [p["number"] for p in out.receipt.parked] == [1]
    assert (out.receipt.last, fetch("SELECT members FROM tube")) == (5, [(3,)])


def test_two_people_at_one_table_have_two_journals(city, nurse):
    other = actor_of(make.staff(Role.SAMPLER, city.sites[0]).staff_id)
    tube = city.tube()
    state(city, filled(city, tube), nurse)
    state(city, [{"kind": "join", "tube": tube}, {"kind": "close", "tube": tube, "n": 3}], other)
    assert fetch("SELECT count(*) FROM journal") == [(2,)]
    assert fetch("SELECT stage, complete FROM tube") == [(3, True)]


def test_paper_may_bring_its_own_time(city, nurse):
    early = clock.to_ms(clock.now()) - 1_800_000
    entries = [{**e, "at": early} for e in filled(city, city.tube())]
    state(city, entries, nurse)
    (at,) = fetch("SELECT DISTINCT at FROM specimen")[0]
    assert clock.to_ms(at) == early
