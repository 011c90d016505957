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


# Two halves, since the swabs of record and the few others have an index each.
_SWABS = " UNION ALL ".join(
    f"SELECT {', '.join(SwabRow._fields)} FROM specimen WHERE cell_id = %(cell)s AND round_id = ANY(%(rounds)s) "
    f"AND person_id = %(person)s AND {half}"
    for half in ("of_record", "NOT of_record")
)


def swabs_of_person(cell: int, person: int, rounds: Iterable[int]) -> list[SwabRow]:
    """Every swab of one person in these rounds, voided ones too."""
    rows = fetch(_SWABS, {"cell": cell, "rounds": list(rounds), "person": person})
    return [SwabRow(*r) for r in rows]


def seen_by(homes: Iterable[int], persons: Iterable[int], since: datetime, until: datetime) -> dict:
    """{staff: when last} of those who read one of these persons while an old version held."""
    rows = fetch(
        "SELECT staff_id, max(at) FROM audit WHERE cell_id = ANY(%s) AND subject = 'person' "
        "AND subject_id = ANY(%s) AND at >= %s AND at < %s AND staff_id IS NOT NULL "
        "GROUP BY staff_id ORDER BY 2",
        (sorted(set(homes)), [str(p) for p in persons], since, until),
    )
    return dict(rows)
