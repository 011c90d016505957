"""Batches as they are kept: blocks sealed with their round's key, and blocks held beyond a gap."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import datetime

from screening.crypto import open_with, seal_with
from screening.db import fetch, insert, run
from screening.field import queries
from screening.field.chain import Batch
from screening.field.placing import Placing
from screening.field.queries import DeviceRow
from screening.registry.keys import RoundPurged, round_key
from screening.registry.queries import find_policy
from screening.tube import chain as hashing
from screening.tube import entries as e

BODY_AAD = "journal_block.body"
_BLOCK = (
    "cell_id", "device_id", "journal_id", "branch", "first", "last", "prev", "head", "signature",
    "sent_ms", "digests", "body", "key_round", "state", "received_at",
)  # fmt: skip


def store(
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
    """Keep what is new of a batch as one block, sealed under the key of its round."""
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


def next_held(device: DeviceRow, batch: Batch, branch: int) -> Batch | None:
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


def drop_held(device: DeviceRow, held: Batch) -> None:
    """A block that waited beyond a gap goes: it is stored anew as applied."""
    run(
        "DELETE FROM journal_block WHERE cell_id = %s AND device_id = %s AND journal_id = %s "
        "AND first = %s AND state = 1",
        (device.cell_id, device.device_id, held.journal_id, held.first),
    )
