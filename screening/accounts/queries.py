"""Reading accounts: the actor of a token, staff, devices; and the notes that commit apart."""

from __future__ import annotations

import hashlib
from datetime import datetime

from screening import clock
from screening.accounts.roles import EVERYWHERE, Actor, Place, Role, Scope
from screening.db import apart, fetch, new_id
from screening.places import queries as places


def token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def find_actor(token: str) -> Actor | None:
    """The staff member of a live session, or None. Real time."""
    now = clock.real_now()
    rows = fetch(
        "SELECT s.staff_id, s.staff_no, s.must_change, g.role, g.scope, g.scope_id "
        "FROM login_session l JOIN staff s USING (staff_id) "
        "LEFT JOIN grant_role g ON g.staff_id = s.staff_id AND (g.until IS NULL OR g.until > %s) "
        "WHERE l.token_hash = %s AND l.revoked_at IS NULL AND l.expires_at > %s "
        "AND s.active AND (s.until IS NULL OR s.until > %s)",
        (now, token_hash(token), now, now),
    )
    if not rows:
        return None
    grants = tuple(
        Scope(Role(role), place)
        for *_, role, scope, scope_id in rows
        if role and (place := _place(scope, scope_id)) is not None
    )
    return Actor(rows[0][0], rows[0][1], grants, rows[0][2], token_hash(token))


def _place(scope: str, scope_id: int) -> Place | None:
    if scope == "all":
        return EVERYWHERE
    return places.find_place(scope, scope_id)


def note_refused(staff_id: int | None, endpoint: str, *, at: datetime | None = None) -> None:
    """Denied access is audited apart, since the request itself will be rolled back."""
    with apart() as conn:
        conn.execute(
            b"INSERT INTO audit (cell_id, audit_id, at, staff_id, action, subject, subject_id) "
            b"VALUES (0, %s, %s, %s, 'refused', 'route', %s)",
            (new_id(), at or clock.real_now(), staff_id, endpoint),
        )
