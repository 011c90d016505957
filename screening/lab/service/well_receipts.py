"""The scan of a tube into a well is its receipt: a fact of the desk's journal, or a command where no
desk stands behind the act."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from screening import clock
from screening.lab.service import reception
from screening.lab.service.moves import Moves
from screening.lab.service.reception import issued_cells
from screening.tube.rules import Stage, Verb


def receive_by_well(
    move: Moves, tubes: Mapping[str, Mapping[str, Any]], barcodes: Collection[str]
) -> None:
    """Receive those of the tubes that this laboratory has not received; `tubes` are the rows of
    those that are known. The fact lies a moment before the command that fills the well."""
    unknown = [b for b in barcodes if b not in tubes]
    known = [
        b
        for b, t in tubes.items()
        if t["stage"] != Stage.RECEIVED or t["lab_id"] != move.lab.lab_id
    ]
    rounds = dict.fromkeys(unknown, move.round_id) | {b: tubes[b]["round_id"] for b in known}
    before = clock.to_ms(move.at) - 1
    entries = [
        {"kind": "receive", "tube": b, "round": r, "at": before} for b, r in sorted(rounds.items())
    ]
    if not reception.state(move.lab.lab_id, entries, by=move.by, at=move.at):
        _by_command(move, unknown, known)


def _by_command(move: Moves, unknown: Iterable[str], known: Iterable[str]) -> None:
    """Unknown numbers are claimed where their labels were issued to."""
    fields = {"lab_id": move.lab.lab_id}
    cells = issued_cells(set(unknown))
    groups: dict[int, list[str]] = defaultdict(list)
    for barcode in unknown:
        groups[cells.get(barcode, move.lab.cell_id)].append(barcode)
    for cell, barcodes in sorted(groups.items()):
        move(Verb.RECEIVE, {b: fields for b in barcodes}, "receive", cell=cell)
    move(Verb.RECEIVE, {b: fields for b in known}, "receive")
