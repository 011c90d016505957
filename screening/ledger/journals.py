"""The first source of the recount: stored journals, their chains and signatures, their entries."""

from __future__ import annotations

import hashlib
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec
from cryptography.exceptions import InvalidTag

from screening import crypto
from screening.db import fetch
from screening.ledger.rules import Difference
from screening.registry.keys import RoundPurged, round_key
from screening.tube import chain
from screening.tube import entries as e

BODY_AAD = "journal_block.body"  # as the door sealed it
HELD, ACROSS_GAP = 1, 2
Key = tuple[int, int, int]  # cell, device, journal


class Block(NamedTuple):
    """One row of `journal_block`."""

    cell_id: int
    device_id: int
    journal_id: int
    branch: int
    first: int
    last: int
    prev: bytes
    head: bytes
    signature: bytes
    sent_ms: int
    digests: bytes
    body: bytes
    key_round: int
    state: int

    @property
    def key(self) -> Key:
        return self.cell_id, self.device_id, self.journal_id


class Branch(NamedTuple):
    """What `journal` says of one branch."""

    wire_id: str
    last: int
    head: bytes
    forked_at: int
    gap_declared: int | None


class Device(NamedTuple):
    public_key: bytes
    practice: bool
    name: str


@dataclass
class Stored:
    """Everything that the journals tell, and what is wrong with them."""

    told: list[tuple[e.Told, int]] = field(default_factory=list)  # with the device's cell
    unread: list[tuple[int, int, int]] = field(default_factory=list)  # line, device, number
    faults: list[Difference] = field(default_factory=list)
    entries: int = 0
    purged: set[int] = field(default_factory=set)  # rounds whose entries cannot be read any more


def read(cells: Sequence[int]) -> Stored:
    """Verify and decode every applied block, cell by cell."""
    out = Stored()
    devices = {
        r[0]: Device(bytes(r[1]), r[2], r[3])
        for r in fetch("SELECT device_id, public_key, practice, name FROM device")
    }
    for cell in cells:
        branches = _branches(cell)
        seen: set[tuple[Key, int]] = set()
        for (key, branch), blocks in _groups(_blocks(cell)):
            seen.add((key, branch))
            _read_branch(out, blocks, branches.get((key, branch)), devices.get(key[1]))
        for (key, branch), row in branches.items():
            if row.last > max(0, row.forked_at - 1) and (key, branch) not in seen:
                _cut(out, key, 1, row.last, devices.get(key[1]))
    return out


def _branches(cell: int) -> dict[tuple[Key, int], Branch]:
    rows = fetch(
        "SELECT cell_id, device_id, journal_id, branch, wire_id, last, head, forked_at, "
        "gap_declared FROM journal WHERE cell_id = %s",
        (cell,),
    )
    return {
        ((c, d, j), b): Branch(wire, last, bytes(head), forked, gap)
        for c, d, j, b, wire, last, head, forked, gap in rows
    }


def _blocks(cell: int) -> list[Block]:
    rows = fetch(
        f"SELECT {', '.join(Block._fields)} FROM journal_block WHERE cell_id = %s "
        "ORDER BY device_id, journal_id, branch, first",
        (cell,),
    )
    return [Block(*r) for r in rows]


def _groups(blocks: Sequence[Block]) -> Iterator[tuple[tuple[Key, int], list[Block]]]:
    out: dict[tuple[Key, int], list[Block]] = defaultdict(list)
    for b in blocks:
        if b.state != HELD:  # beyond a gap: kept, not applied; part (d) counts it
            out[b.key, b.branch].append(b)
    yield from out.items()


def _read_branch(
    out: Stored, blocks: Sequence[Block], branch: Branch | None, device: Device | None
) -> None:
    key = blocks[0].key
    if branch is None or device is None:
        what = "journal_without_row" if branch is None else "journal_without_device"
        out.faults.append(Difference("", "journal_block", what, _where(key, blocks[0].first)))
        branch = branch or Branch("", blocks[-1].last, blocks[-1].head, 0, None)
    number = branch.forked_at or 1
    head = blocks[0].prev if branch.forked_at else chain.genesis(key[1], branch.wire_id)
    for b in blocks:
        declared = b.state == ACROSS_GAP and (branch.gap_declared or 0) >= b.first - 1
        if b.first != number and not (declared and b.first > number):
            _cut(out, key, number, b.first - 1, device)
        elif b.prev != head and not declared:
            out.faults.append(Difference("", "journal_block", "chain_broken", _where(key, b.first)))
        digests = chain.split(bytes(b.digests))
        if _vouched(out, b, digests, branch, device):
            _decode(out, b, digests, device)
        number, head = b.last + 1, bytes(b.head)
    if number - 1 < branch.last:
        _cut(out, key, number, branch.last, device)
    elif number - 1 > branch.last or head != bytes(branch.head):
        out.faults.append(Difference("", "journal", "head_differs", _where(key, branch.last)))


def _cut(out: Stored, key: Key, first: int, last: int, device: Device | None) -> None:
    detail = {**_where(key, first), "last": last, "name": device.name if device else ""}
    out.faults.append(Difference("", "journal_block", "numbers_missing", detail))


def _where(key: Key, number: int) -> dict:
    return {"cell": key[0], "device": key[1], "journal": key[2], "number": number}


def _vouched(
    out: Stored, b: Block, digests: Sequence[bytes], branch: Branch, device: Device | None
) -> bool:
    """Whether the chain runs through the block and the device's signature stands over its head.

    Entries that nothing vouches for tell nothing, so that their tubes are named by the comparison."""
    what = ""
    if len(digests) != b.last - b.first + 1 or chain.run_chain(bytes(b.prev), digests) != bytes(
        b.head
    ):
        what = "chain_broken"
    elif device is not None:
        text = chain.signed_text(b.device_id, branch.wire_id, b.last, bytes(b.head), b.sent_ms)
        if not crypto.verify(device.public_key, bytes(b.signature), text):
            what = "bad_signature"
    if what:
        out.faults.append(Difference("", "journal_block", what, _where(b.key, b.first)))
    return not what


def _decode(out: Stored, b: Block, digests: Sequence[bytes], device: Device | None) -> None:
    """The entries, once their bytes agree with the digests that were chained."""
    try:
        key = round_key(b.key_round)
        raws = zlib.decompress(crypto.open_with(key, bytes(b.body), BODY_AAD)).split(b"\n")
    except RoundPurged:
        out.purged.add(b.key_round)
        return
    except (InvalidTag, zlib.error):
        out.faults.append(Difference("", "journal_block", "unreadable", _where(b.key, b.first)))
        return
    sha = hashlib.sha256
    if [sha(r).digest() for r in raws] != list(digests):
        out.faults.append(Difference("", "journal_block", "entries_differ", _where(b.key, b.first)))
        return
    if device is not None and device.practice:
        return
    out.entries += len(raws)
    for i, (raw, digest) in enumerate(zip(raws, digests, strict=True)):
        told = _told(b, b.first + i, raw, digest)
        if told is None:
            out.unread.append((chain.line_id(digest), b.device_id, b.first + i))
        else:
            out.told.append((told, b.cell_id))


def _told(b: Block, number: int, raw: bytes, digest: bytes) -> e.Told | None:
    try:
        entry = e.decode(raw)
        if entry.seq != number or entry.practice:
            return None
        at = datetime.fromtimestamp((entry.at + (entry.offset or 0)) / 1000, UTC)
    except (msgspec.DecodeError, ValueError, OverflowError, OSError):
        return None
    return e.Told(entry, chain.line_id(digest), at, b.device_id, b.journal_id)
