"""The door: one batch in one transaction. Places it in its journal, stores it, applies it."""

from __future__ import annotations

import logging
from datetime import datetime

import psycopg

from screening.db import db, run
from screening.errors import Problem
from screening.field import chain, queries
from screening.field.chain import Batch
from screening.field.placing import Placing, place
from screening.field.queries import Branch, DeviceRow
from screening.field.service.blocks import drop_held, next_held, store
from screening.field.service.journals import advance, fork, note_skew
from screening.field.service.reading import UNFIT, apply, decode, park
from screening.field.service.receipts import Receipt, receipt
from screening.tube import chain as hashing

log = logging.getLogger("screening.field")
APPLIED, HELD, ACROSS_GAP = 0, 1, 2
RETRIES = 3  # a deadlock between two devices' batches is tried again


class PracticeMixed(Problem):
    status = 409
    code = "practice_mixed"
    zh = "练习日志不能进入正式系统，正式日志也不能进入练习。"
    en = "A practice journal cannot enter the live system, nor the reverse."


def ingest(body: bytes, *, received_at: datetime) -> Receipt:
    """Take one batch. Raises MalformedBatch, BrokenChain, BadSignature, UnknownDevice,
    PracticeMixed; anything else true in it is kept.

    Ends its own transaction when it must begin again (a deadlock, an entry that the database
    refuses): the one place outside web.py that may."""
    batch = chain.read(body)
    for attempt in range(RETRIES):
        try:
            return _ingest(batch, careful=False, at=received_at)
        except psycopg.errors.DeadlockDetected:
            db.session.rollback()
            log.info("deadlock, attempt %s", attempt)
        except UNFIT as err:
            log.warning(
                "batch of device %s again, entry by entry: %s", batch.device_id, type(err).__name__
            )
            db.session.rollback()
            break
    return _ingest(batch, careful=True, at=received_at)


def ingest_within(body: bytes, *, received_at: datetime) -> Receipt:
    """The same for a desk, inside the transaction of its request: what must begin again goes back
    to a savepoint, so that the desk's device and the lock on its journal stay."""
    batch = chain.read(body)
    try:
        with db.session.begin_nested():
            return _ingest(batch, careful=False, at=received_at)
    except UNFIT as err:
        log.warning("desk %s again, entry by entry: %s", batch.device_id, type(err).__name__)
    return _ingest(batch, careful=True, at=received_at)


def _ingest(batch: Batch, *, careful: bool, at: datetime) -> Receipt:
    device = queries.get_device(batch.device_id)
    chain.check_signature(batch, device.public_key)
    if batch.practice != device.practice:
        raise PracticeMixed()
    genesis = hashing.genesis(batch.device_id, batch.wire_id)
    branches = queries.lock_branches(
        device.cell_id, device.device_id, batch.journal_id, batch.wire_id, genesis, at=at
    )
    where = place(batch, branches, lambda: _blocks(device, batch))
    new = _take(device, batch, where, careful=careful, at=at)
    while new and not where.held and (more := next_held(device, batch, where.branch)):
        try:
            found = place(more, _branches_again(device, batch, at), lambda: _blocks(device, more))
        except chain.BrokenChain:
            break  # it follows another copy's numbers, which may still come
        if found.held:
            break
        drop_held(device, more)
        new += _take(device, more, found, careful=careful, at=at)
    _hear(device, batch, at)
    return receipt(device, batch.wire_id, new=new, at=at)


def _blocks(device: DeviceRow, batch: Batch) -> list[queries.Block]:
    return queries.list_blocks(device.cell_id, device.device_id, batch.journal_id, batch.first - 1)


def _branches_again(device: DeviceRow, batch: Batch, at: datetime) -> list[Branch]:
    return queries.lock_branches(
        device.cell_id, device.device_id, batch.journal_id, batch.wire_id, b"", at=at
    )


def _take(
    device: DeviceRow,
    batch: Batch,
    where: Placing,
    *,
    careful: bool,
    at: datetime,
) -> int:
    """Store and apply what is new of a batch; the number of new entries."""
    entries, digests = batch.entries[where.skip :], batch.digests[where.skip :]
    if not entries:
        return 0
    first = batch.first + where.skip
    told, parked = decode(device, batch, entries, digests, first)
    state = HELD if where.held else (ACROSS_GAP if where.across_gap else APPLIED)
    store(device, batch, where, entries, digests, first, told, state, at)
    if where.held:
        return len(entries)
    if where.fork:
        fork(device, batch, where, at)
    parked += apply(device, told, careful=careful, at=at)
    note_skew(device, told, at)
    park(device, batch, where.branch, parked, at)
    advance(device, batch, where, told, at)
    return len(entries)


def _hear(device: DeviceRow, batch: Batch, at: datetime) -> None:
    run("UPDATE device SET heard_at = %s WHERE device_id = %s", (at, device.device_id))
