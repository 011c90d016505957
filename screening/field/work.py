"""What lies at a place now: open and closed tubes, open and sealed boxes, boxes on the way here.

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
from screening.field.desk import ref_of
from screening.field.roster import SiteNames, minute, u16s, u32s
from screening.registry import seals
from screening.registry.documents import Document, mask
from screening.registry.names import mask_name
from screening.registry.person_codes import make_resident_code
from screening.transport.desk_queries import (
    BatchRow,
    all_cells,
    list_for_lab,
    list_of_site,
    seal_line,
)
from screening.transport.queries import list_packed
from screening.transport.rules import BatchStage
from screening.tube.queries import find_keys, list_binds, list_tubes
from screening.tube.rules import MARKS, MODES, NOT_IN_TUBE, Bind, Purpose, Stage, Verb, Void

TUBES = Limit(300, "house; a site closes about a hundred tubes between two boxes")
USED = Limit(20_000, "issue 3: a used number is refused offline; a site's labels of a week")
_MODES = {int(v): k for k, v in MODES.items()}
_MARKS = {int(v): k for k, v in MARKS.items()}


class Asker(NamedTuple):
    """The phone that asks: what it did itself is marked as its own."""

    device_id: int


class _Names:
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
    openers = _openers(site.cell_id, rounds, [r[0] for r in rows])
    named = _Names(openers.values())
    people = _people({(b.home_cell, b.person_id) for held in inside.values() for b in held})
    return [
        {
            "tube": barcode,
            "round": round_id,
            "mode": _MODES.get(mode, "pooled"),
            "size": size,
            "state": "open" if stage == Stage.OPEN else "closed",
            "n": confirmed,
            "at": _ms(opened_at),
            "closed_at": _ms(closed_at),
            "device": named.of.get(openers.get(barcode, 0), ""),
            "own": openers.get(barcode) == asker.device_id,
            "table": table,
            "seats": [_seat(b, people, asker) for b in inside.get(barcode, [])],
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


def _openers(cell: int, rounds: Sequence[int], barcodes: Sequence[str]) -> dict[str, int]:
    rows = fetch(
        "SELECT DISTINCT ON (barcode) barcode, device_id FROM custody WHERE cell_id = %s "
        "AND round_id = ANY(%s) AND barcode = ANY(%s) AND verb = %s ORDER BY barcode, at",
        (cell, list(rounds), list(barcodes), int(Verb.OPEN)),
    )
    return dict(rows)


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
    bind: Bind, people: dict[tuple[int, int], tuple[str, str]], asker: Asker
) -> dict[str, Any]:
    name, document = people.get((bind.home_cell, bind.person_id), ("", ""))
    own = bind.device_id == asker.device_id
    return {
        "seat": bind.seat,
        "ref": ref_of(bind.specimen_id),
        "seq": bind.seq if own else None,
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


# --- boxes --------------------------------------------------------------------------------------


def boxes_at(site: SiteRow, asker: Asker) -> dict[str, Any]:
    """Boxes being packed at a site, and sealed ones that nobody has taken yet."""
    trips = list_of_site(site.cell_id, site.site_id, [BatchStage.OPEN, BatchStage.SEALED])
    packed = list_packed(site.cell_id, [t.batch_id for t in trips])
    openers = _box_openers(site.cell_id, [t.batch_id for t in trips])
    named = _Names(openers.values())
    boxes, sealed = [], []
    for t in trips:
        lines = [p for p in packed.get(t.batch_id, []) if p.unpacked_at is None]
        if t.stage == BatchStage.OPEN:
            opener = openers.get(t.batch_id, 0)
            boxes.append({
                "batch": t.wire_id, "box": t.box_code, "at": _ms(t.opened_at),
                "device": named.of.get(opener, ""), "own": opener == asker.device_id,
                "tubes": [p.barcode for p in lines], "refs": [ref_of(p.line_id) for p in lines],
            })  # fmt: skip
        else:
            line = seal_line(t)
            sealed.append({
                "seal": t.seal, "batch": t.wire_id, "box": t.box_code, "n": t.counted,
                "known": len(lines), "at": _ms(t.sealed_at), "ref": ref_of(line) if line else None,
            })  # fmt: skip
    return {"boxes": boxes, "sealed": sealed}


def _box_openers(cell: int, batches: Sequence[int]) -> dict[int, int]:
    rows = fetch(
        "SELECT DISTINCT ON (batch_id) batch_id, device_id FROM batch_fact WHERE cell_id = %s "
        "AND batch_id = ANY(%s) AND verb = %s ORDER BY batch_id, at",
        (cell, list(batches), int(Verb.BOX_OPEN)),
    )
    return dict(rows)


def expected_at(lab_id: int) -> list[dict[str, Any]]:
    """Boxes on their way to a laboratory or being unpacked there, with what lies in them."""
    trips = list_for_lab(all_cells(), lab_id)
    by_cell: dict[int, list[BatchRow]] = defaultdict(list)
    for t in trips:
        by_cell[t.cell_id].append(t)
    inside: dict[tuple[int, int], list[str]] = {}
    for cell, group in by_cell.items():
        for batch, lines in list_packed(cell, [t.batch_id for t in group]).items():
            inside[cell, batch] = sorted({p.barcode for p in lines if p.unpacked_at is None})
    rows = {r["barcode"]: r for r in list_tubes(find_keys(
        {b for tubes in inside.values() for b in tubes}).values())}  # fmt: skip
    sites = dict(fetch("SELECT site_id, name FROM site WHERE site_id = ANY(%s)",
                       ([t.site_id for t in trips],)))  # fmt: skip
    return [
        {
            "seal": t.seal, "batch": t.wire_id, "box": t.box_code,
            "site": sites.get(t.site_id, ""), "n": t.counted, "at": _ms(t.sealed_at),
            "left_at": _ms(t.handed_at), "arrived_at": _ms(t.arrived_at),
            **_manifest(inside.get((t.cell_id, t.batch_id), []), rows),
        }
        for t in trips
    ]  # fmt: skip


def _manifest(tubes: list[str], rows: dict[str, dict]) -> dict[str, list[str]]:
    """The tubes of a box; which are unpacked before others, and which another desk has received."""
    known = [(b, rows[b]) for b in tubes if b in rows]
    return {
        "tubes": tubes,
        "first": [b for b, r in known if r["mode"] == MODES["single"]],
        "received": [b for b, r in known if r["received_at"] is not None],
    }


def _ms(at: Any) -> int | None:
    return None if at is None else clock.to_ms(at)
