"""Facts of batches, the tubes packed into them, and the batches themselves, as sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from psycopg.types.json import Jsonb

from screening.db import by_cell, insert, run
from screening.registry import queries as registry
from screening.transport import queries, rules
from screening.transport.rules import Fact
from screening.transport.service.work import Ref, Work
from screening.tube import service as tube

_FACT = (
    "cell_id", "batch_id", "fact_id", "verb", "at", "device_id", "journal_id", "seq", "round_id",
    "staff_id", "to_staff_id", "site_id", "lab_id", "seal", "n", "temperature", "answers", "data",
    "recorded_at",
)  # fmt: skip


def write_facts(work: Work, packs: Mapping[str, tube.Merged], recorded_at: datetime) -> None:
    """New facts of batches, and tubes packed into them; a replay writes nothing."""
    rows = []
    for (cell, batch), facts in work.facts.items():
        for f in facts:
            data = Jsonb(f.data) if f.data is not None else None
            rows.append((cell, batch, *f[:15], data, recorded_at))
    for _, group in by_cell(rows):
        insert("batch_fact", _FACT, group, "ON CONFLICT DO NOTHING")
    tubes = []
    for (cell, batch), lines in work.packs.items():
        for barcode, line_id, at in lines:
            key = packs[barcode].key
            tubes.append((cell, batch, barcode, line_id, key.cell_id, key.round_id, at))
    columns = ("cell_id", "batch_id", "barcode", "line_id", "tube_cell", "tube_round", "at")
    for _, group in by_cell(tubes):
        insert("batch_tube", columns, group, "ON CONFLICT DO NOTHING")


_UPSERT = "ON CONFLICT (cell_id, batch_id) DO UPDATE SET " + ", ".join(
    f"{c} = EXCLUDED.{c}" for c in queries.BATCH_COLUMNS[3:]
)


def write_batches(folded: Sequence[tuple[Ref, rules.BatchState, list[Fact]]], work: Work) -> None:
    """The folded state of every touched batch, and when tubes were taken out."""
    rows = []
    for (cell, batch), s, _ in folded:
        policy = registry.find_policy(s.round_id)
        due = rules.due_at(s, policy.limits if policy else {})
        rows.append((
            cell, batch, work.wires.get((cell, batch), ""), s.round_id, s.box or "", s.site_id,
            int(s.stage), s.since or datetime.fromtimestamp(0).astimezone(), due, s.seal,
            s.counted, s.known, s.received, s.lab_id, s.holder_id, s.temperature, s.opened_at,
            s.sealed_at, s.handed_at, s.arrived_at,
        ))  # fmt: skip
        for line_id, at in s.unpacked.items():
            run(
                "UPDATE batch_tube SET unpacked_at = %s WHERE cell_id = %s AND batch_id = %s "
                "AND line_id = %s AND unpacked_at IS DISTINCT FROM %s",
                (at, cell, batch, line_id, at),
            )
    for _, group in by_cell(rows):
        insert("batch", queries.BATCH_COLUMNS, group, _UPSERT)
