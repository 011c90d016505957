"""Tubes that lie open or closed at a place, with everybody in them, and numbers that were used.

With it the next shift goes on where the last one stopped, from whatever phone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from screening import clock
from screening.accounts.rules import Limit
from screening.collection.persons import ring
from screening.collection.queries import SiteRow
from screening.db import fetch
from screening.field.refs import Place, whole_refs
from screening.field.roster import SiteNames, minute, u16s, u32s
from screening.registry import seals
from screening.registry.documents import Document, mask
from screening.registry.names import mask_name
from screening.registry.person_codes import make_resident_code
from screening.tube.queries import list_binds
from screening.tube.rules import MARKS, MODES, NOT_IN_TUBE, Bind, Purpose, Stage, Verb, Void

TUBES = Limit(300, "house; a site closes about a hundred tubes between two boxes")
USED = Limit(20_000, "issue 3: a used number is refused offline; a site's labels of a week")
_MODES = {int(v): k for k, v in MODES.items()}
_MARKS = {int(v): k for k, v in MARKS.items()}


class Asker(NamedTuple):
    """The phone that asks: what it did itself is marked as its own."""

    device_id: int


class Names:
    """Phones by the names people call them by."""

    def __init__(self, ids: Iterable[int | None]) -> None:
        wanted = sorted({i for i in ids if i})
        rows = fetch("SELECT device_id, name FROM device WHERE device_id = ANY(%s)", (wanted,))
        self.of = dict(rows)


# --- tubes --------------------------------------------------------------------------------------


def tubes_at(site: SiteRow, rounds: Sequence[int], asker: Asker) -> list[dict[str, Any]]:
    """Tubes that stand open or closed at a site, with everybody in them, the youngest first."""
    rows = fetch(
        "SELECT barcode, round_id, mode, pool_size, stage, confirmed, table_no, opened_at, "
        "closed_at, home_cells FROM tube WHERE cell_id = %s AND round_id = ANY(%s) "
        "AND site_id = %s AND stage = ANY(%s) ORDER BY since DESC LIMIT %s",
        (site.cell_id, list(rounds), site.site_id, [int(Stage.OPEN), int(Stage.CLOSED)],
         TUBES.value),
    )  # fmt: skip
    inside = _inside(rows)
    openers, closes = _ends(site.cell_id, rounds, [r[0] for r in rows])
    named = Names(openers.values())
    binds = [b for held in inside.values() for b in held]
    people = _people({(b.home_cell, b.person_id) for b in binds})
    places = [Place(b.specimen_id, b.device_id, b.journal_id, b.seq) for b in binds]
    refs = whole_refs([*places, *closes.values()])
    return [
        {
            "tube": barcode,
            "round": round_id,
            "mode": _MODES.get(mode, "pooled"),
            "size": size,
            "state": "open" if stage == Stage.OPEN else "closed",
            "n": confirmed,
            "at": ms(opened_at),
            "closed_at": ms(closed_at),
            "close_ref": refs[closes[barcode].line_id]
            if stage == Stage.CLOSED and barcode in closes
            else None,
            "device": named.of.get(openers.get(barcode, 0), ""),
            "own": openers.get(barcode) == asker.device_id,
            "table": table,
            "seats": [_seat(b, people, refs, asker) for b in inside.get(barcode, [])],
        }
        for barcode, round_id, mode, size, stage, confirmed, table, opened_at, closed_at, _ in rows
    ]


def _inside(rows: Sequence[tuple]) -> dict[str, list[Bind]]:
    """Every swab told of these tubes, marked ones too, by seat."""
    groups: dict[int, list[tuple]] = defaultdict(list)
    for row in rows:
        groups[row[1]].append(row)
    out: dict[str, list[Bind]] = {}
    for round_id, group in groups.items():
        cells = {c for row in group for c in row[-1]}
        for barcode, binds in list_binds(cells, round_id, [r[0] for r in group]).items():
            out[barcode] = sorted(binds, key=lambda b: (b.seat, b.order))
    return out


def _ends(
    cell: int, rounds: Sequence[int], barcodes: Sequence[str]
) -> tuple[dict[str, int], dict[str, Place]]:
    """By tube: the device that opened it first, and its last close line, which reopening names."""
    openers: dict[str, int] = {}
    closes: dict[str, Place] = {}
    for barcode, verb, *place in fetch(
        "SELECT barcode, verb, line_id, device_id, journal_id, seq FROM custody WHERE cell_id = %s "
        "AND round_id = ANY(%s) AND barcode = ANY(%s) AND verb = ANY(%s) ORDER BY at, line_id",
        (cell, list(rounds), list(barcodes), [int(Verb.OPEN), int(Verb.CLOSE)]),
    ):
        line = Place(*place)
        if verb == Verb.OPEN:
            openers.setdefault(barcode, line.device_id)
        else:
            closes[barcode] = line
    return openers, closes


def _people(pairs: Collection[tuple[int, int]]) -> dict[tuple[int, int], tuple[str, str]]:
    """(masked name, masked document) of the people in the tubes."""
    if not pairs:
        return {}
    keys, wanted = ring(), sorted(pairs)
    out = {}
    for cell, person, doc_type, sealed in fetch(
        "SELECT p.cell_id, p.person_id, p.doc_type, p.sealed "
        "FROM unnest(%s::bigint[], %s::bigint[]) AS w (cell_id, person_id) "
        "JOIN person p ON p.cell_id = w.cell_id AND p.person_id = w.person_id",
        ([c for c, _ in wanted], [p for _, p in wanted]),
    ):
        found = seals.open_person(keys, sealed)
        document = mask(Document(seals.DOC_TYPES[doc_type], found.number))
        out[cell, person] = (mask_name(found.name), document)
    return out


def _seat(
    bind: Bind,
    people: dict[tuple[int, int], tuple[str, str]],
    refs: dict[int, str],
    asker: Asker,
) -> dict[str, Any]:
    name, document = people.get((bind.home_cell, bind.person_id), ("", ""))
    own = bind.device_id == asker.device_id
    return {
        "seat": bind.seat,
        "ref": refs[bind.specimen_id],
        "seq": bind.seq if own else None,
        "at": ms(bind.at),
        "name": name,
        "document": document,
        "code": make_resident_code(bind.home_cell, bind.person_id),
        "mark": _MARKS.get(bind.void),
        "out": Void(bind.void) in NOT_IN_TUBE and bind.void not in _MARKS,
        "purpose": Purpose(bind.purpose).name.lower(),
        "own": own,
    }


def used_at(site: SiteRow) -> dict[str, Any]:
    """Numbers of this site's label runs that have been used, wherever they turned up."""
    rows = fetch(
        "SELECT t.barcode, coalesce(t.opened_at, t.since), t.site_id FROM label_run r "
        "JOIN tube_key k ON k.run_id = r.run_id "
        "JOIN tube t ON t.cell_id = k.cell_id AND t.round_id = k.round_id "
        "AND t.barcode = k.barcode "
        "WHERE r.site_id = %s AND r.kind = 'tube' AND k.round_id IS NOT NULL "
        "ORDER BY 2 DESC LIMIT %s",
        (site.site_id, USED.value),
    )
    sites = SiteNames()
    rows.sort()
    return {
        "tube": "\n".join(r[0] for r in rows),
        "at": u32s(minute(r[1]) for r in rows),
        "site": u16s(sites.of(r[2]) for r in rows),
        "sites": sites.names(),
    }


def ms(at: Any) -> int | None:
    return None if at is None else clock.to_ms(at)
