"""Who waits longest at each link: tubes and boxes, with who answers and the last thing said."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from screening.accounts.rules import Limit
from screening.db import by_cell, fetch
from screening.figures.queries.scene import Scene
from screening.transport.desk_queries import all_cells
from screening.transport.rules import BatchStage
from screening.tube.rules import Stage

EACH = Limit(5, "house; the five that a head can call about in one go")
# kind: the stages in which it waits
TUBES: dict[str, tuple[Stage, ...]] = {
    "unclosed": (Stage.OPEN,),
    "unpacked": (Stage.CLOSED,),
    "untested": (Stage.RECEIVED, Stage.PLATED),
    "unreleased": (Stage.TESTED, Stage.REVIEWED),
}
BOXES: dict[str, tuple[BatchStage, ...]] = {
    "unsent": (BatchStage.OPEN, BatchStage.SEALED),
    "unreceived": (BatchStage.HANDED_OVER, BatchStage.ARRIVED),
}
KINDS = ("unclosed", "unpacked", "unsent", "unreceived", "untested", "unreleased")


class Straggler(NamedTuple):
    """A tube or a box that waits. `ref`: its number (a tube) or seal or box (a box); `wire` the
    box's trip; `last` (verb, at, staff) the last thing said of it; `n` tubes in it."""

    kind: str
    cell_id: int
    ref: str
    wire: str | None
    site_id: int | None
    lab_id: int | None
    holder_id: int | None
    stage: int
    since: datetime
    due_at: datetime | None
    n: int
    last: tuple[int, datetime, int | None] | None


def list_stragglers(scene: Scene) -> dict[str, list[Straggler]]:
    """{kind: those that wait longest}, the oldest first."""
    out: dict[str, list[Straggler]] = {k: [] for k in KINDS}
    for s in [*_tubes(scene), *_boxes(scene)]:
        out[s.kind].append(s)
    return out


def _tubes(scene: Scene) -> list[Straggler]:
    kinds = [(int(stage), kind) for kind, stages in TUBES.items() for stage in stages]
    rows = fetch(
        "SELECT * FROM (SELECT k.kind, t.cell_id, t.barcode, t.site_id, t.lab_id, t.stage, "
        "t.since, t.due_at, t.members, row_number() OVER (PARTITION BY k.kind ORDER BY t.since, "
        "t.barcode) AS nth FROM tube t JOIN unnest(%s::int[], %s::text[]) AS k (stage, kind) "
        "ON k.stage = t.stage WHERE t.cell_id = ANY(%s) AND t.round_id = %s AND t.stage < %s "
        "AND (%s OR t.site_id = ANY(%s) OR (t.site_id IS NULL AND t.lab_id = ANY(%s)))) q "
        "WHERE nth <= %s ORDER BY kind, nth /* fan-out: the tubes of the area's sites */",
        (
            [s for s, _ in kinds], [k for _, k in kinds], scene.sight.cells, scene.round_id,
            int(Stage.RELEASED), scene.sight.everywhere, scene.sight.sites, scene.sight.labs,
            EACH.value,
        ),
    )  # fmt: skip
    said = _last_lines(scene.round_id, [(r[1], r[2]) for r in rows])
    return [
        Straggler(kind, cell, barcode, None, site, lab, None, stage, since, due, n,
                  said.get((cell, barcode)))
        for kind, cell, barcode, site, lab, stage, since, due, n, _nth in rows
    ]  # fmt: skip


def _last_lines(round_id: int, tubes: list[tuple[int, str]]) -> dict[tuple[int, str], Any]:
    out: dict[tuple[int, str], Any] = {}
    for cell, group in by_cell(tubes):
        rows = fetch(
            "SELECT DISTINCT ON (barcode) barcode, verb, at, staff_id FROM custody "
            "WHERE cell_id = %s AND round_id = %s AND barcode = ANY(%s) "
            "ORDER BY barcode, at DESC, seq DESC",
            (cell, round_id, [b for _, b in group]),
        )
        out |= {(cell, r[0]): r[1:] for r in rows}
    return out


def _boxes(scene: Scene) -> list[Straggler]:
    kinds = [(int(stage), kind) for kind, stages in BOXES.items() for stage in stages]
    rows = fetch(
        "SELECT * FROM (SELECT k.kind, b.cell_id, b.batch_id, coalesce(b.seal, b.box_code), "
        "b.wire_id, b.site_id, b.lab_id, b.holder_id, b.stage, b.since, b.due_at, b.known, "
        "row_number() OVER (PARTITION BY k.kind ORDER BY b.since, b.batch_id) AS nth FROM batch b "
        "JOIN unnest(%s::int[], %s::text[]) AS k (stage, kind) ON k.stage = b.stage "
        "WHERE b.cell_id = ANY(%s) AND b.round_id = %s AND (%s OR b.site_id = ANY(%s))) q "
        "WHERE nth <= %s ORDER BY kind, nth /* fan-out: the boxes of the area's sites */",
        (
            [s for s, _ in kinds], [k for _, k in kinds], scene.sight.cells, scene.round_id,
            scene.sight.everywhere, scene.sight.sites, EACH.value,
        ),
    )  # fmt: skip
    said = _last_facts([(r[1], r[2]) for r in rows])
    return [
        Straggler(kind, cell, ref, wire, site, lab, holder, stage, since, due, n,
                  said.get((cell, batch)))
        for kind, cell, batch, ref, wire, site, lab, holder, stage, since, due, n, _ in rows
    ]  # fmt: skip


def _last_facts(boxes: list[tuple[int, int]]) -> dict[tuple[int, int], Any]:
    out: dict[tuple[int, int], Any] = {}
    for cell, group in by_cell(boxes):
        rows = fetch(
            "SELECT DISTINCT ON (batch_id) batch_id, verb, at, staff_id FROM batch_fact "
            "WHERE cell_id = %s AND batch_id = ANY(%s) ORDER BY batch_id, at DESC, seq DESC",
            (cell, [b for _, b in group]),
        )
        out |= {(cell, r[0]): r[1:] for r in rows}
    return out


def boxes_on_the_road(labs: Iterable[int]) -> dict[int, tuple[int, int]]:
    """{laboratory: (boxes, tubes)} on the way to each of these laboratories, from anywhere."""
    rows = fetch(
        "SELECT lab_id, count(*), sum(greatest(known - received, 0))::int8 FROM batch "
        "WHERE cell_id = ANY(%s) AND stage = ANY(%s) AND lab_id = ANY(%s) GROUP BY 1 "
        "/* fan-out: a laboratory's boxes come from any cell, those on the road are few */",
        (all_cells(), [int(s) for s in BOXES["unreceived"]], list(labs)),
    )
    found: dict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
    found.update({r[0]: (r[1], r[2]) for r in rows})
    return found
