"""What only these screens read: the rollup within sight, and what a site still lacks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from screening.accounts.rules import Limit
from screening.coverage.queries import StageRow, communities_of, list_stages
from screening.db import fetch
from screening.ledger.sight import Sight
from screening.places import queries as places
from screening.places.queries import Node, SiteRow
from screening.places.rules import Place
from screening.registry.desk_queries import round_scope
from screening.registry.queries import RoundPolicy

HEARD_HOURS = Limit(12, "house; devices are switched on the evening before an early start")
SITES = Limit(2000, "house; a city's mass screening opened some 1,700 sites")


def stages_of(round_id: int, sight: Sight) -> list[StageRow]:
    """The rollup of a round's tubes, as far as `sight` reaches."""
    rows = list_stages(round_id, sight.cells)
    return [r for r in rows if sight.sees(r.site_id, r.lab_id)]


def list_responsible(sites: Collection[int], labs: Collection[int]) -> dict[tuple[str, int], int]:
    """{("site" or "lab", id): the staff who is responsible there}."""
    rows = fetch(
        "SELECT 'site', site_id, responsible_id FROM site WHERE site_id = ANY(%s) "
        "AND responsible_id IS NOT NULL UNION ALL SELECT 'lab', lab_id, responsible_id FROM lab "
        "WHERE lab_id = ANY(%s) AND responsible_id IS NOT NULL",
        (sorted(sites), sorted(labs)),
    )
    return {(kind, place): staff for kind, place, staff in rows}


# --- before a round ---------------------------------------------------------------------------


class Ready(NamedTuple):
    """A site of a round and what it has: devices (heard), blank labels, a laboratory."""

    site: SiteRow
    devices: int
    heard: int
    labels: bool
    lab_id: int | None

    @property
    def lacks(self) -> int:
        has = (self.heard, self.labels, self.lab_id, self.site.responsible_id)
        return sum(1 for x in has if not x)


def list_ready(policy: RoundPolicy, held: Sequence[Place], *, at: datetime) -> list[Ready]:
    """The round's sites within `held`, those that lack most first."""
    sites = [s for s in _sites(held) if policy.at_site(s.site_id) and _inside(s, policy)]
    ids = [s.site_id for s in sites]
    devices = _devices(ids, at)
    labels = _labelled(ids)
    labs = {site: lab for site, _name, lab in round_scope(policy.round_id).sites}
    out = [
        Ready(s, *devices.get(s.site_id, (0, 0)), s.site_id in labels, labs.get(s.site_id))
        for s in sites
    ]
    return sorted(out, key=lambda r: (-r.lacks, r.site.code))


def _sites(held: Sequence[Place]) -> list[SiteRow]:
    return places.list_sites(held, limit=SITES.value)


def _inside(site: SiteRow, policy: RoundPolicy) -> bool:
    if policy.site_ids is not None:
        return True
    path = places.area_path(site.area_id)
    return any(path.startswith(p) for p in policy.area_paths)


def _devices(sites: Sequence[int], at: datetime) -> dict[int, tuple[int, int]]:
    """{site: (phones in use, those heard of lately)}."""
    rows = fetch(
        "SELECT site_id, count(*), count(*) FILTER (WHERE heard_at > %s) FROM device "
        "WHERE site_id = ANY(%s) AND kind = 'phone' AND state = 'active' AND NOT practice "
        "GROUP BY site_id",
        (at - timedelta(hours=HEARD_HOURS.value), list(sites)),
    )
    return {site: (n, heard) for site, n, heard in rows}


def _labelled(sites: Sequence[int]) -> set[int]:
    """Sites that hold a roll with at least one blank number."""
    rows = fetch(
        "SELECT DISTINCT r.site_id FROM label_run r WHERE r.site_id = ANY(%s) AND NOT r.practice "
        "AND r.kind = 'tube' AND EXISTS (SELECT 1 FROM tube_key k WHERE k.run_id = r.run_id "
        "AND k.round_id IS NULL AND k.state = 0)",
        (list(sites),),
    )
    return {r[0] for r in rows}


def list_without_site(policy: RoundPolicy, held: Sequence[Place]) -> list[Node]:
    """Communities of the round within `held` in which no site of the round stands."""
    by_id = places.TREE.get().by_id
    sites = {
        places.area_path(s.area_id)
        for s in places.list_sites([Place("all", 0, "/")], limit=SITES.value)
        if policy.at_site(s.site_id)
    }
    areas = [p.path for p in held if p.kind in ("area", "all")]
    nodes = [by_id[i] for _cell, i in communities_of(policy)]
    return [
        n
        for n in nodes
        if any(n.path.startswith(p) for p in areas) and not any(s.startswith(n.path) for s in sites)
    ]
