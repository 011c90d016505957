"""Custody lines, swabs with their of-record flag, and tubes, written as sets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from screening.db import fetch, insert, run
from screening.tube import folding, rules
from screening.tube.queries import TUBE_COLUMNS
from screening.tube.rules import Bind, Purpose
from screening.tube.service.merged import Limits, Merged, MergedSet

CUSTODY = (
    "cell_id", "round_id", "barcode", "line_id", "verb", "stage", "at", "device_id", "journal_id",
    "seq", "staff_id", "site_id", "lab_id", "batch_id", "n", "answers", "data", "recorded_at",
    "late",
)  # fmt: skip
_SPECIMEN = (
    "cell_id", "round_id", "specimen_id", "person_id", "community_id", "tube_cell", "barcode",
    "seat", "purpose", "of_record", "void", "at", "device_id", "journal_id", "seq", "staff_id",
    "site_id", "reason",
)  # fmt: skip
_UPSERT = "ON CONFLICT (cell_id, round_id, barcode) DO UPDATE SET " + ", ".join(
    f"{c} = EXCLUDED.{c}" for c in TUBE_COLUMNS[3:]
)


def write_custody(merged: Mapping[str, Merged], recorded_at: datetime) -> None:
    """New lines; `late` are those of a stage that the tube had passed."""
    rows = []
    for barcode, m in merged.items():
        key, stage = m.key, m.before.stage if m.before else 0
        for line in m.new_lines:
            late = stage > line.stage > 0 and line.verb not in rules.TAKES_BACK
            rows.append((key.cell_id, key.round_id, barcode, *line, recorded_at, late))
    tail = "ON CONFLICT (cell_id, round_id, barcode, line_id) DO NOTHING"
    rows.sort(key=_cell)
    insert("custody", CUSTODY, rows, tail)


def _cell(row: tuple) -> int:
    return row[0]


def write_specimens(merged: MergedSet) -> None:
    """New swabs, changed voids, and then the of-record flags of whoever is concerned."""
    new: list[tuple] = []
    again = merged.again
    for barcode, m in merged.items():
        voids, key = m.state.voids, m.key
        for b in m.new_binds:
            void = voids[b.specimen_id]
            record = not void and b.purpose != Purpose.RECHECK
            new.append((
                b.home_cell, key.round_id, b.specimen_id, b.person_id, b.community_id,
                key.cell_id, barcode, b.seat, b.purpose, record, void, b.at, b.device_id,
                b.journal_id, b.seq, b.staff_id, b.site_id, b.reason,
            ))  # fmt: skip
        for b in m.changed:
            again[b.home_cell, key.round_id].add(b.person_id)
            run(
                "UPDATE specimen SET void = %s, of_record = of_record AND %s "
                "WHERE cell_id = %s AND round_id = %s AND specimen_id = %s",
                (
                    voids[b.specimen_id],
                    not voids[b.specimen_id],
                    b.home_cell,
                    key.round_id,
                    b.specimen_id,
                ),
            )
    new.sort(key=lambda r: (r[0], r[3]))  # by cell and person: the order that avoids deadlocks
    _insert_specimens(new, again)
    for (cell, round_id), persons in sorted(again.items()):
        _set_of_record(cell, round_id, persons)


def _insert_specimens(rows: list[tuple], again: dict[tuple[int, int], set[int]]) -> None:
    """New swabs; those that lost the of-record place come in without it."""
    tail = "ON CONFLICT DO NOTHING RETURNING specimen_id"
    done = {r[0] for r in insert("specimen", _SPECIMEN, rows, tail, returning=True)}
    if len(done) == len(rows):
        return
    second = [(*r[:9], False, *r[10:]) for r in rows if r[2] not in done]
    came = {r[0] for r in insert("specimen", _SPECIMEN, second, tail, returning=True)}
    for r in second:
        if r[2] in came:
            again[r[0], r[1]].add(r[3])


def _set_of_record(cell: int, round_id: int, persons: Iterable[int]) -> None:
    """Give the of-record flag to the earliest live specimen of each of these persons."""
    rows = fetch(
        "SELECT specimen_id, person_id, at, device_id, journal_id, seq, purpose, void, of_record "
        "FROM specimen WHERE cell_id = %s AND round_id = %s AND person_id = ANY(%s) "
        "ORDER BY specimen_id FOR UPDATE",
        (cell, round_id, sorted(persons)),
    )
    by_person: dict[int, list[Bind]] = defaultdict(list)
    for s, p, at, device, journal, seq, purpose, void, record in rows:
        by_person[p].append(
            Bind(s, p, cell, 0, 0, purpose, at, device, journal, seq, void=void, of_record=record)
        )
    off, on = [], []
    for binds in by_person.values():
        winner = folding.of_record(binds)
        off += [b.specimen_id for b in binds if b.of_record and b.specimen_id != winner]
        on += [b.specimen_id for b in binds if not b.of_record and b.specimen_id == winner]
    for ids, flag in ((off, False), (on, True)):
        if ids:
            run(
                "UPDATE specimen SET of_record = %s "
                "WHERE cell_id = %s AND round_id = %s AND specimen_id = ANY(%s)",
                (flag, cell, round_id, ids),
            )


def write_tubes(merged: Iterable[Merged], limits: Limits) -> None:
    """The folded state of every tube, with its deadline."""
    rows = []
    for m in merged:
        s, key = m.state, m.key
        rows.append((
            key.cell_id, key.round_id, key.barcode, s.site_id, s.table_no, s.mode, s.pool_size,
            s.channel, int(s.stage), s.since, rules.due_at(s.stage, s.since, limits(key.round_id)),
            s.holder_kind, s.holder_id, s.confirmed, s.members, s.complete, int(s.holds),
            s.home_cells, s.opened_at, s.closed_at, s.received_at, s.lab_id, s.batch_id, s.outcome,
            s.version,
        ))  # fmt: skip
    rows.sort(key=lambda r: (r[0], r[2]))
    insert("tube", TUBE_COLUMNS, rows, _UPSERT)
