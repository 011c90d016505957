"""A small town for the player: three sites, one laboratory, 120 people; the doors of the test app."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from screening import clock
from screening.accounts.roles import Role
from screening.accounts.service import make_enrol_code
from screening.db import db, insert, new_id
from screening.drill.day import Day
from screening.drill.day_plan import (
    DayPlan,
    Fault,
    LabelStock,
    PlannedDevice,
    PlannedLab,
    PlannedRound,
    PlannedSite,
    Trip,
)
from screening.drill.door import Reply, bearer, checked
from screening.drill.scenery import at_hour
from screening.drill.world import Lab, Person, Roll, Site, Staff, World
from screening.lab.service import rule_sets
from screening.tube.codes import Kind, make_code
from tests import make, world

DAY = date(2026, 11, 22)
PASSWORD = "drill-pass-2026-word"
REFS = ("S01", "S02", "S03")
PEOPLE_OF_SITE = 40
TUBES = 60
LEAVES = (7, 7.5, 9)


CLOCK = {"D-S02-2": 20 * 60}  # seconds ahead


def fault(ref: str, kind: str, hour: float, where: str, **detail: Any) -> Fault:
    return Fault(ref=ref, kind=kind, at=at_hour(DAY, hour), where=where, detail=detail, shows=())


def back_at(hour: float) -> str:
    return at_hour(DAY, hour).isoformat()


ALL_FAULTS = (
    fault("F1", "lost_tube", 7, "T-S01-01", nth_tube_of_box=1),
    fault("F2", "late_box", 7.5, "T-S02-02", minutes_late=300),
    fault("F3", "wrong_count", 7, "T-S03-01", counted_minus_scanned=1),
    fault("F4", "double_swab", 7, "S02", person="p000", second_at=back_at(8)),
    fault("F5", "dead_phone", 6.8, "D-S03-1", sends_again_at=back_at(15)),
    fault("F6", "positive_pool", 6, "S01", table=2, nth_full_tube=1, positive_seat=3),
    fault("F7", "tube_at_two_sites", 6.6, "S02", serial=2, other_site="S03", other_table=2),
    fault("F8", "unknown_tube", 7.5, "T-S01-02", serial=TUBES - 1),
    fault("F9", "wrong_clock", 6, "D-S02-2", seconds_ahead=20 * 60),
)


class TestDoor:
    """The player's door into Flask's test client."""

    __test__ = False

    def __init__(self, client: Any) -> None:
        self.client = client

    def post(self, path: str, *, json: Any = None, data: bytes | None = None,
             file: tuple[str, bytes] | None = None, form: dict[str, Any] | None = None,
             token: str | None = None) -> Reply:  # fmt: skip
        more: dict[str, Any] = {}
        if json is not None:
            more["json"] = json
        if data is not None:
            more |= {"data": data, "content_type": "application/x-ndjson"}
        if file is not None:
            more["data"] = {**(form or {}), "file": (io.BytesIO(file[1]), file[0])}
        r = self.client.post(path, headers=bearer(token), **more)
        return checked(path, r.status_code, r.get_json(silent=True))

    def get(self, path: str, *, token: str | None = None) -> Reply:
        r = self.client.get(path, headers=bearer(token))
        return checked(path, r.status_code, r.get_json(silent=True))


def set_time(at: datetime) -> None:
    """Stop the domain clock at this moment."""
    clock.configure(f"{at.isoformat()}/{clock.real_now().isoformat()}/0")


def town(client: Any, faults: tuple[Fault, ...] = ()) -> Day:
    """Everything a loader would have made, and a player who has not begun."""
    set_time(at_hour(DAY, 5.5))
    county = make.area("county")
    homes = [make.area("community", make.area("street", county)) for _ in REFS]
    sites = [make.site(home) for home in homes]
    lab = make.lab(homes[0])
    people = [
        Person(ref=f"p{n:03d}", cell=cell, person_id=person_id, community=home.code)
        for n, ((cell, person_id, _), home) in enumerate(
            (row, home) for home in homes for row in world.people(home, PEOPLE_OF_SITE)
        )
    ]
    set_time(at_hour(DAY, 6.5))  # the round began an hour before
    round_id = world.start_round([county])
    set_time(at_hour(DAY, 5.9))
    rule_sets.ensure_defaults(at=clock.now())
    rules = {v.name: v.rule_id for v in rule_sets.list_versions()}
    admin = make.staff(Role.ADMINISTRATOR)
    places: list[Any] = [*sites, lab]
    code = {
        place.code: make_enrol_code(
            _actor(admin), place.place, until=clock.real_now() + timedelta(hours=1)
        )
        for place in places
    }
    rolls = {s.site_id: _labels(s) for s in sites}
    db.session.commit()
    staff = _staff(sites, lab, [county, *homes])
    known = World(
        password=PASSWORD,
        rounds={"R1": round_id},
        sites=[
            Site(ref=ref, site_id=s.site_id, cell=s.cell_id, lab="L1", code=code[s.code],
                 area_id=s.area.area_id, **rolls[s.site_id])
            for ref, s in zip(REFS, sites, strict=True)
        ],
        labs=[Lab(ref="L1", lab_id=lab.lab_id, cell=lab.cell_id, code=code[lab.code],
                  rule_id=rules["general-ct40"])],
        staff=staff,
        areas={a.code: a.area_id for a in (county, *homes)},
    )  # fmt: skip
    plan = _plan([h.code for h in homes], county.code, CLOCK if faults else {})
    plan = replace(plan, faults=faults)
    return Day(TestDoor(client), plan, known, people)


def _actor(who: make.MadeStaff) -> Any:
    from screening.accounts.queries import actor_of

    return actor_of(who.staff_id)


def _labels(site: make.MadeSite) -> dict[str, Roll]:
    out = {}
    for kind in ("tube", "box", "seal"):
        first, run_id = make.number() * 1000, new_id()
        insert(
            "label_run",
            ("run_id", "kind", "first", "count", "site_id", "made_at", "practice"),
            [(run_id, kind, first, TUBES, site.site_id, clock.now(), False)],
        )
        if kind == "tube":
            numbers = [(make_code(Kind.TUBE, first + i), run_id, 0) for i in range(TUBES)]
            insert("tube_key", ("barcode", "run_id", "state"), numbers)
        out[{"tube": "tubes", "box": "boxes", "seal": "seals"}[kind]] = Roll(first, TUBES)
    return out


def _staff(sites: list[Any], lab: Any, areas: list[Any]) -> list[Staff]:
    out = []

    def hire(role: Role, at: Any, place: str, password: str | None = None, ref: str = "") -> None:
        made = make.staff(role, at, password=password)
        out.append(Staff(ref=ref or made.staff_no, staff_id=made.staff_id, number=made.staff_no,
                         role=str(role), place=place))  # fmt: skip

    for ref, site in zip(REFS, sites, strict=True):
        hire(Role.SAMPLER, site, ref)
        hire(Role.PACKER, site, ref)
    hire(Role.COURIER, None, "", ref="C")
    hire(Role.LAB_TECHNICIAN, lab, "L1", PASSWORD)
    hire(Role.LAB_REVIEWER, lab, "L1", PASSWORD)
    hire(Role.DISTRICT_HEAD, areas[0], areas[0].code, PASSWORD)
    for home in areas[1:]:
        hire(Role.COMMUNITY_WORKER, home, home.code, PASSWORD)
    return out


def _plan(homes: list[str], county: str, ahead: dict[str, int]) -> DayPlan:
    opens, closes = at_hour(DAY, 6), at_hour(DAY, 12)
    sites = tuple(
        PlannedSite(ref=ref, name=ref, kind="community", community=home, catchment=(home,),
                    tables=2, opens_at=opens, closes_at=closes, lab="L1")
        for ref, home in zip(REFS, homes, strict=True)
    )  # fmt: skip
    devices = [
        PlannedDevice(ref=f"D-{ref}-{n}", kind="table", place=ref, table=n,
                      clock_offset=ahead.get(f"D-{ref}-{n}", 0))
        for ref in REFS for n in (1, 2)
    ]  # fmt: skip
    devices += [PlannedDevice(ref=f"D-{ref}-P", kind="packing", place=ref) for ref in REFS]
    devices.append(PlannedDevice(ref="D-L1", kind="reception", place="L1"))
    trips = tuple(
        Trip(ref=f"T-{ref}-{turn:02d}", courier="C", site=ref, lab="L1",
             leaves_at=at_hour(DAY, hour), arrives_at=at_hour(DAY, hour + 0.5))
        for ref in REFS for turn, hour in enumerate(LEAVES, 1)
    )  # fmt: skip
    mass = PlannedRound(
        ref="R1", name="R1", kind="mass", communities=tuple(homes), sites=REFS, starts_at=opens,
        stops_at=closes, due_at=at_hour(DAY, 30), pool_rules=(),
    )  # fmt: skip
    return DayPlan(
        seed=7, day=DAY, city=county, per_community=PEOPLE_OF_SITE, communities=(), zones=(),
        rounds=(mass,), sites=sites,
        labs=(PlannedLab(ref="L1", name="L1", community=homes[0], capacity=1000,
                         instrument="generic", wells=96),),
        staff=(), devices=tuple(devices),
        labels=tuple(LabelStock(site=ref, first=0, count=TUBES) for ref in REFS), trips=trips,
        turnout={"comes": 0.95}, faults=(),
    )  # fmt: skip
