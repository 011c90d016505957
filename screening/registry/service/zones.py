"""Zones: a measure over areas from one time to another; pool rule and channel follow from it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from screening.accounts.audit import note
from screening.accounts.roles import Actor
from screening.db import fetch, insert, run
from screening.errors import Fault, Faults, NotFound, Problem
from screening.places import queries as places
from screening.registry.queries import ZONES
from screening.registry.rules import ZONE_KINDS

ZONE_LOCK = 720_261_124  # advisory lock: numbers of zones


class NoSuchZone(NotFound):
    code = "no_such_zone"
    zh = "没有这个分区。"
    en = "There is no such zone."


class BadZone(Problem):
    status = 422
    code = "bad_zone"
    zh = "分区要有名称、类型、至少一个区域，结束时间晚于开始时间。"
    en = "A zone needs a name, a kind, at least one area, and an end later than its start."


def add_zone(
    name: str,
    kind: str,
    area_ids: Sequence[int],
    *,
    starts_at: datetime,
    ends_at: datetime | None,
    by: Actor,
) -> int:
    """A zone over areas (communities, grids, buildings); its id. Raises Faults."""
    wrong = {
        "name": not name.strip(),
        "kind": kind not in ZONE_KINDS,
        "area_ids": not area_ids or any(places.find_area(a) is None for a in area_ids),
        "ends_at": ends_at is not None and ends_at <= starts_at,
    }
    if any(wrong.values()):
        raise Faults([Fault(BadZone(), field=f) for f, bad in wrong.items() if bad])
    fetch("SELECT pg_advisory_xact_lock(%s)", (ZONE_LOCK,))
    zone_id = fetch("SELECT coalesce(max(zone_id), 0) + 1 FROM zone")[0][0]
    insert(
        "zone",
        ("zone_id", "name", "kind", "starts_at", "ends_at", "made_by"),
        [(zone_id, name.strip(), kind, starts_at, ends_at, by.staff_id)],
    )
    insert("zone_area", ("zone_id", "area_id"), [(zone_id, a) for a in sorted(set(area_ids))])
    ZONES.forget()
    note("zone_added", "zone", zone_id)
    return zone_id


def end_zone(zone_id: int, *, at: datetime) -> None:
    """The measure is lifted now; what was swabbed under it keeps its rule."""
    if not run(
        "UPDATE zone SET ends_at = %s WHERE zone_id = %s AND (ends_at IS NULL OR ends_at > %s)",
        (at, zone_id, at),
    ) and not fetch("SELECT 1 FROM zone WHERE zone_id = %s", (zone_id,)):
        raise NoSuchZone()
    ZONES.forget()
    note("zone_ended", "zone", zone_id)
