"""The missed list as a file: read in one snapshot, community by community, memory flat.

The audit row is written and committed before the first line leaves; then the body reads on its own
read-only REPEATABLE READ connection until it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from flask import Flask

from screening.coverage.missed_rules import WHYS, Wanted
from screening.exports import files
from screening.exports.kinds import MARK
from screening.exports.rules import FORMATS as FORMATS
from screening.i18n import dt
from screening.places import queries as places
from screening.places.queries import Node
from screening.registry import seals
from screening.reminders import rules
from screening.reminders.queries import (
    Opened,
    communities_of,
    innermost,
    open_these,
    pick_missed,
)

FIELDS = (
    "community", "building", "unit", "room", "name", "phone", "state", "why", "due_at", "until",
    "person",
)  # fmt: skip
HEADINGS = {
    "zh": ("社区", "楼栋", "单元", "房号", "姓名", "电话", "状态", "重采原因", "重采时限", "约定到",
           "编号"),
    "en": ("community", "building", "unit", "room", "name", "phone", "state", "why again",
           "new swab due", "until", "id"),
}  # fmt: skip


class Order(NamedTuple):
    """What is exported. `full(community path)`: whether phones and rooms are shown as they are."""

    node: Node
    round_id: int
    wanted: Wanted
    full: Callable[[str], bool]
    lang: str
    at: datetime
    mark: str = ""  # who takes it and when, on every line


def rows_of(order: Order) -> Iterator[Sequence[Any]]:
    """One row of FIELDS a person; only one community is held at a time."""
    words = {s: (w.en if order.lang == "en" else w.zh) for s, w in rules.STATES.items()}
    for community in communities_of(order.node):
        full = order.full(innermost(order.node, community).path)
        found = pick_missed(community, order.round_id, order.wanted, at=order.at, within=order.node)
        for p in open_these(community, order.round_id, found, at=order.at):
            yield row_of(p, community, full, words, order.lang)


def row_of(
    p: Opened, community: Node, full: bool, words: dict[rules.State, str], lang: str
) -> Sequence[Any]:
    d = p.details
    building = places.find_area(p.missed.building_id) if p.missed.building_id else None
    return (
        community.name,
        building.name if building else "",
        (d.unit or "") if full else "",
        (d.room or "") if full else "",
        rules.mask_name(d.name),
        (d.phone or "") if full else seals.mask_phone(d.phone),
        words[rules.State(p.missed.state)],
        getattr(WHYS[p.again.why], lang) if p.again else "",
        dt(p.again.due_at) if p.again else "",
        dt(p.until) if p.until else "",
        f"{p.cell_id}-{p.person_id}",
    )


def marked(order: Order) -> tuple[list[str], list[str], Iterator[Sequence[Any]]]:
    """Fields, heads and rows; with a mark every line says who took it."""
    fields, heads = list(FIELDS), list(HEADINGS[order.lang])
    if not order.mark:
        return fields, heads, rows_of(order)
    last = (MARK.key, MARK.en if order.lang == "en" else MARK.zh)
    return [*fields, last[0]], [*heads, last[1]], ((*r, order.mark) for r in rows_of(order))


def stream(app: Flask, order: Order, form: str, folder: Path) -> files.Snapshot:
    """The body of a response in one of FORMATS."""
    return files.Snapshot(app, lambda: files.write(form, *marked(order), folder, order.mark))
