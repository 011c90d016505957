"""Keeping the duty roster: named people at a laboratory, a district or the city, from and to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from screening.accounts.audit import note
from screening.accounts.queries import actor_of, find_staff_no
from screening.accounts.roles import Actor
from screening.db import insert, new_id, run
from screening.errors import BadField, Fault, Faults, NotAllowed, Problem
from screening.i18n import _
from screening.lab import queries as lab
from screening.lab.queries import duty as queries
from screening.lab.queries.duty import DutyRow
from screening.lab.rules import duty_rules as rules
from screening.lab.scopes import may_answer, may_keep, still_fit
from screening.lab.service.calling import AAD
from screening.places import queries as places
from screening.places.rules import CITY, COUNTY, EVERYWHERE, Place
from screening.registry.service.persons import ring

_PHONE = re.compile(r"\+?\d{5,15}")
_COLUMNS = (
    "duty_id", "kind", "place_id", "staff_id", "sealed", "starts_at", "ends_at", "made_by",
    "made_at",
)  # fmt: skip


class NotForDuty(Problem):
    status = 422
    code = "not_for_duty"
    zh = "此人的角色不管这个地方，不能在这里值班。"
    en = "This person holds no role over the place and cannot be on duty there."


class UnknownNumber(Problem):
    status = 422
    code = "unknown_staff_number"
    zh = "没有这个工号，或者账号已停用。"
    en = "There is no such staff number, or the account is closed."


def add(
    place: Place,
    staff_no: str,
    starts_at: datetime,
    ends_at: datetime,
    *,
    phone: str = "",
    by: Actor,
    at: datetime,
) -> int:
    """Put somebody on duty; the number of the row. `phone` empty: the account's own.

    Raises Faults with every fault at once, NotAllowed."""
    if not may_keep(by, place):
        raise NotAllowed()
    staff = find_staff_no(staff_no.strip())
    actor = actor_of(staff.staff_id) if staff else None
    phone = re.sub(r"[\s-]", "", phone)
    faults = _faults(starts_at, ends_at, phone, at)
    if actor is None:
        faults.append(Fault(UnknownNumber(), field="staff_no"))
    elif not may_answer(actor, place):
        faults.append(Fault(NotForDuty(), field="staff_no"))
    elif staff is not None and not (phone or staff.phone):
        faults.append(_fault("phone", _("此人的账号没有电话，请填写值班电话。")))
    if faults or actor is None:
        raise Faults(faults)
    number = new_id()
    sealed = ring().seal(phone.encode(), AAD) if phone else b""
    row = (
        number,
        place.kind,
        place.id,
        actor.staff_id,
        sealed,
        starts_at,
        ends_at,
        by.staff_id,
        at,
    )
    insert("duty", _COLUMNS, [row])
    note("duty_added", "duty", number)
    return number


def _faults(starts_at: datetime, ends_at: datetime, phone: str, at: datetime) -> list[Fault]:
    out = []
    if ends_at <= starts_at:
        out.append(_fault("ends_at", _("结束须晚于开始。")))
    elif ends_at <= at:
        out.append(_fault("ends_at", _("这段时间已经过去。")))
    elif ends_at - starts_at > timedelta(days=rules.LONGEST.value):
        sentence = _("一次值班最长 %(n)s 天，请核对日期。", n=rules.LONGEST.value)
        out.append(_fault("ends_at", sentence))
    if phone and not _PHONE.fullmatch(phone):
        out.append(_fault("phone", _("电话号码位数不对。")))
    return out


def _fault(field: str, sentence: str) -> Fault:
    return Fault(BadField(message=sentence), field=field)


def remove(duty_id: int, *, by: Actor, at: datetime) -> None:
    """Take somebody off the roster; the row stays on record. Raises NoSuchDuty, NotAllowed."""
    found = queries.get_duty(duty_id)
    if not may_keep(by, queries.place_of(found.kind, found.place_id)):
        raise NotAllowed()
    run(
        "UPDATE duty SET removed_by = %s, removed_at = %s WHERE duty_id = %s",
        (by.staff_id, at, duty_id),
    )
    note("duty_removed", "duty", duty_id)


class Post(NamedTuple):
    """A place that must be manned, with its roster and the hours in which nobody is there."""

    place: Place
    name: str
    level: int
    rows: list[DutyRow]
    gaps: list[rules.Gap]


def list_posts(held: Sequence[Place], *, at: datetime) -> list[Post]:
    """The posts within `held` and their next days: city, districts, laboratories.

    A district counts when people live in it; so does the whole city for who holds all of it."""
    found = [*_areas(held), *(_lab_place(x) for x in lab.list_labs(held))]
    until = at + timedelta(hours=rules.LOOK_AHEAD.value)
    spots = {(p.kind, p.id) for p in found}
    names = queries.names_of(spots)
    rows: dict[tuple[str, int], list[DutyRow]] = {}
    known = queries.list_duties(spots, since=at, until=until + timedelta(days=365))
    for row in still_fit(known):
        rows.setdefault((row.kind, row.place_id), []).append(row)
    out = []
    for place in found:
        spot = (place.kind, place.id)
        mine = rows.get(spot, [])
        level = rules.level_of(place, queries.way_to(place.path))
        gaps = rules.gaps([d.shift for d in mine], at, until)
        out.append(Post(place, names.get(spot, ""), level, mine, gaps))
    return sorted(out, key=lambda p: (-p.level, p.place.path, p.name))


def _lab_place(row: lab.LabRow) -> Place:
    return places.place_of_lab(row.lab_id)


def _areas(held: Sequence[Place]) -> list[Place]:
    """Cities and districts within these places; the whole city where the tree names none."""
    everywhere = any(p.kind == "all" for p in held)
    paths = tuple(p.path for p in held if p.kind == "area")
    nodes = places.TREE.get().by_id.values()
    out = [
        Place("area", n.area_id, n.path)
        for n in nodes
        if n.level in (CITY, COUNTY) and (everywhere or (paths and n.path.startswith(paths)))
    ]
    if everywhere and not any(n.level == CITY for n in nodes):
        out.append(EVERYWHERE)
    return out
