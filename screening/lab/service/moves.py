"""Moving tubes for the bench: commands, then tickets and dirty marks once for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from screening.lab.queries import LabRow
from screening.tickets.tubes import settle_tubes
from screening.tube.rules import Verb
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


@contextmanager
def moving(lab: LabRow, round_id: int, *, by: int, at: datetime) -> Iterator[Moves]:
    """Commands inside the block; at its end tickets agree and rollups know."""
    moves = Moves(lab, round_id, by=by, at=at)
    yield moves
    if moves.merged:
        settle_tubes(moves.merged, at=at)
        mark_dirty(moves.merged.values())
