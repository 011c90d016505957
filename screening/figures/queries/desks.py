"""The sites of an area, how fast they go and how long people wait; its laboratories, how full."""

from __future__ import annotations

from typing import NamedTuple

from screening.accounts.rules import Limit
from screening.figures.forecast import Queue, queue
from screening.figures.queries.paces import SitePaceRow, list_site_paces
from screening.figures.queries.scene import Scene
from screening.figures.queries.stragglers import boxes_on_the_road
from screening.figures.standing import HELD, Standing, stand
from screening.lab.queries.capacity import list_loads
from screening.lab.queries.labs import LabRow
from screening.lab.watch import capacity
from screening.lab.watch.capacity import LabLoad
from screening.places import queries as places
from screening.places.queries import SiteRow
from screening.tube.rules import Stage

SITES = Limit(2000, "house; a city's mass screening opened some 1,700 sites")
SHOWN = Limit(60, "house; one screen of sites: below, one goes down a level")


class SiteLine(NamedTuple):
    """A site now: persons in the last hour, tables that closed a tube in the last twenty minutes,
    the wait that follows, tubes that stand there and how many of them are late."""

    site: SiteRow
    hour: int
    tables: int
    queue: Queue
    open_tubes: Standing
    waiting: Standing
    devices: int
    heard: int

    @property
    def worst(self) -> tuple:
        """Those that need a call first."""
        stuck = self.open_tubes.late + self.waiting.late
        silent = self.devices - self.heard
        return (-stuck, -self.queue.grows, -(self.queue.minutes or 0), -silent, self.site.code)


def list_site_lines(scene: Scene) -> list[SiteLine]:
    """Every site of the round in the area, those that need a call first."""
    rows = places.list_sites([scene.place], limit=SITES.value)
    paces = list_site_paces(scene.round_id, scene.sight, at=scene.at)
    standing: dict[int, list] = {}
    for r in scene.stages:
        standing.setdefault(r.site_id, []).append(r)
    devices: dict[int, list[bool]] = {}
    for d in scene.devices:
        devices.setdefault(d.site_id, []).append(d.heard)
    idle = SitePaceRow(0, 0, 0, 0.0, 0, 0)
    lines = []
    for site in rows:
        if not scene.policy.at_site(site.site_id):
            continue
        p, rows_here = paces.get(site.site_id, idle), standing.get(site.site_id, [])
        heard = devices.get(site.site_id, [])
        lines.append(SiteLine(
            site, p.persons, p.tables, queue(p.persons, p.tables, best=p.best),
            stand(rows_here, (Stage.OPEN,)),
            stand(rows_here, (Stage.CLOSED, Stage.PACKED)), len(heard), sum(heard),
        ))  # fmt: skip
    return sorted(lines, key=lambda x: x.worst)


class LabLine(NamedTuple):
    """A laboratory now: its own load, boxes and tubes on the road to it, what of this area it has."""

    lab: LabRow
    load: LabLoad
    boxes: int
    coming: int
    rate: float | None
    empty: capacity.Forecast
    mine: Standing


def list_lab_lines(scene: Scene) -> list[LabLine]:
    """The laboratories that work for the area, the fullest first."""
    loads = list_loads(scene.labs, scene.at, lagging=True)
    road = boxes_on_the_road(x.lab_id for x in scene.labs)
    waiting = [*HELD["deliver"], *HELD["test"]]
    out = []
    for x in scene.labs:
        boxes, coming = road[x.lab_id]
        load = loads[x.lab_id]
        out.append(LabLine(
            x, load, boxes, coming, capacity.load_rate(load, coming=coming),
            capacity.forecast(load, scene.at, coming=coming),
            stand([r for r in scene.stages if r.lab_id == x.lab_id], waiting),
        ))  # fmt: skip
    return sorted(out, key=lambda x: (-(x.rate or 0), x.lab.code))
