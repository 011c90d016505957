"""What a bench has before it: the work list and the load."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from screening.db import fetch
from screening.lab.queries.labs import LabRow, cells_in_use, rounds_in_use
from screening.lab.rules.priority import WORDS, Rank
from screening.tube.rules import Mode, Stage


class Waiting(NamedTuple):
    """A received tube that stands on no plate. `rank` as in priority.Rank; `why` says it in a word:
    recheck, single, key_group, rerun, overdue or ""."""

    barcode: str
    cell_id: int
    round_id: int
    mode: int
    members: int
    holds: int
    site_id: int | None
    received_at: datetime | None
    due_at: datetime | None
    sampled_at: datetime
    rank: int
    overdue: bool

    @property
    def why(self) -> str:
        return WORDS[Rank(self.rank)] or ("overdue" if self.overdue else "")

    @property
    def cursor(self) -> str:
        """Where the list goes on after this tube."""
        return f"{self.rank}~{self.sampled_at.isoformat()}~{self.barcode}"


_BENCH = "/* fan-out: the tubes of a bench lie in the cells of their sites */"
# written out, so that the planner sees the partial index in every plan
_WAITS = f"t.stage = {int(Stage.RECEIVED)}"
_STANDS = f"stage BETWEEN {int(Stage.RECEIVED)} AND {int(Stage.REVIEWED)}"
_RANK = (
    f"coalesce(r.rank, CASE t.mode WHEN {int(Mode.SINGLE)} THEN {int(Rank.SINGLE)} "
    f"ELSE {int(Rank.REST)} END)"
)
_SAMPLED = "coalesce(t.closed_at, t.opened_at, t.received_at, t.since)"


def list_waiting(lab: LabRow, at: datetime, *, after: str = "", limit: int = 200) -> list[Waiting]:
    """The work list: received here and on no plate; by rank, then what was sampled longest ago.
    `after`: the `cursor` of the last tube seen."""
    rank, sampled, barcode = _read_cursor(after)
    rows = fetch(
        f"SELECT {_BENCH} t.barcode, t.cell_id, t.round_id, t.mode, t.members, t.holds, t.site_id, "
        f"t.received_at, t.due_at, {_SAMPLED}, {_RANK}, t.due_at IS NOT NULL AND t.due_at < %s "
        "FROM tube t LEFT JOIN bench_rank r ON r.cell_id = t.cell_id AND r.round_id = t.round_id "
        "AND r.barcode = t.barcode "
        f"WHERE t.cell_id = ANY(%s) AND t.round_id = ANY(%s) AND t.lab_id = %s AND {_WAITS} "
        f"AND ({_RANK}, {_SAMPLED}, t.barcode) > (%s, %s, %s) "
        f"ORDER BY {_RANK}, {_SAMPLED}, t.barcode LIMIT %s",
        (at, _cells(lab), rounds_in_use(), lab.lab_id, rank, sampled, barcode, limit),
    )
    return [Waiting(*r) for r in rows]


def _read_cursor(text: str) -> tuple[int, datetime, str]:
    """What is no cursor begins at the top."""
    rank, _, rest = text.partition("~")
    sampled, _, barcode = rest.partition("~")
    try:
        return int(rank), datetime.fromisoformat(sampled).astimezone(UTC), barcode
    except ValueError:
        return 0, datetime.min.replace(tzinfo=UTC), ""


def _cells(lab: LabRow) -> list[int]:
    return sorted({*cells_in_use(), lab.cell_id})


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
        f"AND {_STANDS} GROUP BY stage",
        (at, _cells(lab), rounds_in_use(), lab.lab_id),
    )
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
