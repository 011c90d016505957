"""A tube at the laboratory's door: receive and reject, as facts of the reception's journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from screening.db import fetch
from screening.errors import Problem
from screening.tube import entries as e
from screening.tube import rules, service
from screening.tube.labels import read_tube
from screening.tube.rules import Line, Verb

KINDS = (e.Receive, e.Reject)


class NoLab(Problem):
    status = 422
    code = "no_lab"
    zh = "条目没有写明实验室。"
    en = "The entry names no laboratory."


class Door(Protocol):
    """States entries (docs/journal.md) in the desk journal of the person who acts. False when
    nobody sits at a desk: a program's act stays a command."""

    def __call__(
        self, lab_id: int, entries: Sequence[Mapping[str, Any]], *, by: int, at: datetime
    ) -> bool: ...


_doors: list[Door] = []


def open_door(door: Door) -> None:
    """The field, which stands above, lends the bench its journals (architecture 1.2)."""
    _doors[:] = [door]


def state(lab_id: int, entries: Sequence[Mapping[str, Any]], *, by: int, at: datetime) -> bool:
    """Whether the entries were stated as facts of a desk."""
    return bool(entries) and any(door(lab_id, entries, by=by, at=at) for door in _doors)


@dataclass
class Outcome:
    merged: service.MergedSet = field(default_factory=service.MergedSet)
    parked: list[tuple[e.Told, str]] = field(default_factory=list)


def apply(
    told: Sequence[e.Told], *, rounds: Mapping[int, int], cell: int, recorded_at: datetime
) -> Outcome:
    """Merge receipts into tubes. A number nobody has captured yet is claimed where its label run
    was issued, else in the device's own `cell`: kept, held, and joined when the capture comes."""
    out = Outcome()
    read: list[tuple[e.Told, str]] = []
    for t in told:
        try:
            if t.entry.lab is None:
                raise NoLab()
            read.append((t, read_tube(t.entry.tube)))
        except Problem as p:
            out.parked.append((t, p.code))
    cells = issued_cells({b for _, b in read})
    facts: dict[str, service.Facts] = {}
    for t, barcode in read:
        fact = facts.get(barcode)
        if fact is None:
            home = cells.get(barcode, cell)
            fact = facts[barcode] = service.Facts(barcode, home, rounds[t.line_id])
        fact.lines.append(_line(t))
    out.merged = service.merge(facts, recorded_at=recorded_at)
    return out


def _line(t: e.Told) -> Line:
    entry = t.entry
    reject = type(entry) is e.Reject
    verb = Verb.REJECT if reject else Verb.RECEIVE
    data = {"reason": entry.reason} if reject else ({"seal": entry.seal} if entry.seal else None)
    return Line(
        t.line_id, int(verb), int(rules.STAGE_OF[verb]), t.at, t.device_id, t.journal_id,
        entry.seq, entry.staff, lab_id=entry.lab, data=data,
    )  # fmt: skip


def issued_cells(barcodes: set[str]) -> dict[str, int]:
    """The cell of the site that each blank label was issued to."""
    if not barcodes:
        return {}
    rows = fetch(
        "SELECT k.barcode, s.cell_id FROM tube_key k JOIN label_run r ON r.run_id = k.run_id "
        "JOIN site s ON s.site_id = r.site_id WHERE k.barcode = ANY(%s) AND k.round_id IS NULL",
        (list(barcodes),),
    )
    return dict(rows)
