"""What goes out of the house about results: one sealed package a tube and version, by the outbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from screening import outbox
from screening.db import by_cell
from screening.registry.person_codes import make_resident_code
from screening.registry.service.persons import ring
from screening.tube.queries import Key
from screening.tube.rules import Bind

TOPIC = "results"
AAD = "outbox.body"


class Package(NamedTuple):
    """One version of one tube's result; `what` is release or correction."""

    what: str
    key: Key
    version: int
    outcome: int
    lab_id: int
    run_id: int | None
    command_id: int
    binds: Sequence[Bind]
    reason: str | None = None


def send(packages: Sequence[Package], *, at: datetime) -> None:
    """Write the packages beside the results; the worker sends them after the commit."""
    rows = [
        (p.key.cell_id, TOPIC, p.command_id, ring().seal(msgspec.json.encode(body(p, at)), AAD), at)
        for p in packages
    ]
    for _, group in by_cell(rows):
        outbox.put(group, at=at)


def body(p: Package, at: datetime) -> Mapping[str, Any]:
    """What a receiver needs: the tube, the version, and whom it speaks of, by resident code."""
    return {
        "what": p.what,
        "tube": p.key.barcode,
        "round": p.key.round_id,
        "version": p.version,
        "outcome": int(p.outcome),
        "lab": p.lab_id,
        "run": p.run_id,
        "at": at,
        "reason": p.reason,
        "pooled": len({b.person_id for b in p.binds}),
        "members": [
            {
                "person": make_resident_code(b.home_cell, b.person_id),
                "specimen": str(b.specimen_id),
                "sampled_at": b.at,
            }
            for b in p.binds
        ],
    }
