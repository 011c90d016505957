"""Puts a drill's city into an empty database: places, people, staff, rounds, labels, rule sets.

It goes through the services that the screens use.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from screening import clock
from screening.accounts import secret_words
from screening.accounts import service as accounts
from screening.accounts.roles import EVERYWHERE, Actor, Place, Role, Scope
from screening.db import db, fetch
from screening.drill import register
from screening.drill.city import EXAMPLE
from screening.drill.day_plan import DayPlan, PlannedRound, StaffMember
from screening.drill.outlines import outlines
from screening.drill.register import Found, Tick
from screening.lab.rules.rule_sets import GENERAL
from screening.lab.service import duty, rule_sets
from screening.places import boundaries
from screening.places import queries as places
from screening.places import service as places_service
from screening.places.readers.areas import read_area_file
from screening.places.rules import BUILDING, CITY
from screening.registry.rules import Mode, PoolRule
from screening.registry.service import rounds, schedules, zones
from screening.tube.service import label_runs

FIRST_NUMBER = "E000"  # who sets the city up; nobody signs in as that person
STAYS = timedelta(days=30)  # real time; a demo may be shown again weeks later
ON_DUTY = (Role.LAB_TECHNICIAN, Role.DISTRICT_HEAD, Role.DISPATCHER)
DUTY = timedelta(days=7)
SCHEDULES = (  # name, cohort, every so many days
    ("冷链从业人员每日一检", "cold_chain", 1), ("快递外卖人员两日一检", "delivery", 2),
    ("市场从业人员三日一检", "market", 3),
)  # fmt: skip
BOXES_OF_SITE = 60  # of seals as many again as of boxes, for those that tear


@dataclass
class City:
    """What the database calls the places, people and papers of a plan."""

    plan: DayPlan
    password: str
    areas: dict[str, int] = field(default_factory=dict)  # code12 → area_id
    sites: dict[str, int] = field(default_factory=dict)  # the others by the plan's ref
    labs: dict[str, int] = field(default_factory=dict)
    staff: dict[str, int] = field(default_factory=dict)
    rounds: dict[str, int] = field(default_factory=dict)
    people: Found = field(default_factory=dict)
    rule_id: int = 0
    labels: dict[str, dict[str, tuple[int, int]]] = field(default_factory=dict)  # kind, site
    codes: dict[str, str] = field(default_factory=dict)  # enrol code by site or lab


def load(plan: DayPlan, *, at: datetime, tick: Tick = lambda _: None) -> City:
    """The whole city of the plan, committed; the database must hold no other."""
    city = City(plan, secret_words.spoken(12))
    by = _first(at)
    _places(city, at)
    _staff(city)
    _on_duty(city, by, at)
    db.session.commit()
    rows = register.people_of(plan)
    city.people = register.load_people(rows, by=by, at=at, tick=tick)
    register.exempt_people(rows, city.people, by=by, at=at)
    _zones(city, by)
    _rounds(city, by, at)
    _schedules(city, by, at)
    rule_sets.ensure_defaults(at=at)
    city.rule_id = next(v.rule_id for v in rule_sets.list_in_force(at=at) if v.name == GENERAL.name)
    _labels(city, by, at)
    _codes(city, by)
    db.session.commit()
    return city


# --- steps ------------------------------------------------------------------------------------


def _first(at: datetime) -> Actor:
    """The administrator in whose name all is set up."""
    scope = Scope(Role.ADMINISTRATOR, EVERYWHERE)
    staff_id = accounts.find_or_make_staff(FIRST_NUMBER, "演练准备", grants=[scope])
    return Actor(staff_id, FIRST_NUMBER, (scope,))


def _places(city: City, at: datetime) -> None:
    plan = city.plan
    places_service.import_areas(read_area_file(EXAMPLE.read_bytes()), on=plan.day)
    boundaries.save(outlines(places.TREE.fresh().by_id.values()), None, by=None, at=at)
    city.areas = {code: node.area_id for code, node in places.TREE.fresh().by_code.items()}
    for site in plan.sites:
        city.sites[site.ref] = places_service.add_site(
            site.ref, city.areas[site.community], name=site.name, kind=site.kind,
            tables=site.tables,
        )  # fmt: skip
    for lab in plan.labs:
        city.labs[lab.ref] = places_service.add_lab(
            lab.ref, city.areas[lab.community], name=lab.name, capacity=lab.capacity
        )


def _staff(city: City) -> None:
    """All know one password: it is a demo's, made for this instance and shown on its first page."""
    for person in city.plan.staff:
        scope = Scope(Role(person.role), _place(city, person))
        city.staff[person.ref] = staff_id = accounts.make_staff(
            person.ref, person.name, person.phone, password=city.password, grants=[scope],
            until=clock.real_now() + STAYS if person.until else None,
        )  # fmt: skip
        if person.role == Role.SITE_SUPERVISOR:
            places_service.change_site(city.sites[person.scope], responsible_id=staff_id)
        elif person.role == Role.LAB_REVIEWER:
            places_service.change_lab(city.labs[person.scope], responsible_id=staff_id)
        elif person.role == Role.COMMUNITY_WORKER:
            places_service.set_owner(city.areas[person.scope], staff_id)


def _on_duty(city: City, by: Actor, at: datetime) -> None:
    """Who answers for the alerts: a technician of each laboratory, the district heads, a
    dispatcher for the city."""
    whole = next(n for n in places.TREE.get().by_id.values() if n.level == CITY)
    taken = {(str(Role.DISTRICT_HEAD), home.street) for home in city.plan.communities}
    for person in city.plan.staff:
        role, where = Role(person.role), (person.role, person.scope)
        if role not in ON_DUTY or where in taken:
            continue
        taken.add(where)
        place = _place(city, person)
        if place == EVERYWHERE:
            place = Place("area", whole.area_id, whole.path)
        duty.add(place, person.ref, at - timedelta(hours=1), at + DUTY, by=by, at=at)


def _place(city: City, person: StaffMember) -> Place:
    match person.scope_kind:
        case "area":
            return places.place_of_area(city.areas[person.scope])
        case "site":
            return places.place_of_site(city.sites[person.scope])
        case "lab":
            return places.place_of_lab(city.labs[person.scope])
    return EVERYWHERE


def _zones(city: City, by: Actor) -> None:
    """After the register: its rows made the buildings."""
    for zone in city.plan.zones:
        homes = [city.areas[code] for code in zone.communities]
        areas = _buildings(homes[0], zone.buildings) if zone.buildings else homes
        zones.add_zone(
            zone.name, zone.kind, areas, starts_at=zone.starts_at, ends_at=zone.ends_at, by=by
        )


def _buildings(community: int, names: tuple[str, ...]) -> list[int]:
    rows = fetch(
        "SELECT area_id FROM area WHERE level = %s AND path LIKE %s AND name = ANY(%s) "
        "AND valid_to IS NULL",
        (BUILDING, places.area_path(community) + "%", list(names)),
    )
    return [area_id for (area_id,) in rows]


def _rounds(city: City, by: Actor, at: datetime) -> None:
    """The first round samples from now on. The next waits approved: it shares areas with the
    first, so it is started when that one has stopped (evening.py)."""
    for number, planned in enumerate(city.plan.rounds):
        round_id = rounds.draft(_draft(city, planned), by=by)
        rounds.approve(round_id, by=by)
        if number == 0:
            rounds.start(round_id, at=at)
        city.rounds[planned.ref] = round_id


def _schedules(city: City, by: Actor, at: datetime) -> None:
    """Key groups who are due by themselves, round or no round, in the districts of the plan."""
    areas = sorted({city.areas[home.county] for home in city.plan.communities})
    for name, cohort, every in SCHEDULES:
        given = schedules.Draft(
            name, cohort, schedules.Kind.EVERY, city.plan.day, areas, every=every
        )
        schedules.begin(schedules.draft(given, by=by, at=at), by=by, at=at)


def _draft(city: City, planned: PlannedRound) -> rounds.Draft:
    labs = {site.ref: city.labs[site.lab] for site in city.plan.sites}
    return rounds.Draft(
        name=planned.name,
        kind=planned.kind,
        starts_at=planned.starts_at,
        ends_at=planned.stops_at,
        area_ids=[city.areas[code] for code in planned.communities],
        cohorts=planned.cohorts,
        sites={city.sites[ref]: labs[ref] for ref in planned.sites},
        pool_rules=[
            PoolRule(Mode(r.mode), r.capacity, r.source, zone=r.zone, cohort=r.cohort)
            for r in planned.pool_rules
        ],
    )


def _labels(city: City, by: Actor, at: datetime) -> None:
    for stock in city.plan.labels:
        wanted = {"tube": stock.count, "box": BOXES_OF_SITE, "seal": 2 * BOXES_OF_SITE}
        for kind, count in wanted.items():
            made = label_runs.make_run(kind, count, city.sites[stock.site], by=by.staff_id, at=at)
            city.labels.setdefault(kind, {})[stock.site] = (made.first, made.count)


def _codes(city: City, by: Actor) -> None:
    """One enrol code a site and laboratory; codes live in real time, as long as they may."""
    until = clock.real_now() + timedelta(hours=24)
    for refs, place_of in (
        (city.sites, places.place_of_site),
        (city.labs, places.place_of_lab),
    ):
        for ref, place_id in refs.items():
            city.codes[ref] = accounts.make_enrol_code(by, place_of(place_id), until=until)
