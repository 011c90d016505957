"""Released results as a list that may be taken away: the people of an area, by community."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from screening.accounts.roles import Role
from screening.db import fetch
from screening.exports.kinds import Column, Listing, Order, register
from screening.i18n import dt
from screening.lab.rules.well_rules import Outcome
from screening.places import queries as places
from screening.places.queries import Node
from screening.places.rules import COMMUNITY
from screening.registry import seals
from screening.registry.lists import OPENERS, shown, stores_in
from screening.registry.service.persons import ring
from screening.tube.rules import NOT_IN_TUBE

_COLUMNS = (
    Column("community", "社区", "community"), Column("unit", "单元", "unit"),
    Column("room", "房号", "room"), Column("name", "姓名", "name"),
    Column("document", "证件号码", "document"), Column("phone", "电话", "phone"),
    Column("tube", "管码", "tube"), Column("taken", "采样时间", "taken at"),
    Column("outcome", "结果", "result"), Column("released", "发布时间", "released at"),
    Column("person", "编号", "id"),
)  # fmt: skip
# a pool's signal is not a person's result: who lay in it is to be sampled again
SAID = {
    Outcome.NEGATIVE: ("阴性", "negative"),
    Outcome.POSITIVE: ("初筛阳性，待复核", "first signal, to be re-sampled"),
    Outcome.INCONCLUSIVE: ("可疑，待复核", "inconclusive, to be re-sampled"),
    Outcome.INVALID: ("无效，需重采", "invalid, to be swabbed again"),
}
READERS = (Role.COMMUNITY_WORKER, Role.DISTRICT_HEAD, Role.ADMINISTRATOR)


def _swabs(order: Order, community: Node, cell: int) -> list[tuple]:
    return fetch(
        "SELECT specimen_id, person_id, tube_cell, barcode, at FROM specimen WHERE cell_id = %s "
        "AND round_id = %s AND community_id = %s AND void <> ALL(%s) ORDER BY person_id, at",
        (cell, order.round_id, community.area_id, [int(v) for v in NOT_IN_TUBE]),
    )


def _results(order: Order, swabs: Sequence[tuple]) -> dict[str, tuple[int, Any, frozenset[int]]]:
    """{tube: (outcome, released at, swabs it speaks of)}, the newest version of each."""
    cells: dict[int, set[str]] = defaultdict(set)
    for _specimen, _person, cell, barcode, _at in swabs:
        cells[cell].add(barcode)
    out = {}
    for cell, barcodes in sorted(cells.items()):
        for barcode, outcome, at, members in fetch(
            "SELECT DISTINCT ON (barcode) barcode, outcome, released_at, members FROM result "
            "WHERE cell_id = %s AND round_id = %s AND barcode = ANY(%s) "
            "ORDER BY barcode, version DESC",
            (cell, order.round_id, sorted(barcodes)),
        ):
            out[barcode] = (outcome, at, frozenset(members))
    return out


def _rows(order: Order) -> Iterator[Sequence[Any]]:
    for community, cell in stores_in(order.node):
        swabs = _swabs(order, community, cell)
        results = _results(order, swabs)
        told = [s for s in swabs if s[3] in results and s[0] in results[s[3]][2]]
        people = {
            r[0]: r[1:]
            for r in fetch(
                "SELECT person_id, sealed, doc_type, grid_id, building_id FROM person WHERE cell_id = %s "
                "AND person_id = ANY(%s)",
                (cell, sorted({s[1] for s in told})),
            )
        }
        for _specimen, person, _cell, barcode, at in told:
            if person not in people:
                continue
            sealed, kind, *doors = people[person]
            if order.node.level > COMMUNITY and not _inside(order.node, doors):
                continue
            unit, room, name, document, phone = shown(
                seals.open_person(ring(), sealed), kind, order.full
            )
            outcome, released, _members = results[barcode]
            said = SAID[Outcome(outcome)][order.lang == "en"]
            yield (
                community.name, unit, room, name, document, phone, barcode, dt(at), said,
                dt(released), f"{cell}-{person}",
            )  # fmt: skip


def _inside(node: Node, doors: Sequence[int | None]) -> bool:
    """Whether one of a person's grid and building lies within a grid or building."""
    found = (places.find_area(i) for i in doors if i)
    return any(n.path.startswith(node.path) for n in found if n is not None)


def _total(order: Order) -> int:
    """Swabs of the area: at most so many have a result."""
    return sum(
        fetch(
            "SELECT count(*) FROM specimen WHERE cell_id = %s AND round_id = %s "
            "AND community_id = %s AND void <> ALL(%s)",
            (cell, order.round_id, n.area_id, [int(v) for v in NOT_IN_TUBE]),
        )[0][0]
        for n, cell in stores_in(order.node)
    )


register(
    Listing("results", "检测结果", "results", READERS, _COLUMNS, _rows, _total, persons=True,
            openers=OPENERS)
)  # fmt: skip
