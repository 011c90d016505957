"""Reading plates and wells, and where a tube stands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from screening.db import fetch
from screening.errors import NotFound
from screening.lab.queries.labs import LabRow
from screening.registry import queries as registry
from screening.tube.queries import Key, list_binds
from screening.tube.rules import NOT_IN_TUBE, Mode, Verb

# A bench looks back this far for plates and runs; older ones are found by their number.
RECENT = timedelta(days=14)


class NoSuchPlate(NotFound):
    code = "no_such_plate"
    zh = "没有这块板。"
    en = "There is no such plate."


class PlateRow(NamedTuple):
    """A plate as stored; `layout` names the control wells."""

    cell_id: int
    plate_id: int
    lab_id: int
    round_id: int
    code: str
    size: int
    layout: dict[str, str]
    rule_id: int
    state: str
    made_by: int
    made_at: datetime
    run_id: int | None


class WellRow(NamedTuple):
    """A tube in a well, and where that tube's own rows lie."""

    well: str
    barcode: str
    tube_cell: int
    tube_round: int
    filled_by: int
    filled_at: datetime

    @property
    def key(self) -> Key:
        return Key(self.barcode, self.tube_cell, self.tube_round)


_PLATE = ", ".join(PlateRow._fields)
_WELL = ", ".join(WellRow._fields)


def get_plate(lab: LabRow, plate_id: int, *, lock: bool = False) -> PlateRow:
    """One plate of this laboratory; with `lock` until the end of the transaction."""
    rows = fetch(
        f"SELECT {_PLATE} FROM plate WHERE cell_id = %s AND plate_id = %s AND lab_id = %s"
        + (" FOR UPDATE" if lock else ""),
        (lab.cell_id, plate_id, lab.lab_id),
    )
    if not rows:
        raise NoSuchPlate()
    return PlateRow(*rows[0])


def list_wells(plate: PlateRow) -> dict[str, WellRow]:
    """The tubes of a plate by well."""
    rows = fetch(
        f"SELECT {_WELL} FROM well WHERE cell_id = %s AND plate_id = %s",
        (plate.cell_id, plate.plate_id),
    )
    return {r[0]: WellRow(*r) for r in rows}


def last_layouts(lab: LabRow, size: int, limit: int) -> list[dict[str, str]]:
    """The control wells of a laboratory's last plates, newest first."""
    rows = fetch(
        "SELECT layout FROM plate WHERE cell_id = %s AND lab_id = %s AND size = %s "
        "ORDER BY plate_id DESC LIMIT %s",
        (lab.cell_id, lab.lab_id, size, limit),
    )
    return [r[0] for r in rows]


class PlateLine(NamedTuple):
    """A plate in a list, with how many tubes stand on it."""

    plate_id: int
    lab_id: int
    code: str
    size: int
    state: str
    made_at: datetime
    run_id: int | None
    tubes: int


def list_plates(
    labs: Sequence[LabRow],
    *,
    state: str | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[PlateLine]:
    """Plates of these laboratories, newest first, paged by number."""
    if not labs:
        return []
    cond = ""
    params: list[Any] = []
    if state:
        cond, params = cond + " AND p.state = %s", [*params, state]
    if before:
        cond, params = cond + " AND p.plate_id < %s", [*params, before]
    cells = sorted({x.cell_id for x in labs})
    rows = fetch(
        "SELECT p.plate_id, p.lab_id, p.code, p.size, p.state, p.made_at, p.run_id, "
        "(SELECT count(DISTINCT w.barcode) FROM well w WHERE w.cell_id = p.cell_id "
        "AND w.plate_id = p.plate_id) FROM plate p "
        f"WHERE p.cell_id = ANY(%s) AND p.lab_id = ANY(%s){cond} "
        "ORDER BY p.plate_id DESC LIMIT %s",
        (cells, [x.lab_id for x in labs], *params, limit),
    )
    return [PlateLine(*r) for r in rows]


def count_plates(lab: LabRow, at: datetime) -> dict[str, int]:
    """Plates of the last days by state."""
    rows = fetch(
        "SELECT state, count(*) FROM plate WHERE cell_id = %s AND lab_id = %s AND made_at > %s "
        "GROUP BY state",
        (lab.cell_id, lab.lab_id, at - RECENT),
    )
    return dict(rows)


class Plating(NamedTuple):
    """Where a tube stands now: the line that plated it, which plate and well; how often it was
    rerun before."""

    line_id: int
    plate_id: int
    well: str
    reruns: int


def platings(keys: Iterable[Key]) -> dict[str, Plating]:
    """The platings that hold, of those of these tubes that stand on a plate."""
    out: dict[str, Plating] = {}
    for (cell, round_id), barcodes in _by_place(keys).items():
        rows = fetch(
            "SELECT barcode, line_id, verb, answers, data FROM custody WHERE cell_id = %s "
            "AND round_id = %s AND barcode = ANY(%s) AND verb = ANY(%s) ORDER BY at, line_id",
            (cell, round_id, barcodes, [int(Verb.PLATE), int(Verb.UNPLATE), int(Verb.RERUN)]),
        )
        taken = {r[3] for r in rows if r[2] != Verb.PLATE}
        reruns: dict[str, int] = defaultdict(int)
        for barcode, _, verb, _, _ in rows:
            reruns[barcode] += verb == Verb.RERUN
        for barcode, line_id, verb, _, data in rows:
            if verb == Verb.PLATE and line_id not in taken:
                at = data or {}
                out[barcode] = Plating(
                    line_id, at.get("plate", 0), at.get("well", ""), reruns[barcode]
                )
    return out


def reruns_of(keys: Iterable[Key]) -> set[str]:
    """Those of the tubes that wait for, or had, a rerun."""
    out: set[str] = set()
    for (cell, round_id), barcodes in _by_place(keys).items():
        rows = fetch(
            "SELECT DISTINCT barcode FROM custody WHERE cell_id = %s AND round_id = %s "
            "AND barcode = ANY(%s) AND verb = %s",
            (cell, round_id, barcodes, int(Verb.RERUN)),
        )
        out |= {r[0] for r in rows}
    return out


def _by_place(keys: Iterable[Key]) -> dict[tuple[int, int], list[str]]:
    groups: dict[tuple[int, int], list[str]] = defaultdict(list)
    for key in keys:
        groups[key.cell_id, key.round_id].append(key.barcode)
    return dict(sorted(groups.items()))


class Contents(NamedTuple):
    """Who is in a tube, as far as a reading depends on it."""

    pooled: bool
    cohorts: list[str]


def contents(tubes: Sequence[Mapping[str, Any]], at: datetime) -> dict[str, Contents]:
    """Of each tube (rows of tube.queries.list_tubes): pooled or one known person, and the cohorts
    and key groups of its members. A tube that nobody has told about counts as pooled."""
    members: dict[str, set[tuple[int, int]]] = defaultdict(set)
    by_round: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for tube in tubes:
        by_round[tube["round_id"]].append(tube)
    for round_id, group in by_round.items():
        homes = {c for t in group for c in t["home_cells"]}
        found = list_binds(homes, round_id, [t["barcode"] for t in group])
        for barcode, binds in found.items():
            members[barcode] = {
                (b.home_cell, b.person_id) for b in binds if b.void not in NOT_IN_TUBE
            }
    words = _cohorts({p for persons in members.values() for p in persons}, at)
    out = {}
    for tube in tubes:
        inside = members[tube["barcode"]]
        alone = tube["mode"] == Mode.SINGLE and len(inside) == 1
        named = sorted({w for p in inside for w in words.get(p, ())})
        out[tube["barcode"]] = Contents(not alone, named)
    return out


def _cohorts(persons: Collection[tuple[int, int]], at: datetime) -> dict[tuple[int, int], set[str]]:
    words: dict[tuple[int, int], set[str]] = defaultdict(set)
    homes: dict[int, list[int]] = defaultdict(list)
    for cell, person in persons:
        homes[cell].append(person)
    for cell, ids in sorted(homes.items()):
        for person, cohorts in registry.cohorts_of(cell, ids, at).items():
            words[cell, person] |= cohorts
        for row in registry.persons_by_id(cell, ids):
            if row.key_group:
                words[cell, row.person_id].add(row.key_group)
    return words
