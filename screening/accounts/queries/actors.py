"""Who asks: the actor of a token, and the refusal that is noted apart."""

from __future__ import annotations

import hashlib

import orjson
from flask import current_app

from screening import clock
from screening.accounts.roles import EVERYWHERE, Actor, Place, Role, Scope
from screening.db import apart, fetch, new_id


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
    return Actor(staff_id, number, grants, must_change, token_hash(token), name_in(sealed))


def as_place(scope: str, scope_id: int, path: str | None) -> Place | None:
    """The place of a grant; None when what it was held over is gone."""
    if scope == "all":
        return EVERYWHERE
    return Place(scope, scope_id, path) if path else None


def note_refused(staff_id: int | None, endpoint: str) -> None:
    """Denied access is audited apart, since the request itself will be rolled back."""
    with apart() as conn:
        conn.execute(
            b"INSERT INTO audit (cell_id, audit_id, at, staff_id, action, subject, subject_id) "
            b"VALUES (0, %s, %s, %s, 'refused', 'route', %s)",
            (new_id(), clock.now(), staff_id, endpoint),
        )


def name_in(sealed: bytes) -> str:
    return orjson.loads(current_app.extensions["keys"].open(sealed, "staff.sealed"))["name"]
