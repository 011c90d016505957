"""Where a journal stands after a batch: its number, its second branch, its device's clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from screening.db import insert, run
from screening.field.chain import Batch
from screening.field.placing import Placing
from screening.field.queries import DeviceRow
from screening.tickets import service as tickets
from screening.tickets.service import Finding
from screening.tube import entries as e

SKEW_MS = 600_000  # ten minutes (edge case 25)


def advance(
    device: DeviceRow, batch: Batch, where: Placing, told: Sequence[e.Told], at: datetime
) -> None:
    """The branch stands at the batch's last number; a shift's end tells its closing number."""
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


def fork(device: DeviceRow, batch: Batch, where: Placing, at: datetime) -> None:
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


def note_skew(device: DeviceRow, told: Sequence[e.Told], at: datetime) -> None:
    """A clock that is off by more than ten minutes is corrected, and noted (edge case 25)."""
    off = max((abs(t.entry.offset or 0) for t in told), default=0)
    if off > SKEW_MS:
        _ticket(device, "clock_skew", {"minutes": off // 60_000}, at)


def _ticket(device: DeviceRow, kind: str, sides: dict, at: datetime) -> None:
    found = Finding(
        device.cell_id, 0, kind, str(device.device_id), at, device.site_id, device.lab_id, sides
    )
    tickets.open_all([found], at=at)
