"""What every change of the tree stands on: one at a time, dated rows, small ids, copies told."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from datetime import date

from screening.db import fetch, insert, run
from screening.errors import Conflict, Problem
from screening.places import queries
from screening.places.queries import TREE, Node, NoSuchPlace
from screening.places.rules import STREET

AREA_COLUMNS = (
    "area_id", "code", "name", "level", "parent_id", "path", "cell_id", "valid_from", "valid_to",
)  # fmt: skip
TREE_LOCK = 720_261_122  # advisory lock: one change of the tree at a time


class BadArea(Problem):
    status = 422
    code = "bad_area"
    zh = "这个区划不能放在这里。"
    en = "This area cannot stand here."


class AreaCode(BadArea):
    code = "bad_area_code"
    zh = "区划代码应为 12 位数字。"
    en = "The code of an area has 12 digits."


class AreaTaken(Conflict):
    code = "area_code_taken"
    zh = "这个代码已被另一个区划使用。"
    en = "Another area already uses this code."
    constraint = "uq_area_living_code"


def node_of(area_id: int, code: str, name: str, level: int, parent: Node | None) -> Node:
    """A node below `parent`, with its path and its cell: a street is a cell of its own."""
    path = f"{parent.path if parent else '/'}{area_id}/"
    cell = parent.cell_id if parent and parent.cell_id else (area_id if level >= STREET else 0)
    return Node(area_id, code, name, level, parent.area_id if parent else None, path, cell)


def spare_ids() -> Iterator[int]:
    """Small numbers: a cell is an area's id and has to fit the printed resident code."""
    top = fetch("SELECT coalesce(max(area_id), 0) FROM area WHERE area_id < 2000000000")[0][0]
    return itertools.count(top + 1)


def write_areas(nodes: Sequence[Node], on: date) -> None:
    """New areas, valid from `on`."""
    insert(
        "area",
        AREA_COLUMNS,
        [
            (n.area_id, n.code, n.name, n.level, n.parent_id, n.path, n.cell_id, on, None)
            for n in nodes
        ],
    )


def change(old: Node, name: str, parent: Node | None, spare_id: int, on: date) -> Node:
    """Keep the old form as a dated row of its own and give the living row its new one."""
    since = fetch("SELECT valid_from FROM area WHERE area_id = %s", (old.area_id,))[0][0]
    path = f"{parent.path if parent else '/'}{old.area_id}/"
    run(
        "UPDATE area SET name = %s, parent_id = %s, valid_from = %s WHERE area_id = %s",
        (name, parent.area_id if parent else None, max(on, since), old.area_id),
    )
    if since < on:
        past = (spare_id, old.code, old.name, old.level, old.parent_id, old.path, old.cell_id)
        insert("area", AREA_COLUMNS, [(*past, since, on)])
    if path != old.path:
        run(
            "UPDATE area SET path = %s || substr(path, %s) WHERE path LIKE %s AND valid_to IS NULL",
            (path, len(old.path) + 1, old.path + "%"),
        )
    return old._replace(name=name, path=path, parent_id=parent.area_id if parent else None)


def living(area_id: int) -> Node:
    """An area that is not closed. Raises NoSuchPlace."""
    node = queries.find_area(area_id)
    if node is None:
        raise NoSuchPlace()
    return node


def lock() -> None:
    """One change of the tree at a time, until the transaction ends."""
    fetch("SELECT pg_advisory_xact_lock(%s)", (TREE_LOCK,))


def touched() -> None:
    """Copies of the tree in memory, here and in other processes, learn that it changed."""
    run(
        "INSERT INTO place_revision (what, version) VALUES ('area', 1) "
        "ON CONFLICT (what) DO UPDATE SET version = place_revision.version + 1"
    )
    TREE.forget()
