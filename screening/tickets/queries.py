"""Reading tickets: lists of a desk's own reach, one ticket, counts from the rollup."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from screening.db import by_cell, fetch
from screening.errors import NotFound
from screening.places import queries as places
from screening.places.rules import Place
from screening.tube.queries import find_keys

QUEUED = ("open", "solved")


class NoSuchTicket(NotFound):
    code = "no_such_ticket"
    zh = "没有这张差异单。"
    en = "There is no such ticket."


class TicketRow(NamedTuple):
    cell_id: int
    ticket_id: int
    round_id: int
    kind: str
    weight: str
    subject: str
    subject_id: str
    site_id: int | None
    lab_id: int | None
    state: str
    opened_at: datetime
    due_at: datetime | None
    owner_id: int | None
    sides: dict[str, Any] | None
    solution: str | None
    note: str | None
    solved_by: int | None
    solved_at: datetime | None
    checked_by: int | None
    closed_at: datetime | None
    closed_how: str | None

    @property
    def key(self) -> tuple[int, int]:
        return self.cell_id, self.ticket_id

    @property
    def cursor(self) -> str:
        return f"{self.due_at.isoformat() if self.due_at else 'infinity'}~{self.ticket_id}"


_COLUMNS = ", ".join(TicketRow._fields)


class Reach(NamedTuple):
    """Whose tickets a desk sees: whole cells, or those of its sites and laboratories.

    `cells` is where to look. A laboratory's tubes come from any cell, so its desk looks into all
    of them by name; the index on (cell, state) keeps each look short."""

    cells: list[int]
    whole: frozenset[int]
    sites: frozenset[int]
    labs: frozenset[int]

    def holds(self, ticket: TicketRow) -> bool:
        return (
            ticket.cell_id in self.whole
            or (ticket.site_id in self.sites)
            or (ticket.lab_id in self.labs)
        )


def reach_of(held: Sequence[Place]) -> Reach:
    """What these places reach over."""
    every = places.cells_under("/")
    if any(p.kind == "all" for p in held):
        return Reach([0, *every], frozenset([0, *every]), frozenset(), frozenset())
    tree = places.TREE.get().by_id
    paths = [p.path for p in held if p.kind == "area"]
    whole = frozenset(
        c for path in paths for c in places.cells_under(path)
        if c in tree and tree[c].path.startswith(path)
    )  # fmt: skip
    cond, params = places.site_scope(held, "site")
    sites = fetch(
        f"SELECT s.site_id, s.cell_id FROM site s JOIN area a USING (area_id) WHERE {cond}", params
    )
    cond, params = places.site_scope(held, "lab")
    labs = fetch(f"SELECT s.lab_id FROM lab s JOIN area a USING (area_id) WHERE {cond}", params)
    cells = every if any(p.kind == "lab" for p in held) else {*whole, *(c for _, c in sites)}
    return Reach(
        sorted(cells), whole, frozenset(s for s, _ in sites), frozenset(row[0] for row in labs)
    )


@dataclass(frozen=True)
class Wanted:
    """Filters of a list. Without `state` only what waits (open, solved) is listed."""

    kind: str | None = None
    weight: str | None = None
    state: str | None = None
    site_id: int | None = None
    lab_id: int | None = None
    owner_id: int | None = None
    round_id: int | None = None
    overdue: datetime | None = None
    barcode: str | None = None


def list_tickets(
    reach: Reach, wanted: Wanted, *, after: str | None = None, limit: int = 100
) -> list[TicketRow]:
    """The most urgent first. Paged by (deadline, id)."""
    cells = _cells_of(reach, wanted)
    if not cells:
        return []
    cond, params = _where(wanted)
    due, last = (after or "-infinity~0").split("~", 1)
    rows = fetch(
        f"SELECT {_COLUMNS} FROM ticket WHERE cell_id = ANY(%s) "
        "AND (cell_id = ANY(%s) OR site_id = ANY(%s) OR lab_id = ANY(%s)) AND state = ANY(%s) "
        "AND (coalesce(due_at, 'infinity'), ticket_id) > (%s::timestamptz, %s::bigint) "
        f"{cond} ORDER BY coalesce(due_at, 'infinity'), ticket_id LIMIT %s",
        (cells, list(reach.whole), list(reach.sites), list(reach.labs), _states(wanted),
         due, last, *params, limit),
    )  # fmt: skip
    return [TicketRow(*r) for r in rows]


def _states(wanted: Wanted) -> list[str]:
    if wanted.state:
        return [wanted.state]
    if wanted.weight == "note":
        return ["noted"]
    if wanted.barcode:
        return ["open", "solved", "closed", "noted"]
    return list(QUEUED)


def _cells_of(reach: Reach, wanted: Wanted) -> list[int]:
    """A tube's tickets lie in its own cell, so a search by number looks nowhere else."""
    if not wanted.barcode:
        return reach.cells
    key = find_keys([wanted.barcode]).get(wanted.barcode)
    return [key.cell_id] if key else []


def _where(wanted: Wanted) -> tuple[str, list[Any]]:
    parts, params = [], []
    for name in ("kind", "weight", "site_id", "lab_id", "owner_id", "round_id"):
        value = getattr(wanted, name)
        if value is not None:
            parts.append(f"AND {name} = %s")
            params.append(value)
    if wanted.overdue is not None:
        parts.append("AND due_at < %s")
        params.append(wanted.overdue)
    if wanted.barcode:
        parts.append("AND subject = 'tube' AND subject_id = %s")
        params.append(wanted.barcode)
    return " ".join(parts), params


def get_ticket(cell: int, ticket_id: int) -> TicketRow:
    """Raises NoSuchTicket."""
    rows = fetch(
        f"SELECT {_COLUMNS} FROM ticket WHERE cell_id = %s AND ticket_id = %s", (cell, ticket_id)
    )
    if not rows:
        raise NoSuchTicket()
    return TicketRow(*rows[0])


def lock_tickets(keys: Iterable[tuple[int, int]]) -> list[TicketRow]:
    """These tickets, locked in order. Raises NoSuchTicket when one is missing."""
    wanted, out = sorted(set(keys)), []
    for cell, group in by_cell(wanted):
        out += fetch(
            f"SELECT {_COLUMNS} FROM ticket WHERE cell_id = %s AND ticket_id = ANY(%s) "
            "ORDER BY ticket_id FOR UPDATE",
            (cell, [t for _, t in group]),
        )
    if len(out) != len(wanted):
        raise NoSuchTicket()
    return [TicketRow(*r) for r in out]


class Count(NamedTuple):
    """Tickets of one kind at one site (0: none); `oldest` opened at."""

    round_id: int
    site_id: int
    kind: str
    n: int
    oldest: datetime | None


def list_counts(reach: Reach, round_ids: Collection[int] | None = None) -> list[Count]:
    """What waits (and what was noted) by kind and site, from the rollup of the worker."""
    rows = fetch(
        "SELECT round_id, site_id, kind, sum(n)::bigint, min(oldest) FROM ticket_count "
        "WHERE cell_id = ANY(%s) AND (cell_id = ANY(%s) OR site_id = ANY(%s)) "
        "AND (%s::bigint[] IS NULL OR round_id = ANY(%s)) GROUP BY 1, 2, 3 ORDER BY 5, 3, 2",
        (reach.cells, list(reach.whole), list(reach.sites),
         *([list(round_ids) if round_ids is not None else None] * 2)),
    )  # fmt: skip
    return [Count(*r) for r in rows]


def site_names(ids: Iterable[int | None]) -> dict[int, str]:
    wanted = sorted({i for i in ids if i})
    return dict(fetch("SELECT site_id, name FROM site WHERE site_id = ANY(%s)", (wanted,)))


def lab_names(ids: Iterable[int | None]) -> dict[int, str]:
    wanted = sorted({i for i in ids if i})
    return dict(fetch("SELECT lab_id, name FROM lab WHERE lab_id = ANY(%s)", (wanted,)))
