"""The register as a list that may be taken away: the people of an area, a community at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from screening.accounts.roles import Role
from screening.db import by_cell, fetch
from screening.exports.kinds import Column, Listing, Order, register
from screening.places import queries as places
from screening.places.queries import Node
from screening.places.rules import COMMUNITY
from screening.registry import seals
from screening.registry.documents import mask
from screening.registry.names import mask_name
from screening.registry.queries import stores_of
from screening.registry.residence import RESIDENCES, Residence
from screening.registry.rules import COHORTS, GONE, Word
from screening.registry.service.persons import ring

_COLUMNS = (
    Column("community", "社区", "community"), Column("building", "楼栋", "building"),
    Column("unit", "单元", "unit"), Column("room", "房号", "room"), Column("name", "姓名", "name"),
    Column("document", "证件号码", "document"), Column("phone", "电话", "phone"),
    Column("birth_year", "出生年", "birth year"), Column("group", "行业", "industry"),
    Column("employer", "单位", "employer"),
    Column("residence", "人口类别", "residence"), Column("person", "编号", "id"),
)  # fmt: skip
READERS = (Role.COMMUNITY_WORKER, Role.DISTRICT_HEAD, Role.ADMINISTRATOR)
OPENERS = (Role.DISTRICT_HEAD, Role.ADMINISTRATOR)


def communities_of(node: Node) -> list[Node]:
    """The communities of an area, in code order; the one around a grid or building."""
    if node.level > COMMUNITY:
        return [n for n in places.line_above(node) if n.level == COMMUNITY]
    found = [
        n for n in places.TREE.get().by_id.values()
        if n.level == COMMUNITY and n.path.startswith(node.path)
    ]  # fmt: skip
    return sorted(found, key=lambda n: n.code)


def stores_in(node: Node) -> list[tuple[Node, int]]:
    """(community, cell): where the people of each community are stored, in code order."""
    return [(n, cell) for n in communities_of(node) for cell, _ in stores_of([n])]


def shown(details: seals.Details, doc_type: int, full: bool) -> tuple[str, str, str, str, str]:
    """(unit, room, name, document, phone) as they are, or as a screen shows them."""
    document = seals.document_of(doc_type, details)
    if full:
        return (details.unit or "", details.room or "", details.name, details.number,
                details.phone or "")  # fmt: skip
    return "", "", mask_name(details.name), mask(document), seals.mask_phone(details.phone)


def _said(word: Word | None, lang: str) -> str:
    return (word.en if lang == "en" else word.zh) if word else ""


def _rows(order: Order) -> Iterator[Sequence[Any]]:
    for community, cell in stores_in(order.node):
        for person, sealed, kind, building, year, group, employer, lives in fetch(
            "SELECT person_id, sealed, doc_type, building_id, birth_year, key_group, employer, "
            "residence FROM person WHERE cell_id = %s AND community_id = %s AND left_at IS NULL "
            "AND flags & %s = 0 ORDER BY building_id, household_id, person_id",
            (cell, community.area_id, int(GONE)),
        ):
            place = places.find_area(building) if building else None
            if order.node.level > COMMUNITY and not (
                place and place.path.startswith(order.node.path)
            ):
                continue
            unit, room, name, document, phone = shown(
                seals.open_person(ring(), sealed), kind, order.full
            )
            word = COHORTS.get(group or "")
            said = _said(word, order.lang)
            stays = _said(RESIDENCES.get(Residence(lives)) if lives else None, order.lang)
            yield (
                community.name, place.name if place else "", unit, room, name, document, phone,
                year or "", said, employer or "", stays, f"{cell}-{person}",
            )  # fmt: skip


def _total(order: Order) -> int:
    pairs = sorted((cell, n.area_id) for n, cell in stores_in(order.node))
    return sum(
        fetch(
            "SELECT count(*) FROM person WHERE cell_id = %s AND community_id = ANY(%s) "
            "AND left_at IS NULL AND flags & %s = 0",
            (cell, [c for _, c in group], int(GONE)),
        )[0][0]
        for cell, group in by_cell(pairs)
    )


register(
    Listing("persons", "底册人员", "persons of the register", READERS, _COLUMNS, _rows, _total,
            persons=True, openers=OPENERS)
)  # fmt: skip
