"""One trip of a box as people read it: where it is, what lies in it, who handed it to whom."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from screening.accounts.guard import refuse
from screening.accounts.queries import names_of
from screening.accounts.roles import LAB_ROLES, SITE_ROLES, Actor, Role
from screening.db import fetch, insert
from screening.errors import Conflict
from screening.places import queries as places
from screening.transport.desk_queries import (
    BatchRow,
    facts_of,
    find_batch,
    list_inside,
    scanned,
)
from screening.transport.queries import NoSuchBatch
from screening.tube.labels import read_box

SEERS = (
    *SITE_ROLES, Role.COURIER, *LAB_ROLES, Role.DISTRICT_HEAD, Role.DISPATCHER,
    Role.ADMINISTRATOR, Role.AUDITOR,
)  # fmt: skip


class FactLine(NamedTuple):
    """One thing said about a trip; `to` is who took it over."""

    verb: int
    at: datetime
    staff_no: str
    to: str
    place: str
    n: int | None
    degrees: float | None
    tube: str | None
    seal: str | None
    difference: bool
    reason: str = ""  # why it goes to another laboratory


class Manifest(NamedTuple):
    batch: BatchRow
    site: str
    lab: str
    inside: dict[str, bool]  # whether a laboratory has received it
    extra: list[str]  # scanned out of it, though never packed
    facts: list[FactLine]

    @property
    def missing(self) -> list[str]:
        return [b for b, received in self.inside.items() if not received]


def manifest(actor: Actor, wire: str) -> Manifest:
    """Raises NoSuchBatch; refuses (noted) a trip of no place of the actor's."""
    try:
        batch = find_batch(wire)
    except ValueError:
        batch = None
    if batch is None:
        raise NoSuchBatch()
    facts = facts_of(batch)
    if not _may(actor, batch, [f.staff_id for f in facts] + [f.to_staff_id for f in facts]):
        refuse(actor)
    inside = list_inside(batch)
    names = _names(batch)
    staff = names_of([f.staff_id for f in facts] + [f.to_staff_id for f in facts])
    labs = dict(fetch("SELECT lab_id, name FROM lab WHERE lab_id = ANY(%s)",
                      ([f.lab_id for f in facts if f.lab_id],)))  # fmt: skip
    lines = [
        FactLine(
            f.verb, f.at, staff.get(f.staff_id or 0, ("", ""))[0],
            staff.get(f.to_staff_id or 0, ("", ""))[0],
            labs.get(f.lab_id or 0) or (names[0] if f.site_id == batch.site_id else ""), f.n,
            None if f.temperature is None else f.temperature / 10, (f.data or {}).get("tube"),
            f.seal, bool((f.data or {}).get("difference")), (f.data or {}).get("reason", ""),
        )
        for f in facts
    ]  # fmt: skip
    extra = [b for b in scanned(batch) if b not in inside]
    return Manifest(batch, *names, inside, extra, lines)


def _may(actor: Actor, batch: BatchRow, staff: list[int | None]) -> bool:
    if actor.staff_id in staff or actor.everywhere(SEERS):
        return True
    spots = [
        places.find_place("site", batch.site_id or 0),
        places.find_place("lab", batch.lab_id or 0),
    ]
    return any(p is not None and actor.may(SEERS, p) for p in spots)


def _names(batch: BatchRow) -> tuple[str, str]:
    site = places.get_site(batch.site_id).name if batch.site_id else ""
    lab = places.get_lab(batch.lab_id).name if batch.lab_id else ""
    return site, lab


# --- boxes as assets ------------------------------------------------------------------------


class BoxKnown(Conflict):
    code = "box_known"
    zh = "这个箱子已经登记。"
    en = "This box is registered already."
    constraint = "pk_box"


def register_box(text: str, capacity: int, site_id: int | None) -> str:
    """Enter a box with the tubes it takes; its code in its one form. Raises CodeProblem, BoxKnown."""
    code = read_box(text)
    insert("box", ("box_code", "capacity", "site_id"), [(code, capacity, site_id)])
    return code


def list_boxes(site_id: int) -> list[tuple[str, int]]:
    """(code, capacity) of a site's boxes."""
    return [
        (r[0], r[1])
        for r in fetch(
            "SELECT box_code, capacity FROM box WHERE site_id = %s AND retired_at IS NULL "
            "ORDER BY box_code",
            (site_id,),
        )
    ]
