"""What the figures of one area are counted from, each source read once, when first asked for."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from screening.coverage.queries import StageRow, cells_of, coverage_of, get_node, list_stages
from screening.coverage.rules import CoverageRow
from screening.db import fetch
from screening.figures.queries.devices import DeviceRow, list_devices
from screening.figures.queries.positives import (
    Callbacks,
    PositiveTube,
    count_callbacks,
    list_positive,
)
from screening.lab import queries as lab
from screening.ledger import service as ledger
from screening.ledger.picture import Picture
from screening.ledger.sight import Sight, sight_of
from screening.places import queries as places
from screening.places.queries import Node
from screening.places.rules import COMMUNITY, Place
from screening.registry.queries import RoundPolicy, get_policy
from screening.tickets import queries as tickets
from screening.tickets.rules import KINDS, Weight


class OpenAlert(NamedTuple):
    """A signal that is not settled, about a tube of `members` persons."""

    cell_id: int
    alert_id: int
    barcode: str
    kind: str
    lab_id: int | None
    raised_at: datetime
    seen_at: datetime | None
    site_id: int | None
    members: int


class Scene:
    """One area in one round at one moment. Raises NoSuchPlace, NoSuchRound.

    `at` is the domain's time. Persons are counted where they live; tubes, tickets and devices at
    the sites of the area."""

    def __init__(self, round_id: int, area_id: int, *, at: datetime) -> None:
        self.policy: RoundPolicy = get_policy(round_id)
        self.node: Node = get_node(area_id)
        self.round_id, self.area_id, self.at = round_id, area_id, at

    @cached_property
    def place(self) -> Place:
        return Place("area", self.node.area_id, self.node.path)

    @cached_property
    def sight(self) -> Sight:
        """The sites and laboratories of the area."""
        return sight_of([self.place])

    @cached_property
    def coverage(self) -> CoverageRow:
        return coverage_of(self.area_id, self.round_id, at=self.at)

    @cached_property
    def stages(self) -> list[StageRow]:
        """The rollup of tubes of the area's sites."""
        rows = list_stages(self.round_id, self.sight.cells)
        return [r for r in rows if self.sight.sees(r.site_id, r.lab_id)]

    @cached_property
    def stages_at(self) -> datetime | None:
        return min((r.as_of for r in self.stages), default=self.at)

    @cached_property
    def communities(self) -> list[int]:
        """The communities of the area; below one, the community around it."""
        nodes = places.TREE.get().by_id.values()
        if self.node.level > COMMUNITY:
            return [n.area_id for n in places.line_above(self.node) if n.level == COMMUNITY]
        return [
            n.area_id for n in nodes if n.level == COMMUNITY and n.path.startswith(self.node.path)
        ]

    @cached_property
    def cells(self) -> list[int]:
        """Where the people of the area are stored: its cells, and those of who moved here."""
        return cells_of(self.node)

    @cached_property
    def positives(self) -> list[PositiveTube]:
        return list_positive(self.round_id, self.sight)

    @cached_property
    def callbacks(self) -> Callbacks:
        return count_callbacks(self.round_id, self.cells, self.communities, at=self.at)

    @cached_property
    def picture(self) -> Picture:
        """The ledger's: over many cells as the worker took it last."""
        return ledger.look(self.round_id, sight=self.sight, at=self.at)

    @cached_property
    def tickets(self) -> int:
        found = tickets.list_counts(tickets.reach_of([self.place]), [self.round_id])
        return sum(c.n for c in found if KINDS[c.kind].weight is not Weight.NOTE)

    @cached_property
    def alerts(self) -> list[OpenAlert]:
        """Open alerts of the area's tubes, those that nobody has acknowledged first."""
        rows = fetch(
            "SELECT a.cell_id, a.alert_id, a.barcode, a.kind, a.lab_id, a.raised_at, a.seen_at, "
            "t.site_id, t.lab_id, t.members "
            "FROM alert a JOIN tube t ON t.cell_id = a.cell_id AND t.round_id = a.round_id "
            "AND t.barcode = a.barcode WHERE a.cell_id = ANY(%s) AND a.round_id = %s "
            "AND a.settled_at IS NULL AND t.cell_id = ANY(%s) AND t.round_id = %s "
            "ORDER BY a.seen_at IS NOT NULL, a.raised_at "
            "/* fan-out: open alerts are few and have an index of their own */",
            (self.sight.cells, self.round_id, self.sight.cells, self.round_id),
        )
        return [OpenAlert._make((*r[:8], r[9])) for r in rows if self.sight.sees(r[7], r[8])]

    @cached_property
    def packages(self) -> int:
        """Packages without a receipt: a package is the whole city's."""
        return fetch("SELECT count(*) FROM result_package WHERE receipt_at IS NULL")[0][0]

    @cached_property
    def labs(self) -> list[lab.LabRow]:
        """The laboratories of the area, and those that have its tubes."""
        used = {r.lab_id for r in self.stages if r.lab_id}
        inside = lab.list_labs([self.place])
        more = used - {x.lab_id for x in inside}
        return inside + (
            lab.list_labs([Place("lab", i, "/") for i in sorted(more)]) if more else []
        )

    @cached_property
    def devices(self) -> list[DeviceRow]:
        return list_devices(self.policy, self.sight)
