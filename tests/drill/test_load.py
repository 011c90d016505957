"""A small plan becomes a city that the chain can start from."""

from __future__ import annotations

from dataclasses import replace

import pytest

from screening import clock
from screening.accounts.roles import Role
from screening.accounts.service import sign_in
from screening.db import fetch
from screening.drill import handover, load, register
from screening.drill.day_plan import DayPlan
from screening.drill.plan import make_plan
from screening.lab.service import rule_sets
from screening.registry.queries import get_policy
from screening.registry.rules import RoundState


def small(people: int = 30, homes: int = 2) -> DayPlan:
    """The plan's first communities with their sites; both laboratories move there too."""
    plan = make_plan(per_community=people)
    kept = plan.communities[:homes]
    codes = {c.code12 for c in kept}
    sites = tuple(s for s in plan.sites if s.community in codes)
    refs = {s.ref for s in sites}
    zones = [replace(z, communities=tuple(c for c in z.communities if c in codes))
             for z in plan.zones]  # fmt: skip
    rounds = [replace(r, communities=tuple(sorted(codes)), sites=tuple(refs & set(r.sites)))
              for r in plan.rounds]  # fmt: skip
    places = refs | {"L1", "L2", ""} | codes | {c.county for c in kept}
    return replace(
        plan,
        communities=kept,
        sites=sites,
        zones=tuple(z for z in zones if z.communities),
        rounds=(rounds[0], rounds[1]),
        labs=tuple(replace(lab, community=kept[0].code12) for lab in plan.labs),
        staff=tuple(s for s in plan.staff if s.scope in places),
        labels=tuple(s for s in plan.labels if s.site in refs),
        trips=tuple(t for t in plan.trips if t.site in refs),
        faults=(),
    )


@pytest.mark.usefixtures("db_session")
class TestLoad:
    def test_a_small_plan_is_loaded_whole(self):
        plan, told = small(), []
        city = load.load(plan, at=clock.now(), tick=told.append)
        assert told == [30, 30]
        assert len(city.people) == 60
        for ref, (cell, person) in city.people.items():
            assert fetch(
                "SELECT 1 FROM person WHERE cell_id = %s AND person_id = %s", (cell, person)
            ), ref
        first, second = (get_policy(city.rounds[r.ref]) for r in plan.rounds)
        assert (first.state, second.state) == (RoundState.SAMPLING, RoundState.SCHEDULED)
        assert rule_sets.get_in_force(city.rule_id, at=clock.now())
        assert set(city.codes) == set(city.sites) | set(city.labs)

    def test_everybody_of_the_plan_can_sign_in(self):
        plan = small()
        city = load.load(plan, at=clock.now())
        assert set(city.staff) == {person.ref for person in plan.staff}
        for role in Role:
            one = next(person for person in plan.staff if person.role == role)
            made = sign_in(one.ref, city.password, address=None)
            assert (made.staff_id, made.must_change) == (city.staff[one.ref], False)
        assert {s["role"] for s in handover.sign_ins(city)} == set(Role)

    def test_labels_lie_at_their_sites(self):
        plan = small()
        city = load.load(plan, at=clock.now())
        assert city.labels["tube"] == {s.site: (s.first, s.count) for s in plan.labels}
        assert set(city.labels) == {"tube", "box", "seal"}

    def test_exemptions_of_the_plan_are_granted(self):
        plan = small()
        load.load(plan, at=clock.now())
        due = [p for p in register.people_of(plan) if p.exempt_until and p.exempt_code]
        held = fetch("SELECT count(*) FROM exemption /* fan-out: test */")[0][0]
        assert 0 < held <= len(due)
