"""Corrections: what waits for its second person, and what was decided."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from screening.db import fetch
from screening.errors import NotFound
from screening.lab.queries import LabRow
from screening.places.queries import place_of_lab
from screening.places.rules import Place
from screening.tube.queries import Key


class NoSuchCorrection(NotFound):
    code = "no_such_correction"
    zh = "没有这条更正申请。"
    en = "There is no such correction."


class CorrectionRow(NamedTuple):
    """A correction asked for; `state` asked, done or refused."""

    cell_id: int
    correction_id: int
    round_id: int
    barcode: str
    lab_id: int
    outcome: int
    reason: str
    asked_by: int
    asked_at: datetime
    settled_by: int | None
    settled_at: datetime | None
    state: str

    @property
    def key(self) -> Key:
        return Key(self.barcode, self.cell_id, self.round_id)


_CORRECTION = ", ".join(CorrectionRow._fields)


def lock_correction(cell: int, correction_id: int) -> CorrectionRow:
    rows = fetch(
        f"SELECT {_CORRECTION} FROM correction WHERE cell_id = %s AND correction_id = %s "
        "FOR UPDATE",
        (cell, correction_id),
    )
    if not rows:
        raise NoSuchCorrection()
    return CorrectionRow(*rows[0])


def find_waiting(key: Key) -> CorrectionRow | None:
    """The correction of a tube that waits for its second person."""
    rows = fetch(
        f"SELECT {_CORRECTION} FROM correction WHERE cell_id = %s AND round_id = %s "
        "AND barcode = %s AND state = 'asked'",
        (key.cell_id, key.round_id, key.barcode),
    )
    return CorrectionRow(*rows[0]) if rows else None


def place_of_correction(cell: int, correction_id: int) -> Place:
    """The laboratory whose desk settles it."""
    rows = fetch(
        "SELECT lab_id FROM correction WHERE cell_id = %s AND correction_id = %s",
        (cell, correction_id),
    )
    if not rows:
        raise NoSuchCorrection()
    return place_of_lab(rows[0][0])


def list_corrections(
    labs: Sequence[LabRow], *, state: str | None = None, before: int | None = None, limit: int = 100
) -> list[CorrectionRow]:
    """Corrections of these laboratories, newest first, paged by number."""
    ids = [x.lab_id for x in labs]
    rows = fetch(
        f"SELECT /* fan-out: a correction lies with its tube, there are few */ {_CORRECTION} "
        "FROM correction WHERE lab_id = ANY(%s) AND (%s::text IS NULL OR state = %s) "
        "AND correction_id < %s ORDER BY correction_id DESC LIMIT %s",
        (ids, state, state, before or 2**62, limit),
    )
    return [CorrectionRow(*r) for r in rows]
