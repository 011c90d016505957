"""Opening tickets from what the facts hold, and closing those that a later fact explains."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from screening.crypto import hash_id
from screening.db import by_cell, fetch, insert, run
from screening.tickets.rules import CLOSED, EXPLAINED, KINDS, NOTED, OPEN, Weight


class Finding(NamedTuple):
    """A contradiction that holds now, about one subject; `sides` are ids and codes of both."""

    cell_id: int
    round_id: int
    kind: str
    subject_id: str
    at: datetime
    site_id: int | None = None
    lab_id: int | None = None
    sides: Mapping[str, Any] | None = None

    @property
    def ticket_id(self) -> int:
        return ticket_id(self.kind, self.subject_id, self.round_id)


class Subject(NamedTuple):
    """Something whose tickets of the given kinds were examined anew."""

    cell_id: int
    subject_id: str


_COLUMNS = (
    "cell_id", "ticket_id", "round_id", "kind", "weight", "subject", "subject_id", "site_id",
    "lab_id", "state", "opened_at", "due_at", "sides",
)  # fmt: skip


def ticket_id(kind: str, subject_id: str, round_id: int) -> int:
    """The same contradiction has the same number, in whatever order its facts arrive."""
    return hash_id("ticket", kind, subject_id, round_id)


def settle(
    found: Collection[Finding],
    examined: Collection[Subject],
    kinds: Collection[str],
    *,
    at: datetime,
) -> None:
    """Make the tickets of the `examined` subjects agree with what was `found`.

    Opens what is new, opens again what had been explained and holds once more, closes as explained
    what holds no longer. What a person closed stays closed."""
    stored = _stored({s.subject_id for s in examined}, {s.cell_id for s in examined}, kinds)
    now = {(f.cell_id, f.ticket_id): f for f in found}
    _insert([f for key, f in now.items() if key not in stored], at)
    back = [
        k for k, (state, how) in stored.items() if k in now and state == CLOSED and how == EXPLAINED
    ]
    gone = [k for k, (state, _) in stored.items() if k not in now and state != CLOSED]
    for cell, keys in by_cell(back):
        run(
            "UPDATE ticket SET state = CASE weight WHEN 'note' THEN 'noted' ELSE 'open' END, "
            "closed_how = NULL, closed_at = NULL WHERE cell_id = %s AND ticket_id = ANY(%s)",
            (cell, [k[1] for k in keys]),
        )
    for cell, keys in by_cell(gone):
        run(
            "UPDATE ticket SET state = 'closed', closed_how = 'explained', closed_at = %s "
            "WHERE cell_id = %s AND ticket_id = ANY(%s)",
            (at, cell, [k[1] for k in keys]),
        )


def open_all(found: Iterable[Finding], *, at: datetime) -> None:
    """Open tickets that nothing later explains by itself; those that stand already stay as is."""
    _insert(list(found), at)


def _stored(
    ids: set[str], cells: set[int], kinds: Collection[str]
) -> dict[tuple[int, int], tuple[str, str | None]]:
    if not ids:
        return {}
    rows = fetch(
        "SELECT cell_id, ticket_id, state, closed_how FROM ticket WHERE cell_id = ANY(%s) "
        "AND subject_id = ANY(%s) AND kind = ANY(%s)",
        (sorted(cells), sorted(ids), list(kinds)),
    )
    return {(cell, ticket): (state, how) for cell, ticket, state, how in rows}


def _insert(found: list[Finding], at: datetime) -> None:
    rows = []
    for f in found:
        kind = KINDS[f.kind]
        state = NOTED if kind.weight is Weight.NOTE else OPEN
        due = at + timedelta(minutes=kind.minutes) if kind.minutes else None
        sides = Jsonb(dict(f.sides)) if f.sides else None
        rows.append((
            f.cell_id, f.ticket_id, f.round_id, f.kind, str(kind.weight), kind.subject,
            f.subject_id, f.site_id, f.lab_id, state, at, due, sides,
        ))  # fmt: skip
    for _, group in by_cell(rows):
        insert("ticket", _COLUMNS, group, "ON CONFLICT (cell_id, ticket_id) DO NOTHING")


def holds(cell: int, round_id: int, barcodes: Collection[str]) -> dict[str, list[str]]:
    """Open tickets that hold back each of these tubes: {barcode: [kind, …]}."""
    out: dict[str, list[str]] = {}
    for barcode, kind in fetch(
        "SELECT subject_id, kind FROM ticket WHERE cell_id = %s AND round_id = %s "
        "AND subject = 'tube' AND subject_id = ANY(%s) AND weight = 'hold' "
        "AND state IN ('open', 'solved')",
        (cell, round_id, list(barcodes)),
    ):
        out.setdefault(barcode, []).append(kind)
    return out
