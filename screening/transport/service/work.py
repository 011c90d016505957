"""What a set of transport entries adds, on its way through the service."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from screening.tickets.service import Finding, Subject
from screening.transport.rules import Fact
from screening.tube import entries as e
from screening.tube import service as tube

KINDS = (
    e.BoxOpen, e.Pack, e.Unpack, e.Seal, e.Unseal, e.HandOver, e.Arrive, e.Receive, e.Unpacked,
)  # fmt: skip


@dataclass
class Outcome:
    """What a set of transport entries came to."""

    merged: dict[str, tube.Merged] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    batches: list[Subject] = field(default_factory=list)
    tubes: list[Subject] = field(default_factory=list)  # that were packed
    scanned: list[Subject] = field(default_factory=list)  # at the laboratory, out of a box
    parked: list[tuple[e.Told, str]] = field(default_factory=list)


Ref = tuple[int, int]  # cell, batch


@dataclass
class Work:
    """Facts by batch, tube lines by barcode, seals that packers told, wire ids."""

    facts: dict[Ref, list[Fact]] = field(default_factory=lambda: defaultdict(list))
    packs: dict[Ref, list[tuple[str, int, datetime]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    lines: dict[str, tube.Facts] = field(default_factory=dict)
    seals: dict[str, Ref] = field(default_factory=dict)
    by_seal: list[tuple[e.Told, str]] = field(default_factory=list)
    wires: dict[Ref, str] = field(default_factory=dict)
