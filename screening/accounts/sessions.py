"""Signing in and out: opaque tokens of which only the hash is kept. Real time."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from screening import clock
from screening.accounts import audit, queries, rules, secret_words, throttle
from screening.accounts.roles import Actor
from screening.db import fetch, run
from screening.errors import NotFound, Problem


class BadSignIn(Problem):
    status = 401
    code = "bad_sign_in"
    zh = "工号或密码不对。"
    en = "The staff number or the password is not right."


class BadPassword(Problem):
    status = 403
    code = "bad_password"
    zh = "现在的密码不对。"
    en = "The present password is not right."


class BadPin(Problem):
    status = 403
    code = "bad_pin"
    zh = "PIN 不对。"
    en = "The PIN is not right."


class NoPin(Problem):
    status = 403
    code = "no_pin"
    zh = "还没有设置 PIN，请先在“我的账号”里设置。"
    en = "No PIN has been set yet; set one under “My account” first."


class SignedIn(NamedTuple):
    """`token` exists only here and at whoever signed in."""

    token: str
    staff_id: int
    staff_no: str
    must_change: bool
    expires_at: datetime


def sign_in(
    staff_no: str, password: str, *, address: str | None, agent: str | None = None
) -> SignedIn:
    """Open a session. Raises BadSignIn (whatever was wrong) or TooMany.

    An unknown or ended number costs the same time and words as a wrong password."""
    now = clock.real_now()
    number = staff_no.strip()[:64]
    rows = fetch(
        "SELECT staff_id, staff_no, password_hash, must_change, "
        "active AND (until IS NULL OR until > %s) FROM staff WHERE staff_no = %s",
        (now, number),
    )
    staff_id, number, stored, must_change, alive = rows[0] if rows else (None, number, None, 0, 0)
    where = throttle.address_of(address)
    this = throttle.attempt("sign-in", number.lower(), where, (stored or "")[-16:])
    throttle.begin(this)
    if not (secret_words.matches(stored, password[:256]) and alive):
        throttle.failed(this)
        audit.note_apart("sign_in_failed", "staff", staff_id, staff_id)
        raise BadSignIn()
    throttle.passed(this)
    token, until = open_session(staff_id, agent=agent)
    audit.note("sign_in", "staff", staff_id, staff_id=staff_id)
    return SignedIn(token, staff_id, number, bool(must_change), until)


FAMILIES = ("MicroMessenger", "Edg", "Firefox", "Chrome", "Safari", "curl", "python")


def family(user_agent: str | None) -> str:
    """The family of a browser or program; its whole name would be a fingerprint."""
    return next((f for f in FAMILIES if f.lower() in (user_agent or "").lower()), "other")


def open_session(staff_id: int, *, agent: str | None = None) -> tuple[str, datetime]:
    """A new session's token and its end."""
    token, now = secrets.token_urlsafe(32), clock.real_now()
    until = now + timedelta(hours=rules.SESSION_HOURS.value)
    run(
        "INSERT INTO login_session (token_hash, staff_id, created_at, expires_at, agent) "
        "VALUES (%s, %s, %s, %s, %s)",
        (queries.token_hash(token), staff_id, now, until, agent),
    )
    return token, until


def close_session(actor: Actor) -> None:
    """Sign out: this session ends at once, everywhere."""
    run(
        "UPDATE login_session SET revoked_at = %s WHERE token_hash = %s AND revoked_at IS NULL",
        (clock.real_now(), actor.session),
    )
    audit.note("sign_out", "staff", actor.staff_id)


def revoke_session(staff_id: int, ref: str) -> None:
    """End one session of a person by its `ref`. Raises NotFound."""
    ended = run(
        "UPDATE login_session SET revoked_at = %s WHERE staff_id = %s AND revoked_at IS NULL "
        "AND left(encode(token_hash, 'hex'), 32) = %s",
        (clock.real_now(), staff_id, ref),
    )
    if not ended:
        raise NotFound()
    audit.note("session_revoked", "staff", staff_id)


def revoke_sessions(staff_id: int) -> int:
    """End every session of a person; how many were live."""
    now = clock.real_now()
    ended = run(
        "UPDATE login_session SET revoked_at = %s "
        "WHERE staff_id = %s AND revoked_at IS NULL AND expires_at > %s",
        (now, staff_id, now),
    )
    audit.note("sessions_revoked", "staff", staff_id, detail={"count": ended})
    return ended


# --- secrets of the person ----------------------------------------------------------------------


def check_password(actor: Actor, password: str, *, address: str | None) -> None:
    """Whether it is really oneself at an open screen. Raises BadPassword, TooMany."""
    stored = fetch("SELECT password_hash FROM staff WHERE staff_id = %s", (actor.staff_id,))[0][0]
    where = throttle.address_of(address)
    this = throttle.attempt("password", actor.staff_no.lower(), where, (stored or "")[-16:])
    throttle.begin(this)
    if not secret_words.matches(stored, password[:256]):
        throttle.failed(this)
        raise BadPassword()
    throttle.passed(this)


def change_password(actor: Actor, old: str, new: str, *, address: str | None) -> SignedIn:
    """Set a new password, end every session, open one afresh for whoever changed it."""
    check_password(actor, old, address=address)
    rules.check_password(new, actor.staff_no)
    if old == new:
        raise rules.WeakPassword(least=rules.PASSWORD_LEAST.value)
    set_password(actor.staff_id, new, must_change=False)
    audit.note("password_changed", "staff", actor.staff_id)
    token, until = open_session(actor.staff_id)
    return SignedIn(token, actor.staff_id, actor.staff_no, False, until)


def set_password(staff_id: int, password: str, *, must_change: bool) -> None:
    """Store a password and end every session. The caller has checked who asks."""
    run(
        "UPDATE staff SET password_hash = %s, must_change = %s WHERE staff_id = %s",
        (secret_words.hashed(password), must_change, staff_id),
    )
    revoke_sessions(staff_id)


def set_pin(staff_id: int, pin: str) -> None:
    """Raises WeakPin."""
    rules.check_pin(pin)
    run("UPDATE staff SET pin_hash = %s WHERE staff_id = %s", (secret_words.hashed(pin), staff_id))
    audit.note("pin_set", "staff", staff_id)


def change_pin(actor: Actor, password: str, pin: str, *, address: str | None) -> None:
    """Set the own PIN; the password shows that it is really oneself at an open screen."""
    check_password(actor, password, address=address)
    set_pin(actor.staff_id, pin)


def check_pin(staff_id: int, pin: str, *, where: str) -> None:
    """The PIN at a shift change or a signature. `where` names the session or device that asks:
    it is what a wrong PIN slows. Raises NoPin, BadPin, TooMany."""
    rows = fetch(
        "SELECT pin_hash FROM staff WHERE staff_id = %s AND active "
        "AND (until IS NULL OR until > %s)",
        (staff_id, clock.real_now()),
    )
    stored = rows[0][0] if rows else None
    if rows and stored is None:
        raise NoPin()
    this = throttle.attempt("pin", str(staff_id), where, (stored or "")[-16:])
    throttle.begin(this)
    if not secret_words.matches(stored, pin[:64]):
        throttle.failed(this)
        audit.note_apart("pin_failed", "staff", staff_id, staff_id if rows else None)
        raise BadPin()
    throttle.passed(this)


def sign_with_pin(actor: Actor, pin: str) -> None:
    """The signature of the signed-in person (reviews, corrections). Raises as check_pin."""
    check_pin(actor.staff_id, pin, where=actor.session.hex())
