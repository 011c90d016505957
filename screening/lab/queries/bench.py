"""What a bench has before it: the work list, the load, and who is in a tube."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from screening.db import fetch
from screening.lab.queries.labs import LabRow, cells_in_use, rounds_in_use
from screening.lab.queries.plates import reruns_of
from screening.tube.queries import Key
from screening.tube.rules import Mode, Purpose, Stage


class Waiting(NamedTuple):
    """A received tube that stands on no plate. `why`: recheck, rerun, single, overdue or ""."""

    barcode: str
    cell_id: int
    round_id: int
    mode: int
    members: int
    holds: int
    site_id: int | None
    received_at: datetime | None
    due_at: datetime | None
    why: str
    overdue: bool

    @property
    def rank(self) -> tuple:
        order = ("recheck", "rerun", "single", "overdue", "")
        at = self.received_at.timestamp() if self.received_at else 0.0
        return (order.index(self.why), not self.overdue, at, self.barcode)


_BENCH = "/* fan-out: the tubes of a bench lie in the cells of their sites */"


def list_waiting(lab: LabRow, at: datetime, *, limit: int = 200) -> list[Waiting]:
    """The work list: received here and on no plate; what is most pressing first."""
    rows = fetch(
        f"SELECT {_BENCH} barcode, cell_id, round_id, mode, members, holds, site_id, received_at, "
        "due_at, home_cells, due_at IS NOT NULL AND due_at < %s FROM tube "
        "WHERE cell_id = ANY(%s) AND round_id = ANY(%s) AND lab_id = %s AND stage = %s "
        "ORDER BY (mode = %s) DESC, 11 DESC, received_at, barcode LIMIT %s",
        (
            at, _cells(lab), rounds_in_use(), lab.lab_id, int(Stage.RECEIVED), int(Mode.SINGLE),
            limit,
        ),
    )  # fmt: skip
    again = reruns_of(Key(r[0], r[1], r[2]) for r in rows)
    rechecks = _rechecks(rows)
    out = []
    for barcode, cell, round_id, mode, members, holds, site, received, due, _, late in rows:
        why = "overdue" if late else ""
        if barcode in rechecks:
            why = "recheck"
        elif barcode in again:
            why = "rerun"
        elif mode == Mode.SINGLE:
            why = "single"
        out.append(
            Waiting(barcode, cell, round_id, mode, members, holds, site, received, due, why, late)
        )
    return sorted(out, key=lambda w: w.rank)


def _cells(lab: LabRow) -> list[int]:
    return sorted({*cells_in_use(), lab.cell_id})


def _rechecks(rows: Sequence[tuple]) -> set[str]:
    """Single tubes whose swab is a recheck or a resample."""
    out: set[str] = set()
    groups: dict[int, list[tuple]] = defaultdict(list)
    for row in rows:
        if row[3] == Mode.SINGLE:
            groups[row[2]].append(row)
    for round_id, group in groups.items():
        homes = sorted({c for row in group for c in row[9]})
        found = fetch(
            "SELECT DISTINCT barcode FROM specimen WHERE cell_id = ANY(%s) AND round_id = %s "
            "AND barcode = ANY(%s) AND purpose <> %s",
            (homes, round_id, [row[0] for row in group], int(Purpose.SCREEN)),
        )
        out |= {r[0] for r in found}
    return out


class Load(NamedTuple):
    """Tubes at the laboratory by what they wait for, the oldest of each, and today's work."""

    waiting: int
    plated: int
    tested: int
    reviewed: int
    overdue: int
    oldest: datetime | None
    called: int
    capacity: int


def load_of(lab: LabRow, at: datetime) -> Load:
    """How much stands where in the laboratory; `called` counts tubes judged in 24 hours."""
    rows = fetch(
        f"SELECT {_BENCH} stage, count(*), count(*) FILTER (WHERE due_at < %s), min(since) "
        "FROM tube WHERE cell_id = ANY(%s) AND round_id = ANY(%s) AND lab_id = %s "
        "AND stage BETWEEN %s AND %s GROUP BY stage",
        (
            at, _cells(lab), rounds_in_use(), lab.lab_id, int(Stage.RECEIVED),
            int(Stage.REVIEWED),
        ),
    )  # fmt: skip
    by = {r[0]: r[1:] for r in rows}
    called = fetch(
        "SELECT coalesce(sum((verdict->>'tubes')::int), 0) FROM run WHERE cell_id = %s "
        "AND lab_id = %s AND imported_at > %s AND state = 'evaluated'",
        (lab.cell_id, lab.lab_id, at - timedelta(days=1)),
    )[0][0]
    n = {s: by.get(s, (0, 0, None)) for s in range(Stage.RECEIVED, Stage.REVIEWED + 1)}
    return Load(
        n[Stage.RECEIVED][0],
        n[Stage.PLATED][0],
        n[Stage.TESTED][0],
        n[Stage.REVIEWED][0],
        sum(v[1] for v in n.values()),
        n[Stage.RECEIVED][2],
        called,
        lab.capacity,
    )
