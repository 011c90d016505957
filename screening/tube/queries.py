"""Reading tubes: the directory, rows under lock, and all facts of a set of tubes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from screening.db import fetch
from screening.errors import NotFound
from screening.tube.rules import Bind, Line


class NoSuchTube(NotFound):
    code = "no_such_tube"
    zh = "系统中没有这个管码。"
    en = "No such tube number is known."


class Key(NamedTuple):
    """Where a claimed tube lives."""

    barcode: str
    cell_id: int
    round_id: int


class Row(NamedTuple):
    """What merging needs of a stored tube."""

    barcode: str
    stage: int
    version: int
    home_cells: list[int]
    members: int


LINE_COLUMNS = (
    "line_id, verb, stage, at, device_id, journal_id, seq, staff_id, site_id, lab_id, batch_id, "
    "n, answers, data"
)
BIND_COLUMNS = (
    "specimen_id, person_id, cell_id, community_id, seat, purpose, at, device_id, journal_id, "
    "seq, staff_id, site_id, reason, void, of_record"
)


def find_keys(barcodes: Collection[str]) -> dict[str, Key]:
    """The claimed ones among `barcodes`."""
    rows = fetch(
        "SELECT barcode, cell_id, round_id FROM tube_key "
        "WHERE barcode = ANY(%s) AND round_id IS NOT NULL",
        (list(barcodes),),
    )
    return {r[0]: Key(*r) for r in rows}


def get_key(barcode: str) -> Key:
    """Where a tube lives; raises NoSuchTube when the number is blank or unknown."""
    keys = find_keys([barcode])
    if barcode not in keys:
        raise NoSuchTube()
    return keys[barcode]


def lock_rows(cell: int, round_id: int, barcodes: Sequence[str]) -> list[Row]:
    """The stored tubes among `barcodes`, locked in order."""
    rows = fetch(
        "SELECT barcode, stage, version, home_cells, members FROM tube WHERE cell_id = %s "
        "AND round_id = %s AND barcode = ANY(%s) ORDER BY barcode FOR UPDATE",
        (cell, round_id, sorted(barcodes)),
    )
    return [Row(*r) for r in rows]


def list_lines(cell: int, round_id: int, barcodes: Sequence[str]) -> dict[str, list[Line]]:
    """All custody lines of each tube."""
    out: dict[str, list[Line]] = defaultdict(list)
    rows = fetch(
        f"SELECT barcode, {LINE_COLUMNS} FROM custody "
        "WHERE cell_id = %s AND round_id = %s AND barcode = ANY(%s)",
        (cell, round_id, list(barcodes)),
    )
    for barcode, *rest in rows:
        out[barcode].append(Line(*rest))
    return out


def list_binds(
    home_cells: Iterable[int], round_id: int, barcodes: Sequence[str]
) -> dict[str, list[Bind]]:
    """All specimens of each tube, voided ones too, from the given home cells."""
    out: dict[str, list[Bind]] = defaultdict(list)
    cells = sorted(set(home_cells))
    if not cells:
        return out
    rows = fetch(
        f"SELECT barcode, {BIND_COLUMNS} FROM specimen "
        "WHERE cell_id = ANY(%s) AND round_id = %s AND barcode = ANY(%s)",
        (cells, round_id, list(barcodes)),
    )
    for barcode, *rest in rows:
        out[barcode].append(Bind(*rest))
    return out


def get_tube(key: Key) -> dict:
    """One tube's row as a mapping."""
    rows = list_tubes([key])
    if not rows:
        raise NoSuchTube()
    return rows[0]


TUBE_COLUMNS = (
    "cell_id", "round_id", "barcode", "site_id", "table_no", "mode", "pool_size", "channel",
    "stage", "since", "due_at", "holder_kind", "holder_id", "confirmed", "members", "complete",
    "holds", "home_cells", "opened_at", "closed_at", "received_at", "lab_id", "batch_id",
    "outcome", "version",
)  # fmt: skip


def list_tubes(keys: Iterable[Key]) -> list[dict]:
    """The rows of these tubes, grouped by cell and round."""
    groups: dict[tuple[int, int], list[str]] = defaultdict(list)
    for key in keys:
        groups[key.cell_id, key.round_id].append(key.barcode)
    out = []
    for (cell, round_id), barcodes in sorted(groups.items()):
        rows = fetch(
            f"SELECT {', '.join(TUBE_COLUMNS)} FROM tube "
            "WHERE cell_id = %s AND round_id = %s AND barcode = ANY(%s) ORDER BY barcode",
            (cell, round_id, barcodes),
        )
        out += [dict(zip(TUBE_COLUMNS, r, strict=True)) for r in rows]
    return out


def list_members(key: Key, home_cells: Sequence[int]) -> list[Bind]:
    """Who is, or was, in one tube, by seat."""
    binds = list_binds(home_cells, key.round_id, [key.barcode]).get(key.barcode, [])
    return sorted(binds, key=lambda b: (b.seat, b.order))


def list_specimens_of(cell: int, round_id: int, persons: Collection[int]) -> dict[int, list]:
    """(Bind, barcode, tube_cell) of each of these persons of one cell in one round."""
    out: dict[int, list] = defaultdict(list)
    rows = fetch(
        f"SELECT barcode, tube_cell, {BIND_COLUMNS} FROM specimen "
        "WHERE cell_id = %s AND round_id = %s AND person_id = ANY(%s)",
        (cell, round_id, list(persons)),
    )
    for barcode, tube_cell, *rest in rows:
        bind = Bind(*rest)
        out[bind.person_id].append((bind, barcode, tube_cell))
    return out
