"""Reading accounts: the actor of a token, staff, devices; and the notes that commit apart."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from flask import current_app

from screening import clock
from screening.accounts.roles import EVERYWHERE, Actor, Place, Role, Scope
from screening.db import apart, fetch, new_id
from screening.errors import NotFound
from screening.places import queries as places


def token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


# where a grant's place lies: joined to grant_role g, gives area a (none for scope "all")
PLACE_OF_GRANT = (
    "LEFT JOIN site gs ON g.scope = 'site' AND gs.site_id = g.scope_id "
    "LEFT JOIN lab gl ON g.scope = 'lab' AND gl.lab_id = g.scope_id "
    "LEFT JOIN area a ON a.area_id = CASE g.scope WHEN 'area' THEN g.scope_id "
    "WHEN 'site' THEN gs.area_id WHEN 'lab' THEN gl.area_id END "
)


def find_actor(token: str) -> Actor | None:
    """The staff member of a live session, or None. Real time."""
    now = clock.real_now()
    rows = fetch(
        "SELECT s.staff_id, s.staff_no, s.must_change, s.sealed, g.role, g.scope, g.scope_id, "
        "a.path FROM login_session l JOIN staff s USING (staff_id) "
        "LEFT JOIN grant_role g ON g.staff_id = s.staff_id AND (g.until IS NULL OR g.until > %s) "
        + PLACE_OF_GRANT
        + "WHERE l.token_hash = %s AND l.revoked_at IS NULL AND l.expires_at > %s "
        "AND s.active AND (s.until IS NULL OR s.until > %s)",
        (now, token_hash(token), now, now),
    )
    if not rows:
        return None
    grants = tuple(
        Scope(Role(role), place)
        for *_, role, scope, scope_id, path in rows
        if role and (place := as_place(scope, scope_id, path)) is not None
    )
    staff_id, number, must_change, sealed = rows[0][:4]
    return Actor(staff_id, number, grants, must_change, token_hash(token), _name(sealed))


def as_place(scope: str, scope_id: int, path: str | None) -> Place | None:
    """The place of a grant; None when what it was held over is gone."""
    if scope == "all":
        return EVERYWHERE
    return Place(scope, scope_id, path) if path else None


def actor_of(staff_id: int) -> Actor | None:
    """The actor that a staff member would be now, outside any request (jobs, drills)."""
    now = clock.real_now()
    rows = fetch(
        "SELECT staff_no FROM staff WHERE staff_id = %s AND active AND (until IS NULL OR until > %s)",
        (staff_id, now),
    )
    return Actor(staff_id, rows[0][0], tuple(scopes_of(staff_id))) if rows else None


def note_refused(staff_id: int | None, endpoint: str) -> None:
    """Denied access is audited apart, since the request itself will be rolled back."""
    with apart() as conn:
        conn.execute(
            b"INSERT INTO audit (cell_id, audit_id, at, staff_id, action, subject, subject_id) "
            b"VALUES (0, %s, %s, %s, 'refused', 'route', %s)",
            (new_id(), clock.now(), staff_id, endpoint),
        )


# --- staff --------------------------------------------------------------------------------------


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


def _name(sealed: bytes) -> str:
    return orjson.loads(current_app.extensions["keys"].open(sealed, "staff.sealed"))["name"]


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
    now = clock.real_now()
    held = grants_of([staff_id]).get(staff_id, [])
    return [Scope(g.role, g.place or EVERYWHERE) for g in held if not g.until or g.until > now]


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
    return [SessionRow(bytes(r[0][:16]).hex(), r[1], r[2], r[3], r[0] == current) for r in rows]


# --- devices ------------------------------------------------------------------------------------


class NoSuchDevice(NotFound):
    code = "no_such_device"
    zh = "没有这台设备。"
    en = "There is no such device."


class DeviceRow(NamedTuple):
    device_id: int
    name: str
    kind: str
    site_id: int | None
    lab_id: int | None
    staff_id: int | None
    cell_id: int
    public_key: bytes
    private_key: bytes | None
    state: str
    practice: bool
    enrolled_by: int | None
    enrolled_at: datetime
    heard_at: datetime | None
    offset_ms: int | None
    lost_by: int | None

    @property
    def active(self) -> bool:
        return self.state == "active"


_DEVICE = ", ".join("d." + f for f in DeviceRow._fields)


def find_device(device_id: int) -> DeviceRow | None:
    rows = fetch(f"SELECT {_DEVICE} FROM device d WHERE device_id = %s", (device_id,))
    return DeviceRow(*rows[0]) if rows else None


def get_device(device_id: int) -> DeviceRow:
    row = find_device(device_id)
    if row is None:
        raise NoSuchDevice()
    return row


def place_of_device(device_id: int) -> Place:
    """Where a device belongs: its site or lab; a desk of neither belongs to the whole city."""
    row = get_device(device_id)
    if row.site_id:
        return places.place_of_site(row.site_id)
    if row.lab_id:
        return places.place_of_lab(row.lab_id)
    return EVERYWHERE


class PlacedDevice(NamedTuple):
    device: DeviceRow
    place_name: str


_PLACED = (
    "LEFT JOIN site s ON s.site_id = d.site_id LEFT JOIN lab l ON l.lab_id = d.lab_id "
    "LEFT JOIN area a ON a.area_id = coalesce(s.area_id, l.area_id) "
)


def _at_places(held: Sequence[Place], alias: str) -> tuple[str, list[Any]]:
    cond, params = places.in_scope(held)
    if cond == "TRUE":
        return cond, []
    ids = [[p.id for p in held if p.kind == kind] for kind in ("site", "lab")]
    return (
        f"({cond} OR {alias}.site_id = ANY(%s) OR {alias}.lab_id = ANY(%s))",
        [*params, *ids],
    )


def list_devices(
    held: Sequence[Place], *, kind: str = "phone", after: int = 0, limit: int = 100
) -> list[PlacedDevice]:
    """Devices at the places held, by id."""
    cond, params = _at_places(held, "d")
    rows = fetch(
        f"SELECT {_DEVICE}, coalesce(s.name, l.name, '') FROM device d {_PLACED}"
        f"WHERE d.kind = %s AND d.device_id > %s AND {cond} ORDER BY d.device_id LIMIT %s",
        (kind, after, *params, limit),
    )
    return [PlacedDevice(DeviceRow(*r[:-1]), r[-1]) for r in rows]


class CodeRow(NamedTuple):
    """An enrolment code that still works; its text is known only to whoever made it."""

    ref: str
    place_name: str
    until: datetime
    uses_left: int
    practice: bool
    made_at: datetime


def list_codes(held: Sequence[Place]) -> list[CodeRow]:
    cond, params = _at_places(held, "d")
    rows = fetch(
        "SELECT d.code_hash, coalesce(s.name, l.name, ''), d.until, d.uses_left, d.practice, "
        f"d.made_at FROM enrol_code d {_PLACED}"
        f"WHERE d.until > %s AND d.uses_left > 0 AND {cond} ORDER BY d.made_at, d.code_hash",
        (clock.real_now(), *params),
    )
    return [CodeRow(bytes(r[0]).hex()[:16], *r[1:]) for r in rows]


def place_of_code(ref: str) -> Place:
    rows = fetch(
        "SELECT site_id, lab_id FROM enrol_code WHERE left(encode(code_hash, 'hex'), 16) = %s",
        (ref,),
    )
    if not rows:
        raise NotFound()
    return places.place_of_site(rows[0][0]) if rows[0][0] else places.place_of_lab(rows[0][1])


# --- audit --------------------------------------------------------------------------------------


class AuditRow(NamedTuple):
    cell_id: int
    audit_id: int
    at: datetime
    staff_id: int | None
    device_id: int | None
    action: str
    subject: str | None
    subject_id: str | None
    detail: dict | None
    sealed: bool


def cells_of(held: Sequence[Place]) -> list[int]:
    """The cells whose audit may be read over these places; the whole city includes cell 0."""
    if any(p.kind == "all" for p in held):
        return [0, *places.cells_under("/")]
    return sorted({c for p in held for c in places.cells_under(p.path)})


def list_audit(
    cells: Sequence[int],
    *,
    staff_id: int | None = None,
    action: str | None = None,
    subject: str | None = None,
    subject_id: str | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[AuditRow]:
    """Lines of these cells, newest first; `before` is the last audit_id of the page before."""
    wanted = {"staff_id": staff_id, "action": action, "subject": subject, "subject_id": subject_id}
    asked = {k: v for k, v in wanted.items() if v not in (None, "")}
    more = "".join(f"AND {name} = %s " for name in asked)
    if before:
        more += "AND audit_id < %s "
    rows = fetch(
        "SELECT cell_id, audit_id, at, staff_id, device_id, action, subject, subject_id, detail, "
        f"chain IS NOT NULL FROM audit WHERE cell_id = ANY(%s) {more}"
        "ORDER BY audit_id DESC LIMIT %s",
        (list(cells), *asked.values(), *([before] if before else []), limit),
    )
    return [AuditRow(*r) for r in rows]
