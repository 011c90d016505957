"""Entries read and applied; what cannot be is parked in sight."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
import psycopg
from sqlalchemy.exc import DBAPIError

from screening.db import db, insert
from screening.field import apply as applying
from screening.field.chain import Batch
from screening.field.queries import DeviceRow
from screening.tickets import service as tickets
from screening.tickets.service import Finding
from screening.tube import chain as hashing
from screening.tube import entries as e

log = logging.getLogger("screening.field")
# what an entry that does not fit raises while it is applied: by the database, or by its own values
UNFIT = (DBAPIError, psycopg.Error, LookupError, TypeError, ValueError, AssertionError)


def decode(
    device: DeviceRow,
    batch: Batch,
    entries: Sequence[bytes],
    digests: Sequence[bytes],
    first: int,
) -> tuple[list[e.Told], list[tuple[int, int, str]]]:
    """Decoded entries, and (line id, number, code) of those that cannot be read."""
    told: list[e.Told] = []
    parked: list[tuple[int, int, str]] = []
    decode, told_cls, line_id = e.decode, e.Told, hashing.line_id
    from_ms = datetime.fromtimestamp
    tz = UTC
    for i, raw in enumerate(entries):
        number, line = first + i, line_id(digests[i])
        try:
            entry = decode(raw)
            if entry.seq != number:
                raise ValueError
            at = from_ms((entry.at + (entry.offset or 0)) / 1000, tz)
        except (msgspec.DecodeError, ValueError, OverflowError, OSError):
            parked.append((line, number, "unreadable_entry"))
            continue
        if entry.practice != device.practice:
            parked.append((line, number, "practice_mixed"))
            continue
        told.append(told_cls(entry, line, at, batch.device_id, batch.journal_id))
    return told, parked


def apply(
    device: DeviceRow, told: list[e.Told], *, careful: bool, at: datetime
) -> list[tuple[int, int, str]]:
    """Apply entries as one set, or, when `careful`, each in a savepoint of its own.

    Returns (line id, number, code) of those that could not be applied. Practice applies nothing.
    Raises DeadlockDetected: that is no fault of an entry, and the batch comes again."""
    if device.practice:
        return []
    if not careful:
        out = applying.apply(told, cell=device.cell_id, recorded_at=at)
        return [(t.line_id, t.entry.seq, code) for t, code in out.parked]
    parked: list[tuple[int, int, str]] = []
    for t in told:
        try:
            with db.session.begin_nested():
                one = applying.apply([t], cell=device.cell_id, recorded_at=at)
            parked += [(p.line_id, p.entry.seq, code) for p, code in one.parked]
        except psycopg.errors.DeadlockDetected:
            raise
        except UNFIT as err:
            log.error(
                "entry %s of device %s parked: %s", t.entry.seq, t.device_id, type(err).__name__
            )
            parked.append((t.line_id, t.entry.seq, "not_applicable"))
    return parked


def park(
    device: DeviceRow,
    batch: Batch,
    branch: int,
    parked: Sequence[tuple[int, int, str]],
    at: datetime,
) -> None:
    """Keep what could not be applied in sight: a row and a ticket each; the chain goes on."""
    if not parked:
        return
    columns = (
        "cell_id", "line_id", "device_id", "journal_id", "branch", "seq", "round_id", "code",
        "parked_at",
    )  # fmt: skip
    rows = [
        (device.cell_id, line, device.device_id, batch.journal_id, branch, seq, 0, code, at)
        for line, seq, code in parked
    ]
    insert("parked", columns, rows, "ON CONFLICT DO NOTHING")
    tickets.open_all(
        [
            Finding(
                device.cell_id, 0, "parked", str(line), at, device.site_id, device.lab_id,
                {"device": device.device_id, "journal": batch.wire_id, "number": seq, "code": code},
            )
            for line, seq, code in parked
        ],
        at=at,
    )  # fmt: skip
