"""What desks read of boxes: trips by box, by seal and by site, what lies in them, their facts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from screening.accounts.rules import Limit
from screening.db import fetch
from screening.places import queries as places
from screening.places.rules import Place
from screening.transport.queries import BATCH_COLUMNS, find_seals, list_facts, list_packed
from screening.transport.rules import BatchStage, Fact, batch_ref
from screening.tube.queries import find_keys, list_tubes
from screening.tube.rules import Stage, Verb

BOX_CAPACITY = Limit(
    100, "house; a 20-litre transport box with racks, set per box where it differs"
)


class BatchRow(NamedTuple):
    """One trip; the columns of `batch`."""

    cell_id: int
    batch_id: int
    wire_id: str
    round_id: int
    box_code: str
    site_id: int | None
    stage: int
    since: datetime
    due_at: datetime | None
    seal: str | None
    counted: int | None
    known: int
    received: int
    lab_id: int | None
    holder_id: int | None
    temperature: int | None
    opened_at: datetime | None
    sealed_at: datetime | None
    handed_at: datetime | None
    arrived_at: datetime | None

    @property
    def cursor(self) -> str:
        return f"{self.since.isoformat()}~{self.batch_id}"

    @property
    def degrees(self) -> float | None:
        return None if self.temperature is None else self.temperature / 10


_COLUMNS = ", ".join(f"b.{c}" for c in BATCH_COLUMNS)


def read_cursor(text: str) -> tuple[datetime, int]:
    """Where a list goes on; what is no cursor begins at the top."""
    since, _, batch = text.partition("~")
    try:
        return datetime.fromisoformat(since), int(batch)
    except ValueError:
        return datetime.max.replace(tzinfo=UTC), 0


def find_row(cell: int, batch_id: int) -> BatchRow | None:
    rows = fetch(
        f"SELECT {_COLUMNS} FROM batch b WHERE b.cell_id = %s AND b.batch_id = %s",
        (cell, batch_id),
    )
    return BatchRow(*rows[0]) if rows else None


def find_batch(wire: str) -> BatchRow | None:
    """A trip by the id that devices write."""
    return find_row(*batch_ref(wire))


def find_seal(seal: str) -> BatchRow | None:
    """The trip that a seal closes, if its packer has been heard."""
    ref = find_seals([seal]).get(seal)
    return find_row(*ref) if ref else None


def find_box_trip(cell: int, box: str) -> BatchRow | None:
    """The latest trip of a box that was opened in this cell."""
    rows = fetch(
        f"SELECT {_COLUMNS} FROM batch b WHERE b.cell_id = %s AND b.box_code = %s "
        "ORDER BY b.since DESC LIMIT 1",
        (cell, box),
    )
    return BatchRow(*rows[0]) if rows else None


def find_tube_box(barcode: str, lab_id: int) -> BatchRow | None:
    """The box at this laboratory in which a tube came."""
    rows = list_tubes(find_keys([barcode]).values())
    if not rows or not rows[0]["batch_id"]:
        return None
    batch = find_row(rows[0]["cell_id"], rows[0]["batch_id"])
    here = batch is not None and batch.lab_id == lab_id and batch.stage >= BatchStage.ARRIVED
    return batch if here else None


def box_capacity(box: str) -> int:
    """Tubes a box takes; boxes that nobody registered take the house's default."""
    rows = fetch("SELECT capacity FROM box WHERE box_code = %s", (box,))
    return rows[0][0] if rows else BOX_CAPACITY.value


def list_inside(batch: BatchRow) -> dict[str, bool]:
    """{barcode: whether a laboratory has received it} of the tubes packed and not taken out."""
    packed = list_packed(batch.cell_id, [batch.batch_id]).get(batch.batch_id, [])
    inside = sorted({p.barcode for p in packed if p.unpacked_at is None})
    rows = {r["barcode"]: r for r in list_tubes(find_keys(inside).values())}
    return {
        b: bool(rows.get(b) and (rows[b]["received_at"] or rows[b]["stage"] >= Stage.RECEIVED))
        for b in inside
    }


def pack_lines(batch: BatchRow) -> dict[str, int]:
    """{barcode: line id of its pack entry} of the tubes that lie in the box."""
    packed = list_packed(batch.cell_id, [batch.batch_id]).get(batch.batch_id, [])
    return {p.barcode: p.line_id for p in packed if p.unpacked_at is None}


def scanned(batch: BatchRow) -> list[str]:
    """Tubes that a laboratory scanned out of this box, in order of time."""
    facts = list_facts(batch.cell_id, [batch.batch_id]).get(batch.batch_id, [])
    told = [str((f.data or {}).get("tube")) for f in sorted(facts, key=_order)
            if (f.data or {}).get("tube")]  # fmt: skip
    return list(dict.fromkeys(told))


def _order(fact: Fact) -> tuple:
    return fact.order


def facts_of(batch: BatchRow) -> list[Fact]:
    """All that was said about a trip, in order."""
    facts = list_facts(batch.cell_id, [batch.batch_id]).get(batch.batch_id, [])
    return sorted(facts, key=_order)


def seal_line(batch: BatchRow) -> int | None:
    """The id of the last seal's line: what unsealing takes back."""
    seals = [f for f in facts_of(batch) if f.verb == Verb.SEAL]
    return seals[-1].fact_id if seals else None


def list_unpacked_at_site(cell: int, round_id: int, site_id: int | None) -> list[str]:
    """Tubes closed at a site that lie in no box."""
    rows = fetch(
        "SELECT barcode FROM tube WHERE cell_id = %s AND round_id = %s AND site_id = %s "
        "AND stage = %s ORDER BY barcode",
        (cell, round_id, site_id, int(Stage.CLOSED)),
    )
    return [r[0] for r in rows]


def list_of_site(cell: int, site_id: int, stages: Sequence[BatchStage]) -> list[BatchRow]:
    """Trips that a site opened, in one of these stages, the youngest first."""
    rows = fetch(
        f"SELECT {_COLUMNS} FROM batch b WHERE b.cell_id = %s AND b.site_id = %s "
        "AND b.stage = ANY(%s) ORDER BY b.since DESC LIMIT 100",
        (cell, site_id, [int(s) for s in stages]),
    )
    return [BatchRow(*r) for r in rows]


def list_for_lab(cells: Sequence[int], lab_id: int, *, finished: bool = False) -> list[BatchRow]:
    """Boxes on the way to a laboratory or being unpacked there; the longest waiting first."""
    stages = [BatchStage.HANDED_OVER, BatchStage.ARRIVED]
    if finished:
        stages += [BatchStage.DISCREPANT, BatchStage.RECONCILED]
    rows = fetch(
        f"SELECT {_COLUMNS} FROM batch b WHERE b.cell_id = ANY(%s) AND b.lab_id = %s "
        "AND b.stage = ANY(%s) ORDER BY b.since LIMIT 200",
        (list(cells), lab_id, [int(s) for s in stages]),
    )
    return [BatchRow(*r) for r in rows]


def all_cells() -> list[int]:
    """Every cell in which a site stands: a laboratory's boxes come from any of them."""
    return [r[0] for r in fetch("SELECT DISTINCT cell_id FROM site ORDER BY 1")]


def cells_within(held: Sequence[Place]) -> list[int]:
    """The cells in which boxes of these places may lie: few for a site, all for a laboratory."""
    if any(p.kind in ("all", "lab") for p in held):
        return all_cells()
    return sorted({c for p in held for c in places.cells_under(p.path)})


def list_batches(
    held: Sequence[Place], *, round_id: int = 0, after: str = "", limit: int = 100
) -> list[tuple[BatchRow, str, str]]:
    """(trip, site name, lab name) within `held`: of own sites and areas, or for own laboratories;
    those that moved last come first. `after` is the `cursor` of the last row seen."""
    since, batch_id = read_cursor(after)
    everywhere = any(p.kind == "all" for p in held)
    paths = [p.path + "%" for p in held if p.kind == "area"]
    sites = [p.id for p in held if p.kind == "site"]
    labs = [p.id for p in held if p.kind == "lab"]
    rows = fetch(
        f"SELECT {_COLUMNS}, s.name, l.name FROM batch b "
        "LEFT JOIN site s ON s.site_id = b.site_id LEFT JOIN area a ON a.area_id = s.area_id "
        "LEFT JOIN lab l ON l.lab_id = b.lab_id "
        "WHERE b.cell_id = ANY(%s) AND (%s OR a.path LIKE ANY(%s) OR b.site_id = ANY(%s) "
        "OR b.lab_id = ANY(%s)) AND (%s = 0 OR b.round_id = %s) AND (b.since, b.batch_id) < (%s, %s) "
        "ORDER BY b.since DESC, b.batch_id DESC LIMIT %s",
        (
            cells_within(held),
            everywhere,
            paths,
            sites,
            labs,
            round_id,
            round_id,
            since,
            batch_id,
            limit,
        ),
    )
    n = len(BATCH_COLUMNS)
    return [(BatchRow(*r[:n]), r[n] or "", r[n + 1] or "") for r in rows]
