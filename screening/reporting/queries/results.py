"""Released results, by version, and the swabs of one person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from screening.db import fetch
from screening.tube.queries import Key


class ResultRow(NamedTuple):
    """One version of a tube's result."""

    cell_id: int
    round_id: int
    barcode: str
    version: int
    outcome: int
    run_id: int | None
    released_at: datetime
    released_by: int
    second_by: int
    reason: str | None
    command_id: int
    members: list[int]

    @property
    def key(self) -> Key:
        return Key(self.barcode, self.cell_id, self.round_id)


_RESULT = ", ".join(ResultRow._fields)


def list_results(keys: Iterable[Key]) -> dict[Key, list[ResultRow]]:
    """All versions of each tube, oldest first."""
    groups: dict[tuple[int, int], list[str]] = defaultdict(list)
    for key in keys:
        groups[key.cell_id, key.round_id].append(key.barcode)
    out: dict[Key, list[ResultRow]] = defaultdict(list)
    for (cell, round_id), barcodes in sorted(groups.items()):
        for row in fetch(
            f"SELECT {_RESULT} FROM result WHERE cell_id = %s AND round_id = %s "
            "AND barcode = ANY(%s) ORDER BY barcode, version",
            (cell, round_id, barcodes),
        ):
            found = ResultRow(*row)
            out[found.key].append(found)
    return out


class SwabRow(NamedTuple):
    """One swab of a person and where its tube lies."""

    round_id: int
    specimen_id: int
    tube_cell: int
    barcode: str
    purpose: int
    void: int
    at: datetime

    @property
    def key(self) -> Key:
        return Key(self.barcode, self.tube_cell, self.round_id)


class CalledRow(NamedTuple):
    """A callback of the same person: which tube asked for it and how far it has come."""

    state: str
    outcome: int | None
    due_at: datetime


# Two halves, since the swabs of record and the few others have an index each.
_SWABS = " UNION ALL ".join(
    f"SELECT {', '.join(SwabRow._fields)}, NULL::text AS state, NULL::smallint AS outcome "
    "FROM specimen WHERE cell_id = %(cell)s AND round_id = ANY(%(rounds)s) "
    f"AND person_id = %(person)s AND {half}"
    for half in ("of_record", "NOT of_record")
)
_CALLED = (
    " UNION ALL SELECT round_id, callback_id, tube_cell, barcode, 0, 0, due_at, state, outcome "
    "FROM callback WHERE cell_id = %(cell)s AND person_id = %(person)s"
)


def swabs_of_person(cell: int, person: int, rounds: Iterable[int]) -> list[SwabRow]:
    """Every swab of one person in these rounds, voided ones too."""
    rows = fetch(_SWABS, {"cell": cell, "rounds": list(rounds), "person": person})
    return [SwabRow(*r[:7]) for r in rows]


_WHO = (
    " UNION ALL SELECT 0, person_id, 0, '', 0, 0, created_at, encode(last4_hash, 'hex'), NULL "
    "FROM person WHERE cell_id = %(cell)s AND person_id = %(person)s"
)


class Story(NamedTuple):
    """Swabs, callbacks by the tube that made them, and what the last digits hash to. `known`: the
    register has the person."""

    swabs: list[SwabRow]
    called: dict[Key, CalledRow]
    last4_hash: bytes | None
    known: bool


def story_of_person(cell: int, person: int, rounds: Iterable[int]) -> Story:
    """All that the look-up needs from the person's own cell, in one statement (hot path)."""
    swabs, called, tail, known = [], {}, None, False
    wanted = {"cell": cell, "rounds": list(rounds), "person": person}
    for row in fetch(_SWABS + _CALLED + _WHO, wanted):
        if not row[3]:
            tail, known = row[7], True
        elif row[7] is None:
            swabs.append(SwabRow(*row[:7]))
        else:
            called[Key(row[3], row[2], row[0])] = CalledRow(row[7], row[8], row[6])
    return Story(swabs, called, bytes.fromhex(tail) if tail else None, known)


def seen_by(homes: Iterable[int], persons: Iterable[int], since: datetime, until: datetime) -> dict:
    """{staff: when last} of those who read one of these persons while an old version held."""
    rows = fetch(
        "SELECT staff_id, max(at) FROM audit WHERE cell_id = ANY(%s) AND subject = 'person' "
        "AND subject_id = ANY(%s) AND at >= %s AND at < %s AND staff_id IS NOT NULL "
        "GROUP BY staff_id ORDER BY 2",
        (sorted(set(homes)), [str(p) for p in persons], since, until),
    )
    return dict(rows)
