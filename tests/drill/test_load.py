"""A small plan becomes a city that the chain can start from."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from screening import clock, crypto
from screening.accounts.roles import EVERYWHERE, Role
from screening.accounts.service import enrol, sign_in
from screening.db import fetch
from screening.drill import handover, load, register, world
from screening.drill.day_plan import DayPlan, to_json
from screening.drill.plan import make_plan
from screening.drill.scenery import at_hour
from screening.lab.service import rule_sets
from screening.lab.service.duty import list_posts
from screening.registry.queries import get_policy
from screening.registry.rules import RoundState


def small(people: int = 30, homes: int = 2) -> DayPlan:
    """The plan's first communities with their sites; both laboratories move there too."""
    plan = make_plan(per_community=people, day=clock.now().date())
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
        assert city.labels["tube"] == {s.site: (s.first, s.count) for s in plan.labels}
        said = [p.exempt_until for p in register.people_of(plan) if p.exempt_until]
        held = fetch("SELECT count(*) FROM exemption /* fan-out: test */")[0][0]
        assert held == sum(at_hour(until, 0) > clock.now() for until in said)
        manned = list_posts([EVERYWHERE], at=clock.now())
        needed = [p for p in manned if p.level != 2 or any(
            p.place.id == city.areas[c.county] for c in plan.communities
        )]  # fmt: skip
        assert needed and not [p.name for p in needed if p.gaps]

    def test_its_papers_let_everybody_in(self, tmp_path: Path):
        plan = small()
        city = load.load(plan, at=clock.now())
        handover.keep(city, tmp_path)
        read, people = world.read(tmp_path)
        assert {p.ref: (p.cell, p.person_id) for p in people} == city.people
        assert {one.ref for one in read.staff} == {person.ref for person in plan.staff}
        assert (tmp_path / "plan.json").read_bytes() == to_json(plan)
        listed = json.loads((tmp_path / "demo-signins.json").read_bytes())
        assert {one["role"] for one in listed} == set(Role)
        for one in listed:
            made = sign_in(one["number"], one["password"], address=None)
            assert not made.must_change
        for place in (*read.sites, *read.labs):
            assert enrol(place.code, place.ref, a_point(), address=None).device.device_id


def a_point() -> str:
    return crypto.b64(crypto.public_bytes(crypto.new_device_key().public_key()))
