"""The due list of one employer each morning: its people, and that it was handed over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple

from screening.accounts.audit import note
from screening.db import fetch, insert, new_id
from screening.errors import Problem
from screening.places import queries as places
from screening.places.queries import Node
from screening.registry.queries import stores_of
from screening.registry.rules import Word
from screening.reminders.queries import communities_of
from screening.reminders.queries.due import DUE, LATE, DueRow, list_due

HOWS: dict[str, Word] = {
    "paper": Word("纸质名单", "on paper"),
    "file": Word("电子文件", "as a file"),
    "told": Word("电话告知", "by telephone"),
}


class NothingDue(Problem):
    status = 422
    code = "employer_nothing_due"
    zh = "这个单位今天没有要采的人，不用交名单。"
    en = "Nobody of this employer is due today; there is no list to hand over."


class NoSuchWay(Problem):
    status = 422
    code = "employer_no_such_way"
    zh = "请选择怎样交给单位。"
    en = "Choose how it was handed over."


class Handed(NamedTuple):
    """One delivery of an employer's list of a day."""

    area_id: int
    employer: str
    how: str
    persons: int
    made_by: int
    made_at: datetime


def list_employer(node: Node, employer: str, day: date) -> list[tuple[Node, DueRow]]:
    """Everybody of an employer who is listed on a day in the area, overdue first; each with the
    community in which he or she lives. Details stay sealed."""
    where = _where(node, employer, day)
    found = [
        (community, row)
        for community in communities_of(node)
        if community.area_id in where
        for row in list_due(community, day, within=node, employer=employer)
    ]
    order = {LATE: 0, DUE: 1}
    return sorted(found, key=lambda f: (order.get(f[1].state(day), 2), f[1].due_on, f[1].door()))


def _where(node: Node, employer: str, day: date) -> set[int]:
    """The communities in which people of the employer are listed."""
    cells = sorted({cell for cell, _ in stores_of(communities_of(node))})
    rows = fetch(
        "SELECT DISTINCT community_id FROM schedule_tally WHERE day = %s AND employer = %s "
        "AND cell_id = ANY(%s) AND schedule_id > 0 /* fan-out: small rows of one day */",
        (day, employer, cells),
    )
    return {r[0] for r in rows}


def hand_over(node: Node, employer: str, how: str, *, by: int, at: datetime, day: date) -> int:
    """Note that the list was handed to the employer; how many stood on it. Raises NoSuchWay,
    NothingDue."""
    if how not in HOWS:
        raise NoSuchWay()
    waiting = [r for _, r in list_employer(node, employer, day) if r.state(day) in (LATE, DUE)]
    if not waiting:
        raise NothingDue()
    persons = len({(r.cell_id, r.person_id) for r in waiting})
    insert(
        "due_handed",
        ("handed_id", "area_id", "day", "employer", "how", "persons", "made_by", "made_at"),
        [(new_id(), node.area_id, day, employer, how, persons, by, at)],
    )
    note("due_handed", "area", node.area_id, staff_id=by, detail={"how": how, "persons": persons})
    return persons


def list_handed(node: Node, day: date, employers: Iterable[str]) -> dict[str, list[Handed]]:
    """{employer: deliveries of the day by the area itself, those around it and those in it}."""
    rows = fetch(
        "SELECT area_id, employer, how, persons, made_by, made_at FROM due_handed "
        "WHERE day = %s AND employer = ANY(%s) ORDER BY made_at DESC",
        (day, sorted(set(employers))),
    )
    out: dict[str, list[Handed]] = defaultdict(list)
    for row in rows:
        path = places.find_path(row[0]) or "/"
        if path.startswith(node.path) or node.path.startswith(path):
            out[row[1]].append(Handed(*row))
    return out
