"""What the player needs to know of a loaded city: ids, sign-ins, labels, enrolment codes, people."""

from __future__ import annotations

from pathlib import Path

import msgspec

FILE, PEOPLE, TRUTH, STATE = "world.json", "people.jsonl", "truth.json", "player.json"


class Roll(msgspec.Struct, frozen=True):
    """Printed labels lying at a site: serials first .. first + count - 1."""

    first: int
    count: int


class Site(msgspec.Struct, frozen=True, kw_only=True):
    ref: str
    site_id: int
    cell: int
    lab: str  # ref
    code: str  # enrolment code of its devices
    tubes: Roll
    boxes: Roll
    seals: Roll
    area_id: int = 0  # the community where it stands


class Lab(msgspec.Struct, frozen=True, kw_only=True):
    ref: str
    lab_id: int
    cell: int
    code: str  # enrolment code of its reception
    rule_id: int  # the rule set in force under which its plates are made
    instrument: str = "generic"


class Staff(msgspec.Struct, frozen=True, kw_only=True):
    ref: str
    staff_id: int
    number: str  # signs in with this and the world's password
    role: str
    place: str = ""  # ref of the site or laboratory, code12 of the area, empty everywhere


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """One line of people.jsonl; documents are made ones, for those who come without a code."""

    ref: str
    cell: int
    person_id: int
    community: str  # code12
    household: str = ""
    name: str = ""
    phone: str | None = None
    doc_type: str = ""
    doc_number: str = ""
    country: str = ""
    mode: str = "pooled"  # how the round swabs this person: single, household, pooled
    comes: bool = True  # may come to a site: not exempt
    cohort: str = ""  # key group of the register


class World(msgspec.Struct, kw_only=True):
    """world.json beside plan.json; `clock` is the SCREENING_CLOCK of all processes, if any."""

    password: str
    rounds: dict[str, int]  # ref → round_id
    sites: list[Site]
    labs: list[Lab]
    staff: list[Staff]
    areas: dict[str, int] = msgspec.field(default_factory=dict)  # code12 → area_id
    clock: str | None = None

    def site(self, ref: str) -> Site:
        return next(site for site in self.sites if site.ref == ref)

    def lab(self, ref: str) -> Lab:
        return next(lab for lab in self.labs if lab.ref == ref)

    def crew(self, role: str, place: str | None = None) -> list[Staff]:
        """Everybody of a role, of one place if it is given."""
        return [p for p in self.staff if p.role == role and place in (None, p.place)]


def write(folder: Path, world: World, people: list[Person]) -> None:
    encode = msgspec.json.encode
    (folder / FILE).write_bytes(msgspec.json.format(encode(world), indent=1) + b"\n")
    (folder / PEOPLE).write_bytes(b"".join(encode(p) + b"\n" for p in people))


def read(folder: Path) -> tuple[World, list[Person]]:
    world = msgspec.json.decode((folder / FILE).read_bytes(), type=World)
    lines = (folder / PEOPLE).read_bytes().splitlines()
    return world, [msgspec.json.decode(line, type=Person) for line in lines]
