"""Keeps the rank of the tubes that wait at laboratories: set-based, a row only for those that
go first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from screening.db import by_cell, fetch, insert, run
from screening.lab.queries import reruns_of
from screening.lab.rules.priority import Rank, rank_of
from screening.tube.rules import NOT_IN_TUBE, Bind, Stage
from screening.tube.service import Merged


def rank_received(merged: Iterable[Merged]) -> None:
    """Rank anew whichever of these tubes now wait at a laboratory."""
    waiting = [m for m in merged if m.state.stage == Stage.RECEIVED]
    if not waiting:
        return
    known = _key_persons(b for m in waiting for b in _inside(m))
    # one that has just come through the door cannot have been tested before
    again = reruns_of(m.key for m in waiting if m.before and m.before.stage >= Stage.RECEIVED)
    rows, gone = [], []
    for m in waiting:
        rank = rank_of(m.state.mode, _inside(m), known, rerun=m.key.barcode in again)
        if rank != Rank.REST:
            rows.append((*_key(m), int(rank)))
        elif m.before is not None:
            gone.append(_key(m))
    for cell, part in by_cell(sorted(gone)):
        run(
            "DELETE FROM bench_rank WHERE cell_id = %s AND round_id = ANY(%s) AND barcode = ANY(%s)",
            (cell, sorted({r[1] for r in part}), [r[2] for r in part]),
        )
    columns = ("cell_id", "round_id", "barcode", "rank")
    on = "ON CONFLICT (cell_id, round_id, barcode) DO UPDATE SET rank = EXCLUDED.rank"
    for _, part in by_cell(sorted(rows)):
        insert("bench_rank", columns, part, on)


def _inside(m: Merged) -> list[Bind]:
    voids = m.state.voids
    return [b for b in m.binds if voids.get(b.specimen_id, b.void) not in NOT_IN_TUBE]


def _key(m: Merged) -> tuple[int, int, str]:
    return m.key.cell_id, m.key.round_id, m.key.barcode


def _key_persons(binds: Iterable[Bind]) -> set[tuple[int, int]]:
    homes: dict[int, set[int]] = defaultdict(set)
    for b in binds:
        homes[b.home_cell].add(b.person_id)
    out = set()
    for cell, persons in sorted(homes.items()):
        rows = fetch(
            "SELECT person_id FROM person WHERE cell_id = %s AND person_id = ANY(%s) "
            "AND key_group IS NOT NULL",
            (cell, sorted(persons)),
        )
        out |= {(cell, r[0]) for r in rows}
    return out
