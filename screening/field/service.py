"""The door: one batch in one transaction. Places it in its journal, stores it, applies it."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
import psycopg
from sqlalchemy.exc import DBAPIError

from screening import clock
from screening.crypto import open_with, seal_with
from screening.db import db, fetch, insert, run
from screening.errors import Problem
from screening.field import apply as applying
from screening.field import chain, queries
from screening.field.chain import Batch
from screening.field.placing import Placing, place
from screening.field.queries import Branch, DeviceRow
from screening.registry.keys import RoundPurged, round_key
from screening.registry.queries import find_policy
from screening.tickets import service as tickets
from screening.tickets.service import Finding
from screening.tube import chain as hashing
from screening.tube import entries as e

log = logging.getLogger("screening.field")
APPLIED, HELD, ACROSS_GAP = 0, 1, 2
SKEW_MS = 600_000  # ten minutes (edge case 25)
BODY_AAD = "journal_block.body"
RETRIES = 3  # a deadlock between two devices' batches is tried again


class PracticeMixed(Problem):
    status = 409
    code = "practice_mixed"
    zh = "练习日志不能进入正式系统，正式日志也不能进入练习。"
    en = "A practice journal cannot enter the live system, nor the reverse."


@dataclass
class Receipt:
    """What the server holds of one journal; the truth that a device shows (docs/journal.md)."""

    device: int
    journal: str
    last: int
    head: str
    held: list[list[int]] = field(default_factory=list)
    parked: list[dict[str, Any]] = field(default_factory=list)
    forked: bool = False
    device_state: str = "active"
    server_time: int = 0
    new: int = 0

    def to_dict(self) -> dict[str, Any]:
        return dict(self.__dict__)


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
        except (
            DBAPIError,
            psycopg.Error,
            LookupError,
            TypeError,
            ValueError,
            AssertionError,
        ) as err:
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
    except (DBAPIError, psycopg.Error, LookupError, TypeError, ValueError, AssertionError) as err:
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
    new = _take(device, batch, where, branches, careful=careful, at=at)
    while new and not where.held and (more := _next_held(device, batch, where.branch)):
        try:
            found = place(more, _branches_again(device, batch), lambda: _blocks(device, more))
        except chain.BrokenChain:
            break  # it follows another copy's numbers, which may still come
        if found.held:
            break
        _drop_held(device, more)
        new += _take(device, more, found, branches, careful=careful, at=at)
    _hear(device, batch, at)
    return receipt(device, batch.wire_id, new=new, at=at)


def _blocks(device: DeviceRow, batch: Batch) -> list[queries.Block]:
    return queries.list_blocks(device.cell_id, device.device_id, batch.journal_id, batch.first - 1)


def _branches_again(device: DeviceRow, batch: Batch) -> list[Branch]:
    return queries.lock_branches(
        device.cell_id, device.device_id, batch.journal_id, batch.wire_id, b"", at=clock.now()
    )


def _take(
    device: DeviceRow,
    batch: Batch,
    where: Placing,
    branches: Sequence[Branch],
    *,
    careful: bool,
    at: datetime,
) -> int:
    """Store and apply what is new of a batch; the number of new entries."""
    entries, digests = batch.entries[where.skip :], batch.digests[where.skip :]
    if not entries:
        return 0
    first = batch.first + where.skip
    told, parked = _decode(device, batch, entries, digests, first)
    state = HELD if where.held else (ACROSS_GAP if where.across_gap else APPLIED)
    _store(device, batch, where, entries, digests, first, told, state, at)
    if where.held:
        return len(entries)
    if where.fork:
        _fork(device, batch, where, at)
    parked += _apply(device, told, careful=careful, at=at)
    _note_skew(device, told, at)
    _park(device, batch, where.branch, parked, at)
    _advance(device, batch, where, told, at)
    return len(entries)


def _decode(
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


def _apply(
    device: DeviceRow, told: list[e.Told], *, careful: bool, at: datetime
) -> list[tuple[int, int, str]]:
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
        except (
            DBAPIError,
            psycopg.Error,
            LookupError,
            TypeError,
            ValueError,
            AssertionError,
        ) as err:
            log.error(
                "entry %s of device %s parked: %s", t.entry.seq, t.device_id, type(err).__name__
            )
            parked.append((t.line_id, t.entry.seq, "not_applicable"))
    return parked


_BLOCK = (
    "cell_id", "device_id", "journal_id", "branch", "first", "last", "prev", "head", "signature",
    "sent_ms", "digests", "body", "key_round", "state", "received_at",
)  # fmt: skip


def _store(
    device: DeviceRow,
    batch: Batch,
    where: Placing,
    entries: Sequence[bytes],
    digests: Sequence[bytes],
    first: int,
    told: Sequence[e.Told],
    state: int,
    at: datetime,
) -> None:
    key_round = next((t.entry.round for t in told if t.entry.round), 0)
    if key_round and find_policy(key_round) is None:
        key_round = 0
    try:
        key = round_key(key_round)
    except RoundPurged:
        key_round, key = 0, round_key(0)
    body = seal_with(key, zlib.compress(b"\n".join(entries), 1), BODY_AAD)
    insert(
        "journal_block",
        _BLOCK,
        [(
            device.cell_id, device.device_id, batch.journal_id, where.branch, first, batch.last,
            where.prev, batch.head, batch.signature, batch.sent_ms, b"".join(digests), body,
            key_round, state, at,
        )],
        "ON CONFLICT DO NOTHING",
    )  # fmt: skip


def open_body(key_round: int, body: bytes) -> list[bytes]:
    """The entries of a stored block, as sent. Raises RoundPurged."""
    return zlib.decompress(open_with(round_key(key_round), bytes(body), BODY_AAD)).split(b"\n")


def _advance(
    device: DeviceRow, batch: Batch, where: Placing, told: Sequence[e.Told], at: datetime
) -> None:
    closed = [t.entry.n for t in told if type(t.entry) is e.ShiftEnd]
    last_at = max((t.at for t in told), default=None)
    run(
        "UPDATE journal SET last = %s, head = %s, heard_at = %s, last_at = COALESCE(%s, last_at), "
        "closed_at = COALESCE(%s, closed_at) "
        "WHERE cell_id = %s AND device_id = %s AND journal_id = %s AND branch = %s",
        (
            batch.last, batch.head, at, last_at, closed[-1] if closed else None,
            device.cell_id, device.device_id, batch.journal_id, where.branch,
        ),
    )  # fmt: skip


def _fork(device: DeviceRow, batch: Batch, where: Placing, at: datetime) -> None:
    """A second branch of the same numbers: both are kept, the device must enrol again."""
    insert(
        "journal",
        ("cell_id", "device_id", "journal_id", "branch", "wire_id", "forked_at", "last", "head",
         "heard_at"),
        [(device.cell_id, device.device_id, batch.journal_id, where.branch, batch.wire_id,
          batch.first + where.skip, batch.first + where.skip - 1, where.prev, at)],
        "ON CONFLICT DO NOTHING",
    )  # fmt: skip
    run(
        "UPDATE device SET state = 'forked' WHERE device_id = %s AND state = 'active'",
        (device.device_id,),
    )
    sides = {"journal": batch.wire_id, "from": batch.first + where.skip}
    _ticket(device, "fork", sides, at)


def _note_skew(device: DeviceRow, told: Sequence[e.Told], at: datetime) -> None:
    """A clock that is off by more than ten minutes is corrected, and noted (edge case 25)."""
    off = max((abs(t.entry.offset or 0) for t in told), default=0)
    if off > SKEW_MS:
        _ticket(device, "clock_skew", {"minutes": off // 60_000}, at)


def _ticket(device: DeviceRow, kind: str, sides: dict, at: datetime) -> None:
    found = Finding(
        device.cell_id, 0, kind, str(device.device_id), at, device.site_id, device.lab_id, sides
    )
    tickets.open_all([found], at=at)


def _park(
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


def _next_held(device: DeviceRow, batch: Batch, branch: int) -> Batch | None:
    """The next held block of this journal that may follow now, as the batch it came in."""
    if not queries.list_held(device.cell_id, device.device_id, batch.journal_id):
        return None
    rows = fetch(
        "SELECT b.first, b.prev, b.head, b.sent_ms, b.signature, b.digests, b.body, b.key_round "
        "FROM journal_block b JOIN journal j ON j.cell_id = b.cell_id "
        "AND j.device_id = b.device_id AND j.journal_id = b.journal_id AND j.branch = %s "
        "WHERE b.cell_id = %s AND b.device_id = %s AND b.journal_id = %s AND b.state = 1 "
        "AND b.first <= j.last + 1 ORDER BY b.first LIMIT 1",
        (branch, device.cell_id, device.device_id, batch.journal_id),
    )
    if not rows:
        return None
    first, prev, head, sent_ms, signature, digests, body, key_round = rows[0]
    return Batch(
        device.device_id, batch.wire_id, batch.journal_id, first, bytes(prev), bytes(head),
        sent_ms, device.practice, bytes(signature), open_body(key_round, body),
        hashing.split(bytes(digests)),
    )  # fmt: skip


def _drop_held(device: DeviceRow, held: Batch) -> None:
    run(
        "DELETE FROM journal_block WHERE cell_id = %s AND device_id = %s AND journal_id = %s "
        "AND first = %s AND state = 1",
        (device.cell_id, device.device_id, held.journal_id, held.first),
    )


def _hear(device: DeviceRow, batch: Batch, at: datetime) -> None:
    run("UPDATE device SET heard_at = %s WHERE device_id = %s", (at, device.device_id))


def receipt(device: DeviceRow, wire_id: str, *, new: int = 0, at: datetime) -> Receipt:
    """What the server holds of this journal now."""
    journal = hashing.journal_id(wire_id)
    rows = fetch(
        "SELECT branch, last, head FROM journal WHERE cell_id = %s AND device_id = %s "
        "AND journal_id = %s ORDER BY branch",
        (device.cell_id, device.device_id, journal),
    )
    last, head = (
        (rows[0][1], bytes(rows[0][2])) if rows else (0, hashing.genesis(device.device_id, wire_id))
    )
    out = Receipt(device.device_id, wire_id, last, head.hex())
    out.held = [list(r) for r in queries.list_held(device.cell_id, device.device_id, journal)]
    out.parked = [
        {"number": n, "code": c}
        for n, c in queries.list_parked(device.cell_id, device.device_id, journal)
    ]
    out.forked, out.device_state = len(rows) > 1, device.state
    out.server_time, out.new = int(at.timestamp() * 1000), new
    return out
