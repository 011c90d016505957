"""Coverage as a list that may be taken away: the area, and every area below it down to communities."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from screening.accounts.roles import WATCHERS, Role
from screening.coverage.queries import coverage_of
from screening.coverage.rules import REASONS, RESIDENCE_PARTS
from screening.exports.kinds import Column, Listing, Order, register
from screening.i18n import dt
from screening.places import queries as places
from screening.places.queries import Node
from screening.places.rules import COMMUNITY

_NUMBERS = (
    Column("register", "底数", "register"),
    *(Column(p, zh, en) for p, zh, en in RESIDENCE_PARTS), Column("exempt", "豁免", "exempt"),
    Column("due", "应检", "due"), Column("reached", "已检", "reached"),
    Column("missed", "未检", "missed"), *(Column(p, zh, en) for p, zh, en in REASONS),
    Column("delivered", "已送达", "delivered"), Column("tested", "已检出", "tested"),
    Column("resulted", "已出", "resulted"), Column("added", "开始后新增", "added later"),
)  # fmt: skip


def _nodes(order: Order) -> list[Node]:
    found = [
        n for n in places.TREE.get().by_id.values()
        if n.path.startswith(order.node.path) and (n.level <= COMMUNITY or n is order.node)
    ]  # fmt: skip
    return sorted(found, key=lambda n: n.path)


def _rows(order: Order) -> Iterator[Sequence[Any]]:
    for node in _nodes(order):
        r = coverage_of(node.area_id, order.round_id, at=order.at)
        numbers = [getattr(r, c.key) for c in _NUMBERS]
        yield (node.code, node.name, *numbers, dt(r.as_of) if r.as_of else "")


register(
    Listing(
        "coverage", "覆盖情况", "coverage", (*WATCHERS, Role.AUDITOR),
        (Column("code", "代码", "code"), Column("area", "辖区", "area"), *_NUMBERS,
         Column("as_of", "统计时间", "as of")),
        _rows, lambda order: len(_nodes(order)),
    )
)  # fmt: skip
