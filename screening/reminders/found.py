"""Somebody found at the door: known, or written down with the usual checks."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from screening.accounts import audit
from screening.errors import BadField, Fault, Faults, Problem
from screening.i18n import _
from screening.places.queries import Node
from screening.registry import documents, queries, seals
from screening.registry.documents import BadDocument, DocType, Document
from screening.registry.names import normalise_name
from screening.registry.residence import Residence
from screening.registry.rules import GONE, Flag
from screening.registry.service import persons
from screening.registry.service.persons import Newcomer


class Told(NamedTuple):
    """What was written down at the door, as it was typed."""

    name: str
    doc_type: str
    number: str
    country: str
    birth: str
    phone: str
    building: int | None
    unit: str
    room: str
    cannot_walk: bool
    residence: Residence | None = None


class Found(NamedTuple):
    """Who it is. `known` stood in the register before; `elsewhere` with another home."""

    cell: int
    person_id: int
    known: bool
    elsewhere: bool


def check(told: Told, *, at: datetime) -> Newcomer:
    """Somebody as the register takes him. Raises Faults with everything that is wrong."""
    faults: list[Fault] = []
    document, phone = Document(DocType.NONE, ""), None
    name = normalise_name(told.name)
    if not name:
        faults.append(Fault(BadField(message=_("请填写姓名。")), field="name"))
    try:
        document = documents.normalise(
            told.doc_type or DocType.RESIDENT_ID, told.number, told.country or None, today=at.date()
        )
    except BadDocument as problem:
        faults.append(Fault(problem, field="number"))
    try:
        phone = seals.normalise_phone(told.phone)
    except Problem as problem:
        faults.append(Fault(problem, field="phone"))
    born = _birth(told.birth, at, faults)
    if document.type is DocType.NONE and not faults and not (born and told.room):
        faults.append(
            Fault(BadField(message=_("没有证件的，请填写出生日期和房号。")), field="birth")
        )
    if faults:
        raise Faults(faults)
    mark = "|".join((str(told.building or ""), told.unit, told.room, name, str(born or "")))
    return Newcomer(
        name, document, phone, born.isoformat() if born else None, None, told.unit or None,
        told.room or None, mark, int(Flag.CANNOT_WALK) if told.cannot_walk else 0,
        told.residence,
    )  # fmt: skip


def _birth(text: str, at: datetime, faults: list[Fault]) -> date | None:
    try:
        born = date.fromisoformat(text) if text else None
    except ValueError:
        born = date.max
    if born and born > at.date():
        faults.append(Fault(BadField(message=_("出生日期不对。")), field="birth"))
        return None
    return born


def add(told: Told, community: Node, *, at: datetime, grid: int | None = None) -> Found:
    """Write somebody down where he was found, in this grid if one is named; who is known stays
    where he is registered.

    Raises Faults, NoSuchPlace."""
    newcomer = check(told, at=at)
    before = queries.persons_of_documents([persons.identity_hash(persons.ring(), newcomer)])
    cell, person = persons.register(newcomer, community.area_id, at=at)
    row = queries.persons_by_cell([(cell, person)])[cell, person]
    here = row.community_id == community.area_id and not row.flags & GONE
    if not before or (here and row.building_id is None and told.building):
        persons.settle(cell, person, told.building, told.unit or None, told.room or None, grid)
    audit.note("found_at_door", "person", person, cell=cell, detail={"known": bool(before)})
    return Found(cell, person, bool(before), not here)
