"""The missed as a list that may be taken away: the same rows as the stream of the missed list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from screening.accounts.roles import WATCHERS, Place, Role
from screening.coverage.missed_rules import Wanted
from screening.coverage.queries import coverage_of
from screening.exports.kinds import Column, Listing, Order, register
from screening.reminders import exports
from screening.reminders.due_lists import register_due

OPENERS = (Role.COMMUNITY_WORKER, Role.DISTRICT_HEAD, Role.ADMINISTRATOR)


def _rows(order: Order) -> Iterator[Sequence[Any]]:
    """Phones and rooms are open to who works in the community, or to a file taken open."""

    def full(path: str) -> bool:
        return order.full or order.actor.may([Role.COMMUNITY_WORKER], Place("area", 0, path))

    return exports.rows_of(
        exports.Order(order.node, order.round_id, Wanted(), full, order.lang, order.at)
    )


def _total(order: Order) -> int:
    return coverage_of(order.node.area_id, order.round_id, at=order.at).missed


_COLUMNS = tuple(
    Column(*c)
    for c in zip(exports.FIELDS, exports.HEADINGS["zh"], exports.HEADINGS["en"], strict=True)
)
register(
    Listing("missed", "未检名单", "missed", WATCHERS, _COLUMNS, _rows, _total, persons=True,
            openers=OPENERS)
)  # fmt: skip
register_due()
