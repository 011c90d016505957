"""Reading journals: devices, branches, stored blocks."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from screening.db import fetch, insert
from screening.errors import Problem


class UnknownDevice(Problem):
    status = 403
    code = "unknown_device"
    zh = "此设备没有登记，或登记已撤销；日志请导出后到服务台导入。"
    en = "This device is not enrolled or was revoked; export the journal and hand it in at a desk."


class DeviceRow(NamedTuple):
    device_id: int
    cell_id: int
    site_id: int | None
    lab_id: int | None
    public_key: bytes
    state: str
    practice: bool


class Branch(NamedTuple):
    """One branch of a journal as far as it is applied."""

    branch: int
    last: int
    head: bytes
    closed_at: int | None
    forked_at: int
    gap_declared: int | None


class Block(NamedTuple):
    branch: int
    first: int
    last: int
    prev: bytes
    head: bytes
    digests: bytes
    state: int


def get_device(device_id: int) -> DeviceRow:
    """An enrolled device, whatever its state: revocation never refuses what it already wrote."""
    rows = fetch(
        "SELECT device_id, cell_id, site_id, lab_id, public_key, state, practice FROM device "
        "WHERE device_id = %s",
        (device_id,),
    )
    if not rows:
        raise UnknownDevice()
    return DeviceRow(*rows[0])


def lock_branches(
    cell: int, device_id: int, journal_id: int, wire_id: str, genesis: bytes, *, at: datetime
) -> list[Branch]:
    """All branches of one journal, locked; the first contact makes branch 0."""
    rows = _branches(cell, device_id, journal_id)
    if not rows:
        insert(
            "journal",
            ("cell_id", "device_id", "journal_id", "branch", "wire_id", "forked_at", "last",
             "head", "heard_at"),
            [(cell, device_id, journal_id, 0, wire_id, 0, 0, genesis, at)],
            "ON CONFLICT DO NOTHING",
        )  # fmt: skip
        rows = _branches(cell, device_id, journal_id)
    return rows


def _branches(cell: int, device_id: int, journal_id: int) -> list[Branch]:
    rows = fetch(
        "SELECT branch, last, head, closed_at, forked_at, gap_declared FROM journal "
        "WHERE cell_id = %s AND device_id = %s AND journal_id = %s ORDER BY branch FOR UPDATE",
        (cell, device_id, journal_id),
    )
    return [Branch(r[0], r[1], bytes(r[2]), *r[3:]) for r in rows]


def list_blocks(cell: int, device_id: int, journal_id: int, from_seq: int) -> list[Block]:
    """Stored blocks that end at or after `from_seq`, by branch and number."""
    rows = fetch(
        "SELECT branch, first, last, prev, head, digests, state FROM journal_block "
        "WHERE cell_id = %s AND device_id = %s AND journal_id = %s AND last >= %s "
        "ORDER BY branch, first",
        (cell, device_id, journal_id, from_seq),
    )
    return [Block(b, f, ln, bytes(p), bytes(h), bytes(d), s) for b, f, ln, p, h, d, s in rows]


def list_held(cell: int, device_id: int, journal_id: int) -> list[tuple[int, int]]:
    """The runs of numbers held beyond a gap."""
    return fetch(
        "SELECT first, last FROM journal_block WHERE cell_id = %s AND device_id = %s "
        "AND journal_id = %s AND state = 1 ORDER BY first",
        (cell, device_id, journal_id),
    )


# branches, runs of numbers beyond a gap, and entries that wait, in one turn
_TOLD = (
    "WITH j AS (SELECT %s::bigint AS c, %s::bigint AS d, %s::bigint AS j) "
    "SELECT 0, branch::bigint, last, head, NULL FROM journal, j "
    "WHERE cell_id = j.c AND device_id = j.d AND journal_id = j.j UNION ALL "
    "SELECT 1, first, last, NULL, NULL FROM journal_block, j "
    "WHERE cell_id = j.c AND device_id = j.d AND journal_id = j.j AND state = 1 UNION ALL "
    "SELECT 2, seq, 0, NULL, code FROM parked, j WHERE cell_id = j.c AND device_id = j.d "
    "AND journal_id = j.j AND settled_at IS NULL ORDER BY 1, 2"
)


class ToldRow(NamedTuple):
    """What the server holds of one journal: (branch, last, head), then (first, last) of what is held
    beyond a gap, and (number, reason) of entries that could not be applied and are not settled."""

    branches: list[tuple[int, int, bytes]]
    held: list[tuple[int, int]]
    parked: list[tuple[int, str]]


def told_of(cell: int, device_id: int, journal_id: int) -> ToldRow:
    """All that a receipt says of a journal."""
    out = ToldRow([], [], [])
    for kind, number, last, head, code in fetch(_TOLD, (cell, device_id, journal_id)):
        if kind == 0:
            out.branches.append((number, last, bytes(head)))
        elif kind == 1:
            out.held.append((number, last))
        else:
            out.parked.append((number, code))
    return out
