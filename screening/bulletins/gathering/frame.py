"""The frame of a report: its round, its area, what lies directly below, its sites and tubes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from screening.coverage.queries import cells_of
from screening.db import fetch
from screening.lab.rules.well_rules import Outcome
from screening.ledger.sight import Sight, sight_of
from screening.places import queries as places
from screening.places.queries import Node
from screening.places.rules import COMMUNITY, STREET, Place
from screening.registry.queries import RoundPolicy

ALL_CELLS = "/* fan-out: a report over an area, made once in the worker */"


class Site(NamedTuple):
    site_id: int
    name: str
    tables: int
    phone: str | None
    path: str


class Group(NamedTuple):
    """Tubes of one site and laboratory in one stage; `corrected`: released more than once."""

    site_id: int | None
    lab_id: int | None
    stage: int
    tubes: int
    late: int
    oldest: datetime | None
    negative: int
    invalid: int
    corrected: int


@dataclass
class Frame:
    """One area in one round at the cut-off. Sites belong to where they stand, persons to where
    they live; `names` says how areas below are called, in the order of their codes."""

    policy: RoundPolicy
    node: Node
    at: datetime
    _sites: dict[int, Site] | None = field(default=None, repr=False)

    @property
    def round_id(self) -> int:
        return self.policy.round_id

    @cached_property
    def cells(self) -> list[int]:
        """Where the people of the area are stored: its cells, and those of who moved here."""
        return cells_of(self.node)

    @cached_property
    def sight(self) -> Sight:
        return sight_of([Place("area", self.node.area_id, self.node.path)])

    @cached_property
    def every_cell(self) -> list[int]:
        return [0, *places.cells_under("/")]

    @cached_property
    def below(self) -> list[Node]:
        """The areas directly below that the round touches; none below a community."""
        nodes = [
            n for n in places.TREE.get().by_id.values()
            if n.parent_id == self.node.area_id and n.level <= COMMUNITY and self.touched(n.path)
        ]  # fmt: skip
        return sorted(nodes, key=lambda n: n.code)

    def touched(self, path: str) -> bool:
        return any(path.startswith(p) or p.startswith(path) for p in self.policy.area_paths)

    def inside(self, path: str) -> bool:
        return path.startswith(self.node.path)

    @cached_property
    def communities(self) -> dict[int, Node]:
        """The communities of the area, as far as the round touches them."""
        return {
            n.area_id: n
            for n in places.TREE.get().by_id.values()
            if n.level == COMMUNITY and self.inside(n.path) and self.touched(n.path)
        }

    def part(self, path: str) -> str:
        """The name of the area below in which a place lies; the area's own where there is none."""
        return next((n.name for n in self.below if path.startswith(n.path)), self.node.name)

    @property
    def names(self) -> list[str]:
        return [n.name for n in self.below] or [self.node.name]

    @cached_property
    def sites(self) -> dict[int, Site]:
        rows = fetch(
            "SELECT s.site_id, s.name, s.tables, s.phone, a.path FROM site s "
            "JOIN area a USING (area_id) WHERE a.path LIKE %s ORDER BY s.code",
            (self.node.path + "%",),
        )
        own = self.policy.site_ids
        return {r[0]: Site(*r) for r in rows if own is None or r[0] in own}

    @cached_property
    def labs(self) -> dict[int, str]:
        return dict(fetch("SELECT lab_id, name FROM lab ORDER BY code"))

    def part_of_site(self, site_id: int | None) -> str:
        site = self.sites.get(site_id or 0)
        return self.part(site.path) if site else self.node.name

    @cached_property
    def groups(self) -> list[Group]:
        """The tubes of the area's sites in one pass. Tubes that no site is known for belong to
        whoever holds the whole cell."""
        rows = fetch(
            "SELECT site_id, lab_id, stage, count(*), count(*) FILTER (WHERE due_at <= %s), "
            "min(since), count(*) FILTER (WHERE outcome = %s), "
            "count(*) FILTER (WHERE outcome = %s), count(*) FILTER (WHERE version > 1) "
            f"FROM tube WHERE cell_id = ANY(%s) AND round_id = %s GROUP BY 1, 2, 3 {ALL_CELLS}",
            (self.at, int(Outcome.NEGATIVE), int(Outcome.INVALID), self.cells, self.round_id),
        )
        return [g for g in map(Group._make, rows) if self.owns(g.site_id)]

    def owns(self, site_id: int | None) -> bool:
        return site_id in self.sites if site_id else self.node.level <= STREET

    def by_part(
        self, rows: Iterable[tuple[str, dict[str, int]]], keys: Iterable[str]
    ) -> list[dict[str, Any]]:
        """Numbers summed by the areas below, one row each, also where there is nothing."""
        found: dict[str, dict[str, Any]] = {
            name: {"area": name, **dict.fromkeys(keys, 0)} for name in self.names
        }
        for name, numbers in rows:
            row = found.setdefault(name, {"area": name, **dict.fromkeys(keys, 0)})
            for key, n in numbers.items():
                row[key] += n
        return list(found.values())


def minutes(then: datetime | None, now: datetime) -> int | None:
    return None if then is None else max(0, int((now - then).total_seconds() // 60))


def oldest(
    groups: Iterable[Group], part: Callable[[Group], str], at: datetime
) -> dict[str, int | None]:
    """{part: minutes since the longest wait} of groups of tubes."""
    out: dict[str, list[datetime]] = defaultdict(list)
    for g in groups:
        if g.oldest is not None:
            out[part(g)].append(g.oldest)
    return {name: minutes(min(times), at) for name, times in out.items()}
