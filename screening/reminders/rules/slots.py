"""Which site is near, and how buildings are spread over the sites and hours of a day."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

from screening.registry.rules import HOUSE


class Limit(NamedTuple):
    value: int
    source: str


class OpenSite(NamedTuple):
    """A site that is open in a round; `path` is its area's."""

    site_id: int
    name: str
    path: str
    opens: str
    tables: int = 1


class Slot(NamedTuple):
    site_id: int
    starts_at: datetime
    ends_at: datetime


NEAREST = 2  # sites that one message names
PER_TABLE = Limit(90, HOUSE)  # persons a table and hour
SLOT = timedelta(hours=1)
WHOLE_DAY = (time(8, 0), time(20, 0))  # where a site does not say when it is open
_HOURS = re.compile(r"(\d{1,2})[:：点时](\d{2})?\s*[-–—~～至到]\s*(\d{1,2})[:：点时](\d{2})?")


def nearness(path: str, other: str) -> int:
    """How many areas two places have in common, from the root."""
    pairs = zip(path.strip("/").split("/"), other.strip("/").split("/"), strict=False)
    common = 0
    for one, two in pairs:
        if one != two:
            break
        common += 1
    return common


def nearest(path: str, sites: Iterable[OpenSite], most: int = NEAREST) -> list[OpenSite]:
    """The sites that share the smallest area with this place; all of them equally near."""
    by_nearness: dict[int, list[OpenSite]] = {}
    for site in sites:
        by_nearness.setdefault(nearness(path, site.path), []).append(site)
    if not by_nearness:
        return []
    return sorted(by_nearness[max(by_nearness)], key=lambda s: s.site_id)[:most]


def place_and_hours(sites: Sequence[OpenSite]) -> tuple[str, str]:
    """What a message says of these sites."""
    hours = dict.fromkeys(s.opens or f"{WHOLE_DAY[0]:%H:%M}-{WHOLE_DAY[1]:%H:%M}" for s in sites)
    return "、".join(s.name for s in sites), "、".join(hours)


def hours_of(opens: str) -> tuple[time, time]:
    """05:30-21:00, 8点至20点: when a site opens and closes; the usual day where it cannot be read."""
    found = _HOURS.search(opens or "")
    if not found:
        return WHOLE_DAY
    h1, m1, h2, m2 = (int(g or 0) for g in found.groups())
    if h1 > 23 or h2 > 23 or m1 > 59 or m2 > 59 or (h2, m2) <= (h1, m1):
        return WHOLE_DAY
    return time(h1, m1), time(h2, m2)


def spread(
    buildings: Sequence[tuple[int, str, int]],
    sites: Sequence[OpenSite],
    day: date,
    zone: tzinfo,
    *,
    not_before: datetime | None = None,
    loads: Mapping[int, int] | None = None,
) -> dict[int, Slot]:
    """{building: slot} for (building, path, persons) in the order given; `loads` are persons whom
    the sites expect already.

    Each building goes to the least loaded of its nearest sites; a site takes PER_TABLE a table and
    hour from its opening on. What does not fit before closing shares the last hour."""
    load = {s.site_id: (loads or {}).get(s.site_id, 0) for s in sites}
    out: dict[int, Slot] = {}
    for building, path, persons in buildings:
        near = nearest(path, sites, most=len(sites))
        if not near:
            continue
        site = min(near, key=lambda s: (load[s.site_id] / max(s.tables, 1), s.site_id))
        out[building] = _slot(site, load[site.site_id], day, zone, not_before)
        load[site.site_id] += persons
    return out


def _slot(
    site: OpenSite, before: int, day: date, zone: tzinfo, not_before: datetime | None
) -> Slot:
    opens, closes = (datetime.combine(day, t, zone) for t in hours_of(site.opens))
    if not_before is not None and opens < not_before < closes:
        opens = not_before.astimezone(zone)
    hour = before // (max(site.tables, 1) * PER_TABLE.value)
    last = max(closes - SLOT, opens)
    starts = min(opens + hour * SLOT, last)
    return Slot(site.site_id, starts, min(starts + SLOT, closes))


def slot_words(slot: Slot, zone: tzinfo) -> str:
    """11月23日08:00-09:00"""
    start, end = slot.starts_at.astimezone(zone), slot.ends_at.astimezone(zone)
    return f"{start.month}月{start.day}日{start:%H:%M}-{end:%H:%M}"
