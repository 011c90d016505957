"""Callbacks: of an area, a tube, a person."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from screening.db import fetch
from screening.errors import NotFound
from screening.reporting import rules
from screening.tube.queries import Key


class NoSuchCallback(NotFound):
    code = "no_such_callback"
    zh = "没有这条复采任务。"
    en = "There is no such callback."


class CallbackRow(NamedTuple):
    """A person called back, with where to find the person and how far it has come."""

    cell_id: int
    callback_id: int
    person_id: int
    community_id: int
    round_id: int
    tube_cell: int
    barcode: str
    reason: str
    state: str
    opened_at: datetime
    due_at: datetime
    sampled_at: datetime | None
    single_barcode: str | None
    closed_at: datetime | None
    outcome: int | None
    closed_why: str | None
    attempt: str | None
    attempt_at: datetime | None
    attempt_by: int | None


_CALLBACK = ", ".join(CallbackRow._fields)


def get_callback(cell: int, callback_id: int) -> CallbackRow:
    rows = fetch(
        f"SELECT {_CALLBACK} FROM callback WHERE cell_id = %s AND callback_id = %s",
        (cell, callback_id),
    )
    if not rows:
        raise NoSuchCallback()
    return CallbackRow(*rows[0])


def list_callbacks(
    cells: Sequence[int],
    communities: Collection[int] | None = None,
    *,
    inside: Collection[int] | None = None,
    states: Sequence[str] = rules.RUNNING,
    round_id: int | None = None,
    after: int = 0,
    limit: int = rules.LIST_ROWS.value,
) -> list[CallbackRow]:
    """Callbacks of an area: its cells, and its communities where it is smaller than a cell; only of
    who lives in these grids and buildings (`inside`) where it is smaller than a community; of every
    round where none is named. Paged by number."""
    rows = fetch(
        f"SELECT {_CALLBACK} FROM callback WHERE cell_id = ANY(%s) AND state = ANY(%s) "
        "AND (%s::bigint[] IS NULL OR community_id = ANY(%s)) AND callback_id > %s "
        "AND (%s::bigint IS NULL OR round_id = %s) AND (%s::bigint[] IS NULL OR EXISTS ("
        "SELECT 1 FROM person p WHERE p.cell_id = callback.cell_id "
        "AND p.person_id = callback.person_id "
        "AND (p.grid_id = ANY(%s) OR p.building_id = ANY(%s)))) ORDER BY callback_id LIMIT %s",
        (
            list(cells),
            list(states),
            *(2 * [sorted(communities) if communities is not None else None]),
            after,
            *(2 * [round_id]),
            *(3 * [sorted(inside) if inside is not None else None]),
            limit,
        ),
    )
    return [CallbackRow(*r) for r in rows]


def callbacks_of_tube(key: Key, home_cells: Collection[int]) -> list[CallbackRow]:
    rows = fetch(
        f"SELECT {_CALLBACK} FROM callback WHERE cell_id = ANY(%s) AND round_id = %s "
        "AND barcode = %s ORDER BY callback_id",
        (sorted(home_cells), key.round_id, key.barcode),
    )
    return [CallbackRow(*r) for r in rows]


def callbacks_of_person(cell: int, person_id: int) -> list[CallbackRow]:
    rows = fetch(
        f"SELECT {_CALLBACK} FROM callback WHERE cell_id = %s AND person_id = %s "
        "ORDER BY opened_at, callback_id",
        (cell, person_id),
    )
    return [CallbackRow(*r) for r in rows]
