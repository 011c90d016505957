"""Which catchments may hide swabs in a phone that has not reported."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from screening.db import by_cell, fetch
from screening.places.queries import Node
from screening.registry.queries import RoundPolicy, get_policy
from screening.reminders.rules import SILENT_MINUTES


def silent_communities(
    round_id: int, communities: Iterable[Node], *, at: datetime
) -> dict[int, list[int]]:
    """{community: devices} of catchments in which a phone may still hold swabs unsent.

    A site serves the communities of its area and those its area lies in. A phone is silent when
    numbers of its journal are missing, or when the journal is not closed and was not heard for
    SILENT_MINUTES, or when nothing was ever heard of it; one declared lost is not."""
    sites = _sites(get_policy(round_id))
    silent = _silent_devices(list(sites), at)
    out: dict[int, list[int]] = {}
    for c in communities:
        devices = sorted(
            device
            for site, found in silent.items()
            if sites[site].startswith(c.path) or c.path.startswith(sites[site])
            for device in found
        )
        if devices:
            out[c.area_id] = devices
    return out


def _sites(policy: RoundPolicy) -> dict[int, str]:
    rows = fetch(
        "SELECT s.site_id, a.path FROM site s JOIN area a USING (area_id) WHERE s.valid_to IS NULL"
    )
    return {
        site: path
        for site, path in rows
        if policy.at_site(site)
        and any(path.startswith(p) or p.startswith(path) for p in policy.area_paths)
    }


def _silent_devices(sites: Sequence[int], at: datetime) -> dict[int, list[int]]:
    devices = fetch(
        "SELECT device_id, site_id, cell_id FROM device WHERE site_id = ANY(%s) "
        "AND kind = 'phone' AND NOT practice AND state <> 'lost'",
        (list(sites),),
    )
    journals: dict[int, list[bool]] = defaultdict(list)
    late = at - timedelta(minutes=SILENT_MINUTES)
    for cell, group in by_cell([(c, d) for d, _, c in devices]):
        ids = [d for _, d in group]
        for device, last, closed, heard in fetch(
            "SELECT device_id, last, closed_at, heard_at FROM journal "
            "WHERE cell_id = %s AND device_id = ANY(%s)",
            (cell, ids),
        ):
            journals[device].append(closed != last and heard < late)
        for (device,) in fetch(
            "SELECT DISTINCT device_id FROM journal_block WHERE cell_id = %s "
            "AND device_id = ANY(%s) AND state = 1",
            (cell, ids),
        ):
            journals[device].append(True)
    out: dict[int, list[int]] = defaultdict(list)
    for device, site, _ in devices:
        if not journals[device] or any(journals[device]):
            out[site].append(device)
    return out
