"""What the facts held about one tube add up to (pure)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from screening.tube.rules import Stage


@dataclass(slots=True)
class State:
    """What the facts add up to. `voids` maps specimen to Void; `findings` are the ticket kinds
    that hold now, with both sides."""

    stage: Stage = Stage.PRINTED
    since: datetime | None = None
    site_id: int | None = None
    table_no: int | None = None
    mode: int = 0
    pool_size: int = 0
    channel: str | None = None
    holder_kind: str = "stock"
    holder_id: int = 0
    confirmed: int | None = None
    members: int = 0
    complete: bool = False
    holds: int = 0
    home_cells: list[int] = field(default_factory=list)
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    received_at: datetime | None = None
    lab_id: int | None = None
    batch_id: int | None = None
    batches: set[int] = field(default_factory=set)  # every trip it was packed into
    outcome: int | None = None
    version: int = 0
    voids: dict[int, int] = field(default_factory=dict)
    findings: dict[str, dict] = field(default_factory=dict)
