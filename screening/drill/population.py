"""Made residents of real communities: the same people from the same seed, none of them real."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from screening.drill import families, traits
from screening.drill.city import AreaRow
from screening.drill.dwellings import DORMITORY_ROOM, Building, Grid, grids
from screening.drill.families import Member
from screening.drill.identity import Identity, identity, newborn, resident
from screening.drill.papers import Papers

DAY = date(2026, 11, 22)  # the default day on which ages and exemptions are right
EMPTY_ROOM = 0.12
NO_PHONE, NO_PHONE_ELDER, ONE_PHONE = 0.03, 0.35, 0.25  # shares of households


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One line of a register; document numbers stand as a clerk wrote them down."""

    ref: str
    name: str
    doc_type: str
    doc_number: str
    country: str  # ISO 3166 alpha-3
    phone: str | None
    birth: date
    sex: str  # M or F
    community: str  # code12
    grid: str
    building: str
    unit: str
    room: str
    household: str
    guardian: str | None = None  # ref of the guardian of a newborn without a document
    guardian_doc: str | None = None
    key_group: str | None = None
    employer: str | None = None
    immobile: bool = False
    rental: bool = False
    dormitory: bool = False
    exempt_code: str | None = None
    exempt_until: date | None = None
    residence: str | None = None


@dataclass(frozen=True, slots=True)
class Home:
    """A room and who lives in it together; members of a dormitory room are strangers."""

    community: str
    grid: str
    building: str
    unit: str
    room: str
    members: tuple[Member, ...]
    rental: bool = False
    dormitory: bool = False


def make_people(
    communities: Sequence[AreaRow], per_community: int = 2000, seed: int = 7, *, day: date = DAY
) -> Iterator[PersonRow]:
    """Exactly `per_community` residents of each community; ages and exemptions hold on `day`."""
    papers = Papers()
    number = 0
    for community in communities:
        rng = Random(f"people {seed} {community.code12}")
        for grid in grids(community, per_community, seed):
            for home in settle(rng, grid, day):
                yield from residents(rng, home, papers, number, day)
                number += len(home.members)


def settle(rng: Random, grid: Grid, day: date) -> Iterator[Home]:
    """Fill the grid's rooms with its people; some rooms stay empty, nobody is left over."""
    houses = [house for house in grid.buildings if not house.beds]
    people = grid.people - sum(house.beds for house in grid.buildings)
    yield from fill_flats(rng, grid.community, houses, people, day)
    for house in grid.buildings:
        if house.beds:
            yield from fill_dormitory(rng, grid.community, house, day)


def fill_flats(
    rng: Random, community: str, houses: Sequence[Building], people: int, day: date
) -> Iterator[Home]:
    rooms = [(house, unit, room) for house in houses for unit, room in house.rooms()]
    for index, (house, unit, room) in enumerate(rooms):
        after = len(rooms) - index - 1
        if people == 0:
            return
        if rng.random() < EMPTY_ROOM and people <= 2 * after:
            continue
        at_least = max(1, people - families.LARGEST * after)
        home = families.draw_household(rng, day, at_least, min(people, families.LARGEST))
        people -= len(home.members)
        yield Home(community, house.grid, house.name, unit, room, home.members, home.rented)


def fill_dormitory(rng: Random, community: str, house: Building, day: date) -> Iterator[Home]:
    """Rooms of four to eight strangers of one sex and one employer."""
    fewest, most = DORMITORY_ROOM
    people = house.beds
    for unit, room in house.rooms():
        if people == 0:
            return
        size = people if people <= most else min(rng.randint(fewest, most), people - fewest)
        people -= size
        sex = rng.choice("MMF")
        members = tuple(families.adult(rng, day, sex, 18, 55) for _ in range(size))
        yield Home(community, house.grid, house.name, unit, room, members, dormitory=True)


def residents(
    rng: Random, home: Home, papers: Papers, first: int, day: date
) -> Iterator[PersonRow]:
    """The rows of one room; `first` is the number of its first person."""
    phones = draw_phones(rng, home, papers)
    employer = traits.dormitory_employer(rng) if home.dormitory else None
    papers_of = identities(rng, home, papers, day)
    guardian = guardian_of(home)
    for index, (member, who) in enumerate(zip(home.members, papers_of, strict=True)):
        age = traits.years(member.birth, day)
        guarded = guardian is not None and member.role == "newborn"
        group, works_at = employer or traits.key_group(rng, age)
        exempt = traits.exemption(rng, member, day)
        yield PersonRow(
            ref=f"p{first + index:06d}",
            name=who.name,
            doc_type=who.doc_type,
            doc_number=who.number,
            country=who.country,
            phone=phones[index],
            birth=member.birth,
            sex=member.sex,
            community=home.community,
            grid=home.grid,
            building=home.building,
            unit=home.unit,
            room=home.room,
            household=f"h{first + (index if home.dormitory else 0):06d}",
            guardian=f"p{first + (guardian or 0):06d}" if guarded else None,
            guardian_doc=papers_of[guardian or 0].number if guarded else None,
            key_group=group,
            employer=works_at,
            immobile=traits.immobile(rng, age),
            rental=home.rental,
            dormitory=home.dormitory,
            exempt_code=exempt.code if exempt else None,
            exempt_until=exempt.until if exempt else None,
            residence=traits.residence(who.number, rented=home.rental, shared=home.dormitory),
        )


def identities(rng: Random, home: Home, papers: Papers, day: date) -> list[Identity]:
    """The document of each member; where there is a newborn, its guardian has a resident card."""
    guardian = guardian_of(home)
    made: list[Identity] = []
    newborns = 0
    for index, member in enumerate(home.members):
        age = traits.years(member.birth, day)
        if index == guardian:
            made.append(resident(rng, member, papers, home.community, age))
        elif member.role == "newborn" and guardian is not None:
            newborns += 1
            made.append(newborn(member, made[guardian].number, newborns))
        else:
            made.append(identity(rng, member, papers, home.community, age))
    return made


def guardian_of(home: Home) -> int | None:
    """The place of the newborn's mother in its household, else of its first adult; None: no newborn.

    Parents stand before their children in the list.
    """
    if all(member.role != "newborn" for member in home.members):
        return None
    adults = [i for i, member in enumerate(home.members) if member.role == "adult"]
    mothers = [i for i in adults if home.members[i].sex == "F"]
    return (mothers or adults)[0]


def draw_phones(rng: Random, home: Home, papers: Papers) -> list[str | None]:
    """One number a member: none, one for all, or children and some elders on an adult's."""
    if home.dormitory:
        return [papers.phone(rng) for _ in home.members]
    elders_only = all(member.role == "elder" for member in home.members)
    if rng.random() < (NO_PHONE_ELDER if elders_only else NO_PHONE):
        return [None] * len(home.members)
    shared = papers.phone(rng)
    if rng.random() < ONE_PHONE:
        return [shared] * len(home.members)
    own = [m.role == "adult" or (m.role == "elder" and rng.random() < 0.6) for m in home.members]
    return [papers.phone(rng) if i and mine else shared for i, mine in enumerate(own)]
