"""The receipt: what the server holds of one journal."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from screening.field import queries
from screening.field.queries import DeviceRow
from screening.tube import chain as hashing


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


def receipt(device: DeviceRow, wire_id: str, *, new: int = 0, at: datetime) -> Receipt:
    """What the server holds of this journal now."""
    journal = hashing.journal_id(wire_id)
    told = queries.told_of(device.cell_id, device.device_id, journal)
    _, last, head = (
        told.branches[0] if told.branches else (0, 0, hashing.genesis(device.device_id, wire_id))
    )
    out = Receipt(device.device_id, wire_id, last, head.hex())
    out.held = [list(r) for r in told.held]
    out.parked = [{"number": n, "code": c} for n, c in told.parked]
    out.forked, out.device_state = len(told.branches) > 1, device.state
    out.server_time, out.new = int(at.timestamp() * 1000), new
    return out
