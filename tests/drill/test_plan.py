"""The plan of a drill day: it adds up, it can be played, and it knows what it planted."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, timedelta
from typing import Any

import msgspec
import pytest

from screening.accounts.roles import Role
from screening.drill.city import AreaRow, read_areas
from screening.drill.day_plan import DayPlan, Fault, from_json, to_json
from screening.drill.dwellings import grids
from screening.drill.plan import make_plan
from screening.drill.population import make_people
from screening.places.rules import SITE_KINDS

KINDS = {
    "lost_tube",
    "late_box",
    "wrong_count",
    "double_swab",
    "dead_phone",
    "positive_pool",
    "tube_at_two_sites",
    "unknown_tube",
    "wrong_clock",
}


@pytest.fixture(scope="module")
def plan() -> DayPlan:
    return make_plan()


def fault(plan: DayPlan, kind: str) -> Fault:
    return next(fault for fault in plan.faults if fault.kind == kind)


def by_ref(things: Any) -> dict[str, Any]:
    found = {thing.ref: thing for thing in things}
    assert len(found) == len(things)
    return found


def test_the_same_seed_makes_the_same_day(plan: DayPlan):
    assert make_plan() == plan
    assert make_plan(8).communities != plan.communities


def test_a_plan_comes_back_from_its_truth_file(plan: DayPlan):
    text = to_json(plan)
    assert from_json(text) == plan
    assert to_json(from_json(text)) == text
    with pytest.raises(msgspec.ValidationError):
        from_json(b'{"seed": "seven"}')


@pytest.mark.parametrize("seed", range(20))
def test_ten_real_communities_of_three_streets_are_chosen(seed: int):
    plan = make_plan(seed)
    real = {area.code12: area for area in read_areas()}
    assert len({home.code12 for home in plan.communities}) == 10
    assert len({home.street for home in plan.communities}) == 3
    assert len({home.county for home in plan.communities}) == 3
    for home in plan.communities:
        assert real[home.code12].name == home.name
        assert real[home.code12].parent_code12 == home.street


def test_every_community_has_exactly_one_site_and_one_zone(plan: DayPlan):
    homes = {home.code12 for home in plan.communities}
    served = Counter(code for site in plan.sites for code in site.catchment)
    whole = [zone for zone in plan.zones if not zone.buildings]
    zoned = Counter(code for zone in whole for code in zone.communities)
    assert served == zoned == Counter(homes)


def test_twelve_sites_of_four_kinds_stand_in_the_scope(plan: DayPlan):
    sites = by_ref(plan.sites)
    assert len(sites) == 12
    kinds = Counter(site.kind for site in plan.sites)
    assert kinds == {"community": 9, "checkpoint": 1, "isolation": 1, "arrival": 1}
    assert set(kinds) <= set(SITE_KINDS)
    homes = {home.code12 for home in plan.communities}
    assert all(site.community in homes for site in plan.sites)


def test_two_labs_can_test_what_the_sites_can_collect(plan: DayPlan):
    labs = by_ref(plan.labs)
    assert len(labs) == 2
    assert {site.lab for site in plan.sites} == set(labs)
    assert len({lab.instrument for lab in plan.labs}) == 2
    assert sum(lab.capacity for lab in plan.labs) >= 4000


def test_the_locked_buildings_exist_and_lie_in_a_controlled_community(plan: DayPlan):
    locked = next(zone for zone in plan.zones if zone.kind == "lock")
    control = next(zone for zone in plan.zones if zone.kind == "control")
    home = next(home for home in plan.communities if home.code12 == locked.communities[0])
    area = AreaRow(home.code12, home.name, "community", home.street)
    built = {h.name for grid in grids(area, home.people, plan.seed) for h in grid.buildings}
    assert set(locked.buildings) < built
    assert home.code12 in control.communities


def test_pool_rules_name_their_source_and_every_way_of_pooling(plan: DayPlan):
    mass, cohort = plan.rounds
    ways = {(rule.mode, rule.capacity) for rule in mass.pool_rules}
    assert ways == {("single", 1), ("household", 10), ("pooled", 10), ("pooled", 20)}
    assert all(rule.source for rule in mass.pool_rules + cohort.pool_rules)
    assert all((rule.zone is None) != (rule.cohort is None) for rule in mass.pool_rules)
    assert {rule.zone for rule in mass.pool_rules} >= {zone.kind for zone in plan.zones}
    assert {rule.cohort for rule in cohort.pool_rules} == set(cohort.cohorts)


def test_the_cohort_round_starts_when_the_mass_round_has_stopped(plan: DayPlan):
    mass, cohort = plan.rounds
    assert mass.starts_at < mass.stops_at <= cohort.starts_at < cohort.stops_at
    sites = by_ref(plan.sites)
    for each in plan.rounds:
        assert all(sites[ref].closes_at >= each.stops_at for ref in each.sites)


def test_every_role_is_filled_and_review_takes_two(plan: DayPlan):
    by_ref(plan.staff)
    assert {member.role for member in plan.staff} == set(Role)
    for lab in plan.labs:
        own = [m for m in plan.staff if m.role == "lab_reviewer" and m.scope == lab.ref]
        assert len(own) >= 2
    for site in plan.sites:
        own = Counter(member.role for member in plan.staff if member.scope == site.ref)
        assert own["site_supervisor"] == own["packer"] == 1
        assert own["sampler"] == 2 * site.tables


def test_every_table_has_a_device(plan: DayPlan):
    devices = by_ref(plan.devices)
    tables = {(d.place, d.table) for d in plan.devices if d.kind == "table"}
    assert tables == {(s.ref, n) for s in plan.sites for n in range(1, s.tables + 1)}
    wrong = fault(plan, "wrong_clock")
    ahead = {d.ref: d.clock_offset for d in plan.devices if d.clock_offset}
    assert ahead == {wrong.where: wrong.detail["seconds_ahead"]}
    assert wrong.where in devices


def test_no_label_number_lies_at_two_sites(plan: DayPlan):
    serials = [n for stock in plan.labels for n in range(stock.first, stock.first + stock.count)]
    assert len(serials) == len(set(serials))
    assert {stock.site for stock in plan.labels} == {site.ref for site in plan.sites}


def test_the_last_box_leaves_after_its_site_has_closed(plan: DayPlan):
    by_ref(plan.trips)
    for site in plan.sites:
        trips = [trip for trip in plan.trips if trip.site == site.ref]
        assert trips == sorted(trips, key=lambda trip: trip.leaves_at)
        assert timedelta(0) < trips[-1].leaves_at - site.closes_at < timedelta(hours=1)
        assert all(trip.arrives_at > trip.leaves_at and trip.lab == site.lab for trip in trips)


def test_turnout_adds_up(plan: DayPlan):
    assert sum(plan.turnout.values()) == pytest.approx(1)


@pytest.mark.parametrize("size", [60, 2000])
def test_one_fault_of_each_kind_is_planted_at_a_place_that_exists(size: int):
    plan = make_plan(per_community=size)
    known = {t.ref for t in (*plan.sites, *plan.labs, *plan.devices, *plan.trips)}
    assert Counter(fault.kind for fault in plan.faults) == dict.fromkeys(KINDS, 1)
    for each in plan.faults:
        assert each.where in known
        assert each.shows
        assert each.at.tzinfo is UTC
        assert each.heals_at is None or each.heals_at > each.at


def test_the_positive_pool_is_planted_where_pools_are_of_ten(plan: DayPlan):
    pool = fault(plan, "positive_pool")
    site = next(site for site in plan.sites if site.ref == pool.where)
    control = next(zone for zone in plan.zones if zone.kind == "control")
    locked = next(zone for zone in plan.zones if zone.kind == "lock")
    assert set(site.catchment) <= set(control.communities) - set(locked.communities)
    assert f"callbacks.{pool.detail['members']}" in pool.shows


def test_who_is_swabbed_twice_is_a_resident_who_is_due(plan: DayPlan):
    home = plan.communities[0]
    areas = [AreaRow(h.code12, h.name, "community", h.street) for h in plan.communities]
    people = make_people(areas, plan.per_community, plan.seed, day=plan.day)
    double = fault(plan, "double_swab")
    person = next(person for person in people if person.ref == double.detail["person"])
    assert person.community == home.code12
    assert person.exempt_code is None
    assert not person.immobile


def test_the_unknown_tube_comes_from_its_own_sites_roll(plan: DayPlan):
    unknown = fault(plan, "unknown_tube")
    trip = next(trip for trip in plan.trips if trip.ref == unknown.where)
    stock = next(stock for stock in plan.labels if stock.site == trip.site)
    assert stock.first <= unknown.detail["serial"] < stock.first + stock.count
