"""Makes the plan of a drill day out of a seed and a city's real areas; nothing is played here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from random import Random

from screening.drill.city import AreaRow, read_areas
from screening.drill.crew import make_devices, make_staff
from screening.drill.day_plan import (
    DayPlan,
    LabelStock,
    PlannedCommunity,
    PlannedRound,
    PlannedSite,
    PoolRule,
    Trip,
)
from screening.drill.planted import CLOCK_AHEAD, CLOCK_DEVICE, plant
from screening.drill.population import DAY
from screening.drill.scenery import (
    CLOSES,
    EVENING_CLOSES,
    EVENING_OPENS,
    EVENING_SITES,
    LAST,
    OPENS,
    at_hour,
    choose,
    make_labs,
    make_sites,
    make_zones,
)

GUIDE = "区域新型冠状病毒核酸检测组织实施指南(第三版), 2022-03-22"
TURNOUT = {  # made up; most come, and every word of the missed list happens to somebody
    "comes": 0.945,
    "comes_after_reminder": 0.020,
    "away": 0.012,
    "unreachable": 0.008,
    "refused": 0.003,
    "not_contacted": 0.012,
}
POOL_RULES = (
    PoolRule(cohort="quarantined", mode="single", capacity=1, source=GUIDE),
    PoolRule(cohort="arrival", mode="single", capacity=1, source=GUIDE),
    PoolRule(cohort="hospital", mode="single", capacity=1, source=GUIDE),
    PoolRule(cohort="cold_chain", mode="single", capacity=1, source=GUIDE),
    PoolRule(zone="lock", mode="household", capacity=10, source=GUIDE),
    PoolRule(zone="control", mode="pooled", capacity=10, source=GUIDE),
    PoolRule(zone="prevent", mode="pooled", capacity=20, source=GUIDE),
)
COHORTS = ("cold_chain", "market", "delivery", "transport")
LABELS_OF_TABLE = 500
# Hours between two boxes by type of site (domain 2.4: sites about two hours, checkpoints hourly).
BOX_EVERY = {"community": 2, "checkpoint": 1, "isolation": 4, "arrival": 2}


def make_plan(
    seed: int = 7,
    *,
    areas: Sequence[AreaRow] | None = None,
    per_community: int = 2000,
    day: date = DAY,
) -> DayPlan:
    """A day in ten communities of three streets of three districts; the same for the same seed.

    `areas` are those of the example city unless given. Times are aware UTC; the day's sampling
    runs from 06:00 to 16:00 local time, the key groups follow in the evening.
    """
    areas = read_areas() if areas is None else areas
    rng = Random(f"plan {seed}")
    scope = choose(rng, areas, per_community)
    sites = make_sites(scope, day)
    staff = make_staff(rng, scope, sites, day)
    couriers = [person.ref for person in staff if person.role == "courier"]
    plan = DayPlan(
        seed=seed,
        day=day,
        city=next(area.code12 for area in areas if area.level == "city"),
        per_community=per_community,
        communities=scope,
        zones=make_zones(scope, seed, day),
        rounds=make_rounds(scope, sites, day),
        sites=sites,
        labs=make_labs(scope),
        staff=staff,
        devices=make_devices(sites, staff, {CLOCK_DEVICE: CLOCK_AHEAD}),
        labels=tuple(make_labels(sites)),
        trips=tuple(make_trips(rng, sites, couriers, day)),
        turnout=dict(TURNOUT),
        faults=(),
    )
    return replace(plan, faults=plant(plan))


def make_rounds(
    scope: Sequence[PlannedCommunity], sites: Sequence[PlannedSite], day: date
) -> tuple[PlannedRound, PlannedRound]:
    """A mass round by day, then single tubes for key groups; they never overlap in time."""
    homes = tuple(home.code12 for home in scope)
    start, evening = at_hour(day, OPENS), at_hour(day, EVENING_OPENS)
    single = [PoolRule(cohort=c, mode="single", capacity=1, source=GUIDE) for c in COHORTS]
    mass = PlannedRound(
        ref="R1",
        name="第1轮区域核酸筛查",
        kind="mass",
        communities=homes,
        sites=tuple(site.ref for site in sites),
        starts_at=start,
        stops_at=at_hour(day, CLOSES),
        due_at=start + timedelta(hours=24),
        pool_rules=POOL_RULES,
    )
    cohort = PlannedRound(
        ref="R2",
        name="重点人群第1次检测",
        kind="cohort",
        communities=homes,
        cohorts=COHORTS,
        sites=EVENING_SITES,
        starts_at=evening,
        stops_at=at_hour(day, EVENING_CLOSES),
        due_at=evening + timedelta(hours=24),
        pool_rules=tuple(single),
    )
    return mass, cohort


def make_labels(sites: Sequence[PlannedSite]) -> Iterator[LabelStock]:
    """One roll a site; no number lies at two sites (but see planted.tube_at_two_sites)."""
    first = 1
    for site in sites:
        stock = LabelStock(site=site.ref, first=first, count=site.tables * LABELS_OF_TABLE)
        yield stock
        first += stock.count


def make_trips(
    rng: Random, sites: Sequence[PlannedSite], couriers: Sequence[str], day: date
) -> Iterator[Trip]:
    """A box from every site every few hours, the last one half an hour after it closes."""
    for index, site in enumerate(sites):
        closes = LAST if site.closes_at == at_hour(day, LAST) else CLOSES
        step = BOX_EVERY[site.kind]
        hours = [*range(OPENS + step, closes, step), closes]
        if site.ref in EVENING_SITES:
            hours.append(EVENING_CLOSES)
        for turn, hour in enumerate(hours, start=1):
            leaves = at_hour(day, hour + 0.5)
            yield Trip(
                ref=f"T-{site.ref}-{turn:02d}",
                courier=couriers[index % len(couriers)],
                site=site.ref,
                lab=site.lab,
                leaves_at=leaves,
                arrives_at=leaves + timedelta(minutes=rng.randint(25, 50)),
            )
