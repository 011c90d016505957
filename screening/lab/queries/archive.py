"""Reading the archive: where a tube lies, what a box holds, what may be thrown away."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from screening.db import fetch
from screening.lab.queries.alerts import alerts_of
from screening.lab.queries.labs import LabRow
from screening.lab.watch.retention import KEPT, NEGATIVE_DAYS, Held
from screening.tickets import service as tickets
from screening.tube.queries import Key, list_tubes
from screening.tube.rules import Stage


class StayRow(NamedTuple):
    """A tube in its place, now or once."""

    cell_id: int
    stay_id: int
    lab_id: int
    barcode: str
    tube_cell: int
    tube_round: int
    rack: str
    box: str
    place: int
    put_by: int
    put_at: datetime
    asked_by: int | None
    asked_at: datetime | None
    asked_why: str | None
    asked_desk: bytes | None
    ended_by: int | None
    ended_at: datetime | None
    ended_how: str | None

    @property
    def key(self) -> Key:
        return Key(self.barcode, self.tube_cell, self.tube_round)


_STAY = ", ".join(StayRow._fields)


def stays_of(lab: LabRow, barcode: str) -> list[StayRow]:
    """Every place the tube had in this archive, the latest first."""
    rows = fetch(
        f"SELECT {_STAY} FROM archive_stay WHERE cell_id = %s AND lab_id = %s AND barcode = %s "
        "ORDER BY put_at DESC, stay_id DESC",
        (lab.cell_id, lab.lab_id, barcode),
    )
    return [StayRow(*r) for r in rows]


def stay_now(lab: LabRow, barcode: str) -> StayRow | None:
    """Where the tube lies, locked."""
    rows = fetch(
        f"SELECT {_STAY} FROM archive_stay WHERE cell_id = %s AND lab_id = %s AND barcode = %s "
        "AND ended_at IS NULL FOR UPDATE",
        (lab.cell_id, lab.lab_id, barcode),
    )
    return StayRow(*rows[0]) if rows else None


def list_box(lab: LabRow, rack: str, box: str) -> list[StayRow]:
    """What lies in a box now, by place."""
    rows = fetch(
        f"SELECT {_STAY} FROM archive_stay WHERE cell_id = %s AND lab_id = %s AND rack = %s "
        "AND box = %s AND ended_at IS NULL ORDER BY place",
        (lab.cell_id, lab.lab_id, rack, box),
    )
    return [StayRow(*r) for r in rows]


def list_boxes(lab: LabRow, *, limit: int = 300) -> list[tuple[str, str, int, datetime]]:
    """(rack, box, tubes, oldest) of the boxes in use."""
    return fetch(
        "SELECT rack, box, count(*), min(put_at) FROM archive_stay WHERE cell_id = %s "
        "AND lab_id = %s AND ended_at IS NULL GROUP BY rack, box ORDER BY min(put_at) LIMIT %s",
        (lab.cell_id, lab.lab_id, limit),
    )


def list_asked(lab: LabRow) -> list[StayRow]:
    """Positives for which one person has asked that they be thrown away."""
    rows = fetch(
        f"SELECT {_STAY} FROM archive_stay WHERE cell_id = %s AND lab_id = %s "
        "AND ended_at IS NULL AND asked_by IS NOT NULL ORDER BY asked_at",
        (lab.cell_id, lab.lab_id),
    )
    return [StayRow(*r) for r in rows]


_FREE = (
    "SELECT /* fan-out: kept tubes lie in the cells of their sites */ "
    + ", ".join(f"s.{c}" for c in StayRow._fields)
    + " FROM archive_stay s JOIN tube t ON t.cell_id = s.tube_cell AND t.round_id = s.tube_round "
    "AND t.barcode = s.barcode WHERE s.cell_id = %s AND s.lab_id = %s AND s.ended_at IS NULL "
    "AND NOT coalesce(t.outcome, 0) = ANY(%s) AND (t.stage = %s OR (t.stage = %s AND t.since <= %s)) "
    "ORDER BY s.put_at LIMIT %s"
)


def list_free(lab: LabRow, at: datetime, *, limit: int = 300) -> list[StayRow]:
    """Rejected tubes and negatives that have been kept long enough, the oldest first; whether
    something about them is still open has to be asked besides (held_of)."""
    rows = fetch(
        _FREE,
        (
            lab.cell_id, lab.lab_id, [int(o) for o in KEPT], int(Stage.REJECTED),
            int(Stage.RELEASED), at - timedelta(days=NEGATIVE_DAYS.value), limit,
        ),
    )  # fmt: skip
    return [StayRow(*r) for r in rows]


def held_of(keys: Collection[Key]) -> dict[str, Held]:
    """What decides about the end of each of these tubes."""
    tubes = {t["barcode"]: t for t in list_tubes(keys)}
    matters = _matters(list(tubes.values()))
    return {
        b: Held(t["stage"], t["outcome"], t["since"], frozenset(matters[b]))
        for b, t in tubes.items()
    }


def _matters(tubes: Sequence[dict[str, Any]]) -> dict[str, set[str]]:
    """Alerts, holds, corrections and callbacks that are open, by tube."""
    out: dict[str, set[str]] = defaultdict(set)
    groups: dict[tuple[int, int], list[dict[str, Any]]] = defaultdict(list)
    for t in tubes:
        groups[t["cell_id"], t["round_id"]].append(t)
    for (cell, round_id), group in sorted(groups.items()):
        codes = [t["barcode"] for t in group]
        for b in alerts_of(cell, round_id, codes):
            out[b].add("alert")
        for b in tickets.holds(cell, round_id, codes):
            out[b].add("hold")
        for kind, b in _above(cell, round_id, codes, {c for t in group for c in t["home_cells"]}):
            out[b].add(kind)
    return out


def _above(cell: int, round_id: int, codes: list[str], homes: set[int]) -> list[tuple[str, str]]:
    # reporting stands above this floor: its tables are read here as they are
    return fetch(
        "SELECT 'correction', barcode FROM correction WHERE cell_id = %s AND round_id = %s "
        "AND barcode = ANY(%s) AND state = 'asked'",
        (cell, round_id, codes),
    ) + fetch(
        "SELECT DISTINCT 'callback', barcode FROM callback WHERE cell_id = ANY(%s) "
        "AND round_id = %s AND barcode = ANY(%s) AND state IN ('open', 'sampled')",
        (sorted(homes), round_id, codes),
    )
