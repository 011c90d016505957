"""Reading batches: facts, what lies in them, the seal directory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from screening.db import by_cell, fetch
from screening.errors import NotFound
from screening.transport.rules import Fact

FACT_COLUMNS = (
    "fact_id, verb, at, device_id, journal_id, seq, round_id, staff_id, to_staff_id, site_id, "
    "lab_id, seal, n, temperature, answers, data"
)
NOWHERE = (0, 0)  # cell and batch of facts whose seal nobody has told yet


class NoSuchBatch(NotFound):
    code = "no_such_batch"
    zh = "没有这个箱次。"
    en = "There is no such box trip."


class PackRow(NamedTuple):
    barcode: str
    line_id: int
    at: object
    tube_cell: int
    tube_round: int
    unpacked_at: object


def find_seals(seals: Collection[str]) -> dict[str, tuple[int, int]]:
    """{seal: (cell, batch)} of the seals that were told."""
    if not seals:
        return {}
    rows = fetch(
        "SELECT seal, cell_id, batch_id FROM seal_key WHERE seal = ANY(%s)", (list(seals),)
    )
    return {s: (c, b) for s, c, b in rows}


def lock_batches(keys: Iterable[tuple[int, int]]) -> None:
    """Take the rows of these batches in order; a batch seen first has none yet."""
    for cell, group in by_cell(sorted(set(keys))):
        fetch(
            "SELECT batch_id FROM batch WHERE cell_id = %s AND batch_id = ANY(%s) "
            "ORDER BY batch_id FOR UPDATE",
            (cell, [b for _, b in group]),
        )


def list_facts(cell: int, batches: Sequence[int]) -> dict[int, list[Fact]]:
    out: dict[int, list[Fact]] = defaultdict(list)
    for batch, *rest in fetch(
        f"SELECT batch_id, {FACT_COLUMNS} FROM batch_fact "
        "WHERE cell_id = %s AND batch_id = ANY(%s)",
        (cell, list(batches)),
    ):
        out[batch].append(Fact(*rest))
    return out


def list_packed(cell: int, batches: Sequence[int]) -> dict[int, list[PackRow]]:
    out: dict[int, list[PackRow]] = defaultdict(list)
    for batch, *rest in fetch(
        "SELECT batch_id, barcode, line_id, at, tube_cell, tube_round, unpacked_at "
        "FROM batch_tube WHERE cell_id = %s AND batch_id = ANY(%s)",
        (cell, list(batches)),
    ):
        out[batch].append(PackRow(*rest))
    return out


BATCH_COLUMNS = (
    "cell_id", "batch_id", "wire_id", "round_id", "box_code", "site_id", "stage", "since",
    "due_at", "seal", "counted", "known", "received", "lab_id", "holder_id", "temperature",
    "opened_at", "sealed_at", "handed_at", "arrived_at",
)  # fmt: skip


def get_batch(cell: int, batch_id: int) -> dict:
    rows = fetch(
        f"SELECT {', '.join(BATCH_COLUMNS)} FROM batch WHERE cell_id = %s AND batch_id = %s",
        (cell, batch_id),
    )
    if not rows:
        raise NoSuchBatch()
    return dict(zip(BATCH_COLUMNS, rows[0], strict=True))
