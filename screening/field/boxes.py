"""Boxes of a place as phones take them along: being packed, sealed, on their way here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from screening.collection.queries import SiteRow
from screening.db import fetch
from screening.field.refs import Place, whole_refs
from screening.field.work import Asker, Names, ms
from screening.transport.desk_queries import BatchRow, all_cells, list_for_lab, list_of_site
from screening.transport.queries import PackRow, list_facts, list_packed
from screening.transport.rules import BatchStage
from screening.tube.queries import find_keys, list_tubes
from screening.tube.rules import MODES, Verb


def boxes_at(site: SiteRow, asker: Asker) -> dict[str, Any]:
    """Boxes being packed at a site, and sealed ones that nobody has taken yet."""
    trips = list_of_site(site.cell_id, site.site_id, [BatchStage.OPEN, BatchStage.SEALED])
    packed = list_packed(site.cell_id, [t.batch_id for t in trips])
    openers = _box_openers(site.cell_id, [t.batch_id for t in trips])
    named = Names(openers.values())
    ends = _seal_lines(site.cell_id, [t.batch_id for t in trips])
    refs = whole_refs([*ends.values(), *_pack_places(packed)])
    empty = _unsampled({p.barcode for lines in packed.values() for p in lines})
    boxes, sealed = [], []
    for t in trips:
        lines = [p for p in packed.get(t.batch_id, []) if p.unpacked_at is None]
        if t.stage == BatchStage.OPEN:
            opener = openers.get(t.batch_id, 0)
            boxes.append({
                "batch": t.wire_id, "box": t.box_code, "at": ms(t.opened_at),
                "device": named.of.get(opener, ""), "own": opener == asker.device_id,
                "tubes": [p.barcode for p in lines], "refs": [refs.get(p.line_id) for p in lines],
                "unheard": [p.barcode for p in lines if p.barcode in empty],
            })  # fmt: skip
        else:
            end = ends.get(t.batch_id)
            sealed.append({
                "seal": t.seal, "batch": t.wire_id, "box": t.box_code, "n": t.counted,
                "known": len(lines), "at": ms(t.sealed_at), "ref": refs[end.line_id] if end else None,
            })  # fmt: skip
    return {"boxes": boxes, "sealed": sealed}


def _unsampled(barcodes: Collection[str]) -> set[str]:
    """Packed tubes of which no journal has told the sampling: named before the seal."""
    rows = list_tubes(find_keys(barcodes).values())
    return {r["barcode"] for r in rows if r["opened_at"] is None and not r["members"]}


def _box_openers(cell: int, batches: Sequence[int]) -> dict[int, int]:
    rows = fetch(
        "SELECT DISTINCT ON (batch_id) batch_id, device_id FROM batch_fact WHERE cell_id = %s "
        "AND batch_id = ANY(%s) AND verb = %s ORDER BY batch_id, at",
        (cell, list(batches), int(Verb.BOX_OPEN)),
    )
    return dict(rows)


def _seal_lines(cell: int, batches: Sequence[int]) -> dict[int, Place]:
    """The last seal line of each trip: what unsealing takes back."""
    out = {}
    for batch, facts in list_facts(cell, batches).items():
        told = sorted((f for f in facts if f.verb == Verb.SEAL), key=lambda f: f.order)
        if told:
            last = told[-1]
            out[batch] = Place(last.fact_id, last.device_id, last.journal_id, last.seq)
    return out


def _pack_places(packed: dict[int, list[PackRow]]) -> list[Place]:
    """Where the pack lines stand in their journals: the tubes' custody knows."""
    lines = [p for held in packed.values() for p in held if p.unpacked_at is None]
    if not lines:
        return []
    rows = fetch(
        "SELECT line_id, device_id, journal_id, seq FROM custody WHERE cell_id = ANY(%s) "
        "AND round_id = ANY(%s) AND barcode = ANY(%s) AND verb = %s",
        (sorted({p.tube_cell for p in lines}), sorted({p.tube_round for p in lines}),
         [p.barcode for p in lines], int(Verb.PACK)),
    )  # fmt: skip
    return [Place(*r) for r in rows]


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
            "site": sites.get(t.site_id, ""), "n": t.counted, "at": ms(t.sealed_at),
            "left_at": ms(t.handed_at), "arrived_at": ms(t.arrived_at),
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
