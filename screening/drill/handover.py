"""What a loaded city leaves for others: the player's world, the sign-in page's accounts."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from screening.accounts.roles import Role
from screening.drill import register, world
from screening.drill.day_plan import DayPlan, StaffMember, to_json
from screening.drill.load import City
from screening.drill.world import Roll, World
from screening.places import queries as places


def sign_ins(city: City) -> list[dict[str, str]]:
    """One sign-in a role, as the sign-in page lists them; those who answer for areas are the ones
    of the day's positive pool, on each level."""
    story, chosen = _story(city.plan), list[StaffMember]()
    for role in Role:
        crew = [p for p in city.plan.staff if p.role == role]
        chosen += [p for p in crew if p.scope in story] or crew[:1]
    return [
        {"role": p.role, "place": _name(city, p), "number": p.ref, "password": city.password}
        for p in chosen
    ]


def _story(plan: DayPlan) -> set[str]:
    """Codes of the community, street and district where the positive pool is swabbed."""
    where = next((f.where for f in plan.faults if f.kind == "positive_pool"), plan.sites[0].ref)
    stands = next(s.community for s in plan.sites if s.ref == where)
    home = next((c for c in plan.communities if c.code12 == stands), None)
    return {home.county, home.street, home.code12} if home else set()


def _name(city: City, person: StaffMember) -> str:
    node = places.find_area(city.areas.get(person.scope, 0))
    return node.name if node else ""


def world_of(city: City) -> World:
    plan, roll = city.plan, city.labels
    return World(
        password=city.password,
        rounds=city.rounds,
        sites=[
            world.Site(
                ref=site.ref, site_id=city.sites[site.ref], cell=_cell(city, site.community),
                lab=site.lab, code=city.codes[site.ref], area_id=city.areas[site.community],
                tubes=Roll(*roll["tube"][site.ref]), boxes=Roll(*roll["box"][site.ref]),
                seals=Roll(*roll["seal"][site.ref]),
            )
            for site in plan.sites
        ],
        labs=[
            world.Lab(
                ref=lab.ref, lab_id=city.labs[lab.ref], cell=_cell(city, lab.community),
                code=city.codes[lab.ref], rule_id=city.rule_id, instrument=lab.instrument,
            )
            for lab in plan.labs
        ],
        staff=[
            world.Staff(
                ref=one.ref, staff_id=city.staff[one.ref], number=one.ref, role=one.role,
                place=one.scope,
            )
            for one in plan.staff
        ],
        areas={code: city.areas[code] for code in _codes_of(plan)},
    )  # fmt: skip


def _cell(city: City, code: str) -> int:
    return places.community_cell(city.areas[code])


def _codes_of(plan: DayPlan) -> set[str]:
    return {code for home in plan.communities for code in (home.code12, home.street, home.county)}


def persons_of(city: City) -> list[world.Person]:
    return [
        world.Person(
            ref=row.ref, cell=city.people[row.ref][0], person_id=city.people[row.ref][1],
            community=row.community, household=row.household, name=row.name, phone=row.phone,
            doc_type=row.doc_type, doc_number=row.doc_number, country=row.country,
        )
        for row in register.people_of(city.plan)
    ]  # fmt: skip


def keep(city: City, folder: Path) -> None:
    """Write what the player, the sign-in page and the next start read; world.json comes last:
    where it is, the city is whole."""
    (folder / "plan.json").write_bytes(to_json(city.plan))
    (folder / "demo-signins.json").write_bytes(msgspec.json.encode(sign_ins(city)))
    with TemporaryDirectory(dir=folder) as fresh:
        world.write(Path(fresh), world_of(city), persons_of(city))
        for name in (world.PEOPLE, world.FILE):
            (Path(fresh) / name).replace(folder / name)
