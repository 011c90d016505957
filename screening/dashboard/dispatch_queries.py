"""What a dispatcher looks at: laboratories with what comes to them, boxes on their way, ways driven."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from screening.accounts.rules import Limit
from screening.coverage.queries import list_stages
from screening.dashboard.dispatch_rules import (
    Arrival,
    BoxAt,
    Proposal,
    Road,
    arrival,
    limit_hours,
    propose,
)
from screening.db import by_cell, fetch
from screening.figures.queries import Scene
from screening.figures.queries.stragglers import boxes_on_the_road
from screening.lab import queries as lab
from screening.lab.queries.capacity import list_loads
from screening.lab.queries.labs import LabRow
from screening.lab.watch.capacity import LabLoad
from screening.places import queries as places
from screening.places.rules import COUNTY, Place
from screening.registry.service.rounds import labs_of
from screening.transport.desk_queries import BatchRow, all_cells, find_batch
from screening.transport.queries import BATCH_COLUMNS, NoSuchBatch
from screening.transport.rules import BatchStage
from screening.tube.rules import Stage

SHOWN = Limit(200, "house; the boxes that wait longest, one screen of them")
AT_SITES = (Stage.OPEN, Stage.CLOSED, Stage.PACKED)
AT_SITE = (BatchStage.OPEN, BatchStage.SEALED)
_COLUMNS = ", ".join(f"b.{c}" for c in BATCH_COLUMNS)
_BOXES = "/* fan-out: the boxes of an area that have not arrived are few */"


class Expected(NamedTuple):
    """Tubes that still stand at sites and will come to a laboratory."""

    open: int = 0
    closed: int = 0
    packed: int = 0

    @property
    def tubes(self) -> int:
        return self.open + self.closed + self.packed


class Box(NamedTuple):
    """A trip that has not arrived, and where it goes: as written on it, else as its site does."""

    row: BatchRow
    lab_id: int | None

    @property
    def ref(self) -> tuple[int, int]:
        return self.row.cell_id, self.row.batch_id

    @property
    def since(self) -> datetime:
        return self.row.opened_at or self.row.since

    @property
    def tubes(self) -> int:
        return max(self.row.known, self.row.counted or 0)

    @property
    def as_ruled(self) -> BoxAt:
        road = self.row.stage == BatchStage.HANDED_OVER
        return BoxAt(self.row.wire_id, self.tubes, self.lab_id, road, self.since)


class Board:
    """The boxes and laboratories of one area in one round; each source read once."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.round_id, self.at = scene, scene.round_id, scene.at

    @cached_property
    def usual(self) -> dict[int, int]:
        """{site: laboratory of its boxes}: as the round says, else where its last box went."""
        last = fetch(
            "SELECT DISTINCT ON (site_id) site_id, lab_id FROM batch WHERE cell_id = ANY(%s) "
            "AND round_id = %s AND lab_id IS NOT NULL AND site_id IS NOT NULL "
            "ORDER BY site_id, since DESC /* fan-out: where each site's last box went */",
            (all_cells(), self.round_id),
        )
        told = {site: lab_id for site, lab_id in labs_of(self.round_id).items() if lab_id}
        return dict(last) | told

    @cached_property
    def labs(self) -> list[LabRow]:
        """Laboratories of the area (of its county, below one), and those its sites send to."""
        node = self.scene.node
        line = [*places.line_above(node), node]
        around = next((n for n in line if n.level == COUNTY), node) if node.level > COUNTY else node
        inside = lab.list_labs([Place("area", around.area_id, around.path)])
        sites = set(self.scene.sight.sites)
        used = {x for s, x in self.usual.items() if s in sites} | {b.lab_id for b in self._trips}
        used |= {x.lab_id for x in self.scene.labs}
        more = {x for x in used if x} - {x.lab_id for x in inside}
        return inside + (
            lab.list_labs([Place("lab", i, "/") for i in sorted(more)]) if more else []
        )

    @cached_property
    def loads(self) -> dict[int, LabLoad]:
        return list_loads(self.labs, self.at, lagging=True)

    @cached_property
    def road(self) -> Mapping[int, tuple[int, int]]:
        """{laboratory: (boxes, tubes)} on the road to it, from anywhere."""
        return boxes_on_the_road(x.lab_id for x in self.labs)

    @cached_property
    def _trips(self) -> list[BatchRow]:
        sight = self.scene.sight
        rows = fetch(
            f"SELECT {_COLUMNS} FROM batch b WHERE b.cell_id = ANY(%s) AND b.round_id = %s "
            "AND b.stage = ANY(%s) AND (%s OR b.site_id = ANY(%s)) "
            f"ORDER BY coalesce(b.opened_at, b.since), b.batch_id LIMIT %s {_BOXES}",
            (
                sight.cells, self.round_id,
                [int(s) for s in (*AT_SITE, BatchStage.HANDED_OVER)],
                sight.everywhere, sight.sites, SHOWN.value,
            ),
        )  # fmt: skip
        return [BatchRow(*r) for r in rows]

    @cached_property
    def boxes(self) -> list[Box]:
        """Boxes of the area that have not arrived, the oldest first."""
        return [self.box(b) for b in self._trips]

    def box(self, row: BatchRow) -> Box:
        return Box(row, row.lab_id or self.usual.get(row.site_id or 0))

    def get_box(self, wire: str) -> Box:
        """A box of the area's sites. Raises NoSuchBatch."""
        try:
            row = find_batch(wire)
        except ValueError:
            row = None
        if row is None or not self.scene.sight.sees(row.site_id, None):
            raise NoSuchBatch()
        return self.box(row)

    @property
    def hours(self) -> float:
        return limit_hours(self.scene.policy.limits)

    def arrival(self, b: Box) -> Arrival:
        """When a box is expected, from what this round's boxes took on its way."""
        row = b.row
        ways = [self.roads.get((row.site_id or 0, b.lab_id or 0)), self.roads.get(None)]
        return arrival(row.handed_at, row.due_at, ways, self.at)

    def proposals(self) -> list[Proposal]:
        """Sealed boxes that are better sent elsewhere."""
        boxes = [b for b in self.boxes if b.row.stage != BatchStage.OPEN and b.row.wire_id]
        found = propose(self._loads_with_road(boxes), [b.as_ruled for b in boxes], hours=self.hours)
        return list(found)

    def _loads_with_road(self, boxes: list[Box]) -> dict[int, LabLoad]:
        """Loads with the tubes on the road from elsewhere: those of this board's boxes are counted
        by the rule itself, so that they can be moved."""
        own: dict[int | None, int] = {}
        for b in boxes:
            if b.row.stage == BatchStage.HANDED_OVER:
                own[b.lab_id] = own.get(b.lab_id, 0) + max(b.row.known - b.row.received, 0)
        out = {}
        for i, load in self.loads.items():
            others = max(0, self.road[i][1] - own.get(i, 0))
            out[i] = load._replace(waiting=load.waiting + others)
        return out

    @cached_property
    def expected(self) -> dict[int | None, Expected]:
        """{laboratory: tubes at all sites of the round that send to it}; None: nobody said where."""
        sums: dict[int | None, list[int]] = defaultdict(lambda: [0, 0, 0])
        for r in list_stages(self.round_id):
            if r.stage in AT_SITES:
                sums[self.usual.get(r.site_id)][AT_SITES.index(Stage(r.stage))] += r.tubes
        for site, meant, tubes in self._meant():
            usual = self.usual.get(site)
            n = min(tubes, sums[usual][2])
            sums[usual][2] -= n
            sums[meant][2] += n
        return {i: Expected(*n) for i, n in sums.items() if any(n)}

    def _meant(self) -> list[tuple[int, int, int]]:
        """(site, laboratory, tubes) of boxes that stand at their site and were meant for another
        laboratory than usual."""
        rows = fetch(
            "SELECT site_id, lab_id, sum(known)::int8 FROM batch WHERE cell_id = ANY(%s) "
            "AND round_id = %s AND stage = ANY(%s) AND lab_id IS NOT NULL AND site_id IS NOT NULL "
            f"GROUP BY 1, 2 {_BOXES}",
            (all_cells(), self.round_id, [int(s) for s in AT_SITE]),
        )
        return [r for r in rows if self.usual.get(r[0]) != r[1]]

    @cached_property
    def roads(self) -> dict[tuple[int, int] | None, Road]:
        """{(site, laboratory): how long its boxes took}; None: all of the round."""
        rows = fetch(
            "SELECT site_id, lab_id, count(*), percentile_disc(ARRAY[0.5, 0.9]) WITHIN GROUP "
            "(ORDER BY arrived_at - handed_at) FROM batch WHERE cell_id = ANY(%s) "
            "AND round_id = %s AND arrived_at >= handed_at GROUP BY GROUPING SETS "
            "((site_id, lab_id), ()) /* fan-out: how long the round's boxes were on the road */",
            (all_cells(), self.round_id),
        )
        return {(s, x) if s and x else None: Road(n, *took) for s, x, n, took in rows if n and took}


class Said(NamedTuple):
    """The last thing that was said about a box."""

    verb: int
    at: datetime
    staff_id: int | None


def last_said(refs: Sequence[tuple[int, int]]) -> dict[tuple[int, int], Said]:
    """{(cell, batch): the last thing said about it}; single tubes are left out."""
    out: dict[tuple[int, int], Said] = {}
    for cell, group in by_cell(list(refs)):
        rows = fetch(
            "SELECT DISTINCT ON (batch_id) batch_id, verb, at, staff_id FROM batch_fact "
            "WHERE cell_id = %s AND batch_id = ANY(%s) ORDER BY batch_id, at DESC, seq DESC",
            (cell, [b for _, b in group]),
        )
        out |= {(cell, r[0]): Said(*r[1:]) for r in rows}
    return out


def last_read(labs: Sequence[LabRow]) -> dict[int, datetime]:
    """{laboratory: when it last read results in}."""
    rows = fetch(
        "SELECT lab_id, max(imported_at) FROM run WHERE cell_id = ANY(%s) AND lab_id = ANY(%s) "
        "GROUP BY 1",
        (sorted({x.cell_id for x in labs}), [x.lab_id for x in labs]),
    )
    return dict(rows)
