"""Moving tubes for the bench: commands, then tickets and dirty marks once for all of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from screening.lab import queries
from screening.lab.queries import LabRow, PlateRow, Plating
from screening.lab.service.ranks import rank_received
from screening.tickets.tubes import settle_tubes
from screening.tube.queries import Key, list_tubes
from screening.tube.rules import Stage, Verb
from screening.tube.service import Merged, advance, mark_dirty

Fields = Mapping[str, Mapping[str, Any]]


class Moves:
    """The commands of one act at a laboratory; `merged` is how its tubes stand after them."""

    def __init__(self, lab: LabRow, round_id: int, *, by: int, at: datetime) -> None:
        self.lab, self.round_id, self.by, self.at = lab, round_id, by, at
        self.merged: dict[str, Merged] = {}

    def __call__(
        self,
        verb: Verb,
        tubes: Fields,
        kind: str,
        *,
        cell: int | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> None:
        """Advance tubes; `cell` is where a number nobody knows is claimed (the laboratory's)."""
        if not tubes:
            return
        _, merged = advance(
            verb, tubes, kind=kind, cell=self.lab.cell_id if cell is None else cell,
            round_id=self.round_id, by=self.by, at=self.at, recorded_at=self.at, body=body,
        )  # fmt: skip
        self.merged |= merged

    def give_back(self, tubes: Mapping[str, Plating], body: Mapping[str, Any]) -> None:
        """A plate that gives no results returns its tubes to the rack."""
        fields = {b: {"answers": s.line_id} for b, s in tubes.items()}
        self(Verb.UNPLATE, fields, "plate_invalid", body=body)


def standing(plate: PlateRow, tubes: Collection[Key]) -> dict[str, Plating]:
    """Those of the plate's tubes that no other fact has taken away from it since."""
    here = {t["barcode"] for t in list_tubes(tubes) if t["stage"] == Stage.PLATED}
    found = queries.platings(k for k in tubes if k.barcode in here)
    return {b: s for b, s in found.items() if s.plate_id == plate.plate_id}


@contextmanager
def moving(lab: LabRow, round_id: int, *, by: int, at: datetime) -> Iterator[Moves]:
    """Commands inside the block; at its end tickets agree and rollups know."""
    moves = Moves(lab, round_id, by=by, at=at)
    yield moves
    if moves.merged:
        settle_tubes(moves.merged, at=at)
        rank_received(moves.merged.values())
        mark_dirty(moves.merged.values())
