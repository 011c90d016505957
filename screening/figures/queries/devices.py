"""Which devices of a round's sites have spoken, and which has been silent longest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from screening.db import fetch
from screening.ledger.sight import Sight
from screening.registry.queries import RoundPolicy


class DeviceRow(NamedTuple):
    """A phone at a site of the round. `closed`: it signed off with a "closed at n" entry."""

    device_id: int
    name: str
    site_id: int
    heard_at: datetime | None
    heard: bool
    closed: bool


def list_devices(policy: RoundPolicy, sight: Sight) -> list[DeviceRow]:
    """Phones in use at the round's sites within sight, those silent longest first."""
    if policy.started_at is None:
        return []
    rows = fetch(
        "SELECT d.device_id, d.name, d.site_id, d.heard_at, "
        "coalesce(d.heard_at >= %(since)s, false), "
        "coalesce(j.n > 0 AND j.closed = j.n, false) FROM device d "
        "JOIN site s ON s.site_id = d.site_id JOIN area a ON a.area_id = s.area_id "
        "LEFT JOIN LATERAL (SELECT count(*) AS n, count(*) FILTER (WHERE j.closed_at >= j.last) "
        "AS closed FROM journal j WHERE j.cell_id = d.cell_id AND j.device_id = d.device_id "
        "AND j.heard_at >= %(since)s) j ON true "
        "WHERE d.kind = 'phone' AND d.state = 'active' AND NOT d.practice "
        "AND (CASE WHEN %(all_sites)s THEN a.path LIKE ANY(%(paths)s) "
        "ELSE d.site_id = ANY(%(round_sites)s) END) "
        "AND (%(everywhere)s OR d.site_id = ANY(%(sites)s)) "
        "ORDER BY d.heard_at NULLS FIRST, d.device_id "
        "/* fan-out: each phone's own journals, in the phone's cell */",
        {
            "since": policy.started_at,
            "all_sites": policy.site_ids is None,
            "round_sites": sorted(policy.site_ids or ()),
            "paths": [p + "%" for p in policy.area_paths],
            "everywhere": sight.everywhere,
            "sites": sight.sites,
        },
    )
    return [DeviceRow(*r) for r in rows]


def oldest_silence(devices: Sequence[DeviceRow]) -> DeviceRow | None:
    """Of those that have spoken and not signed off, the one silent longest."""
    speaking = [d for d in devices if d.heard and not d.closed and d.heard_at is not None]
    return min(speaking, key=lambda d: (d.heard_at, d.device_id), default=None)
