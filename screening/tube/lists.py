"""Tubes as a list that may be taken away: those of an area's sites, a street at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from screening.accounts.roles import WATCHERS, Role
from screening.db import fetch
from screening.exports.kinds import Column, Listing, Order, register
from screening.i18n import dt
from screening.places import queries as places
from screening.places.rules import STREET
from screening.tube import words

_COLUMNS = (
    Column("tube", "管码", "tube"), Column("site", "采样点", "site"),
    Column("stage", "环节", "stage"), Column("mode", "方式", "mode"),
    Column("persons", "人数", "persons"), Column("opened", "开管时间", "opened at"),
    Column("closed", "封管时间", "closed at"), Column("received", "签收时间", "received at"),
    Column("lab", "实验室", "laboratory"), Column("late", "超时", "late"),
    Column("held", "扣留", "held"),
)  # fmt: skip
_OF_CELL = (
    "FROM tube t LEFT JOIN site s ON s.site_id = t.site_id "
    "LEFT JOIN area a ON a.area_id = s.area_id "
    "WHERE t.cell_id = %s AND t.round_id = %s AND (a.path LIKE %s OR (%s AND t.site_id IS NULL))"
)


def _cells(order: Order) -> list[int]:
    return [order.node.cell_id] if order.node.cell_id else places.cells_under(order.node.path)


def _asked(order: Order, cell: int) -> tuple[Any, ...]:
    return cell, order.round_id, order.node.path + "%", order.node.level <= STREET


def _rows(order: Order) -> Iterator[Sequence[Any]]:
    labs = dict(fetch("SELECT lab_id, name FROM lab"))
    for cell in _cells(order):
        for barcode, site, stage, mode, n, opened, closed, received, lab, due, holds in fetch(
            "SELECT t.barcode, s.name, t.stage, t.mode, t.members, t.opened_at, t.closed_at, "
            f"t.received_at, t.lab_id, t.due_at, t.holds {_OF_CELL} ORDER BY t.opened_at, t.barcode",
            _asked(order, cell),
        ):
            yes = "yes" if order.lang == "en" else "是"
            modes = words.MODES.get(mode, ("", ""))
            yield (
                barcode, site or "", words.stage(stage, order.lang), modes[order.lang == "en"], n,
                *(dt(t) if t else "" for t in (opened, closed, received)), labs.get(lab, ""),
                yes if due and due < order.at else "", yes if holds else "",
            )  # fmt: skip


def _total(order: Order) -> int:
    counted = [fetch(f"SELECT count(*) {_OF_CELL}", _asked(order, c))[0][0] for c in _cells(order)]
    return sum(counted)


register(Listing("tubes", "试管", "tubes", (*WATCHERS, Role.AUDITOR), _COLUMNS, _rows, _total))
