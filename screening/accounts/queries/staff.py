"""Staff, their grants and sessions; names and phones in the clear for authorised screens."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from flask import current_app

from screening import clock
from screening.accounts.queries.actors import PLACE_OF_GRANT, as_place
from screening.accounts.roles import EVERYWHERE, Actor, Place, Role, Scope
from screening.db import fetch
from screening.errors import NotFound
from screening.places import queries as places


class NoSuchStaff(NotFound):
    code = "no_such_staff"
    zh = "没有这个账号，或者不在您的范围内。"
    en = "There is no such account, or it is outside your scope."


class StaffRow(NamedTuple):
    """A staff member without secrets; `name` and `phone` in the clear, for authorised screens."""

    staff_id: int
    staff_no: str
    name: str
    phone: str
    active: bool
    until: datetime | None
    must_change: bool
    has_password: bool
    has_pin: bool
    created_at: datetime


_STAFF = (
    "s.staff_id, s.staff_no, s.sealed, s.active, s.until, s.must_change, "
    "s.password_hash IS NOT NULL, s.pin_hash IS NOT NULL, s.created_at"
)


def _staff(row: tuple) -> StaffRow:
    who = orjson.loads(current_app.extensions["keys"].open(row[2], "staff.sealed"))
    return StaffRow(row[0], row[1], who.get("name", ""), who.get("phone", ""), *row[3:])


def find_staff(staff_id: int) -> StaffRow | None:
    rows = fetch(f"SELECT {_STAFF} FROM staff s WHERE staff_id = %s", (staff_id,))
    return _staff(rows[0]) if rows else None


def get_staff(staff_id: int) -> StaffRow:
    row = find_staff(staff_id)
    if row is None:
        raise NoSuchStaff()
    return row


def find_staff_no(staff_no: str) -> StaffRow | None:
    rows = fetch(f"SELECT {_STAFF} FROM staff s WHERE staff_no = %s", (staff_no,))
    return _staff(rows[0]) if rows else None


def names_of(staff_ids: Iterable[int | None]) -> dict[int, tuple[str, str]]:
    """(number, name) by id, for screens that say who did something."""
    ids = sorted({i for i in staff_ids if i is not None})
    rows = fetch(f"SELECT {_STAFF} FROM staff s WHERE staff_id = ANY(%s)", (ids,)) if ids else []
    return {s.staff_id: (s.staff_no, s.name) for s in map(_staff, rows)}


def phones_of(staff_ids: Iterable[int | None]) -> dict[int, tuple[str, str]]:
    """(name, phone) by id, for those who must be able to call whoever answers for something."""
    ids = sorted({i for i in staff_ids if i is not None})
    rows = fetch(f"SELECT {_STAFF} FROM staff s WHERE staff_id = ANY(%s)", (ids,)) if ids else []
    return {s.staff_id: (s.name, s.phone) for s in map(_staff, rows)}


def list_staff(
    places_held: Sequence[Place], *, prefix: str = "", after: int = 0, limit: int = 50
) -> list[StaffRow]:
    """Staff with at least one grant within `places_held`, by id; `prefix` of the staff number."""
    cond, params = _grant_scope(places_held)
    like = prefix.replace("\\", "").replace("%", "").replace("_", "") + "%"
    rows = fetch(
        f"SELECT {_STAFF} FROM staff s WHERE s.staff_id > %s AND s.staff_no LIKE %s AND {cond} "
        "ORDER BY s.staff_id LIMIT %s",
        (after, like, *params, limit),
    )
    return [_staff(r) for r in rows]


def _grant_scope(places_held: Sequence[Place]) -> tuple[str, list[Any]]:
    if any(p.kind == "all" for p in places_held):
        return "TRUE", []
    cond, params = places.in_scope(places_held)
    own = [(k, p.id) for p in places_held for k in (p.kind,) if k in ("site", "lab")]
    ids = [[i for k, i in own if k == kind] for kind in ("site", "lab")]
    return (
        "EXISTS (SELECT 1 FROM grant_role g " + PLACE_OF_GRANT + "WHERE g.staff_id = s.staff_id "
        f"AND ({cond} OR (g.scope = 'site' AND g.scope_id = ANY(%s)) "
        "OR (g.scope = 'lab' AND g.scope_id = ANY(%s))))",
        [*params, *ids],
    )


class PresentStaff(NamedTuple):
    """Somebody who may stand at a place, with the roles that hold there."""

    staff_id: int
    staff_no: str
    name: str
    roles: list[Role]


def staff_at(place: Place, coming: Sequence[Role], *, at: datetime) -> list[PresentStaff]:
    """Everybody with a role over this one place, and those of the roles `coming` whose area or
    city holds it; by number. Real time."""
    rows = fetch(
        "SELECT s.staff_id, s.staff_no, s.sealed, array_agg(DISTINCT g.role) FROM grant_role g "
        "JOIN staff s USING (staff_id) "
        "LEFT JOIN area a ON g.scope = 'area' AND a.area_id = g.scope_id "
        "WHERE s.active AND (s.until IS NULL OR s.until > %s) AND (g.until IS NULL OR g.until > %s) "
        "AND ((g.scope = %s AND g.scope_id = %s) OR (g.role = ANY(%s) AND "
        "(g.scope = 'all' OR (g.scope = 'area' AND starts_with(%s, a.path))))) "
        "GROUP BY s.staff_id, s.staff_no, s.sealed ORDER BY s.staff_no LIMIT %s",
        (at, at, place.kind, place.id, [str(r) for r in coming], place.path, MOST_PRESENT),
    )
    keys = current_app.extensions["keys"]
    return [
        PresentStaff(i, number, orjson.loads(keys.open(sealed, "staff.sealed")).get("name", ""),
                     sorted(Role(r) for r in roles))
        for i, number, sealed, roles in rows
    ]  # fmt: skip


MOST_PRESENT = 1000  # a county's couriers and a site's people


class GrantRow(NamedTuple):
    grant_id: int
    staff_id: int
    role: Role
    scope: str
    scope_id: int
    place_name: str
    path: str | None
    until: datetime | None

    @property
    def place(self) -> Place | None:
        return as_place(self.scope, self.scope_id, self.path)


def grants_of(staff_ids: Iterable[int]) -> dict[int, list[GrantRow]]:
    """Every grant (ended ones too) of these people, with the name of its place."""
    out: dict[int, list[GrantRow]] = {}
    rows = fetch(
        "SELECT g.grant_id, g.staff_id, g.role, g.scope, g.scope_id, "
        "coalesce(gs.name, gl.name, a.name, ''), a.path, g.until FROM grant_role g "
        + PLACE_OF_GRANT
        + "WHERE g.staff_id = ANY(%s) ORDER BY g.grant_id",
        (list(staff_ids),),
    )
    for r in rows:
        out.setdefault(r[1], []).append(GrantRow(r[0], r[1], Role(r[2]), *r[3:]))
    return out


def scopes_of(staff_id: int) -> list[Scope]:
    """What a staff member holds now. A grant over a place that is gone counts as everywhere:
    whoever manages such a person must hold the whole city."""
    return held_now(grants_of([staff_id]).get(staff_id, []))


def held_now(grants: Iterable[GrantRow]) -> list[Scope]:
    """The scopes of grants that have not ended, as `scopes_of` tells them."""
    now = clock.real_now()
    return [Scope(g.role, g.place or EVERYWHERE) for g in grants if not g.until or g.until > now]


def actors_of(staff_ids: Collection[int]) -> dict[int, Actor]:
    """The actors that these people would be now, with what they still hold; a place that is gone
    is nobody's. Nothing for a closed account."""
    now = clock.real_now()
    rows = fetch(
        "SELECT staff_id, staff_no FROM staff WHERE staff_id = ANY(%s) AND active "
        "AND (until IS NULL OR until > %s)",
        (sorted(staff_ids), now),
    )
    held = grants_of([i for i, _ in rows])
    return {
        i: Actor(i, no, tuple(
            Scope(g.role, g.place) for g in held.get(i, ())
            if g.place and (not g.until or g.until > now)
        ))
        for i, no in rows
    }  # fmt: skip


def find_spots(word: str) -> list[tuple[Place, str]]:
    """Places with this code or exact name (areas down to the community), with their names."""
    word = word.strip()
    if word.lower() in ("all", "全市"):
        return [(EVERYWHERE, "全市")]
    rows = fetch(
        "SELECT 'site', s.site_id, a.path, s.name FROM site s JOIN area a USING (area_id) "
        "WHERE s.code = %(w)s OR s.name = %(w)s UNION ALL "
        "SELECT 'lab', l.lab_id, a.path, l.name FROM lab l JOIN area a USING (area_id) "
        "WHERE l.code = %(w)s OR l.name = %(w)s UNION ALL "
        "SELECT 'area', area_id, path, name FROM area WHERE valid_to IS NULL "
        "AND (code = %(w)s OR (name = %(w)s AND level <= 4))",
        {"w": word},
    )
    return [(Place(kind, place_id, path), name) for kind, place_id, path, name in rows]


def list_spots(held: Sequence[Place]) -> list[tuple[str, str, Place]]:
    """(code, name, place) of the sites and labs within `held`: what a form offers."""
    cond, params = places.in_scope(held)
    out = []
    for kind in ("site", "lab"):
        ids = [p.id for p in held if p.kind == kind]
        rows = fetch(
            f"SELECT t.code, t.name, t.{kind}_id, a.path FROM {kind} t JOIN area a USING (area_id) "
            f"WHERE ({cond} OR t.{kind}_id = ANY(%s)) ORDER BY t.code",
            (*params, ids),
        )
        out += [(code, name, Place(kind, i, path)) for code, name, i, path in rows]
    return out


class SessionRow(NamedTuple):
    """`ref` names a session without giving it away: the first half of its token's hash."""

    ref: str
    created_at: datetime
    expires_at: datetime
    agent: str | None
    current: bool


def list_sessions(staff_id: int, current: bytes = b"") -> list[SessionRow]:
    """Live sessions, newest first."""
    rows = fetch(
        "SELECT token_hash, created_at, expires_at, agent FROM login_session WHERE staff_id = %s "
        "AND revoked_at IS NULL AND expires_at > %s ORDER BY created_at DESC, token_hash",
        (staff_id, clock.real_now()),
    )
    return [
        SessionRow(bytes(r[0][:16]).hex(), r[1], r[2], (r[3] or "").split(" ")[0], r[0] == current)
        for r in rows  # a phone's session also names the phone
    ]


def actor_of(staff_id: int) -> Actor | None:
    """The actor that a staff member would be now, outside any request (jobs, drills)."""
    return actors_of({staff_id}).get(staff_id)
