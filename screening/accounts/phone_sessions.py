"""Signing in on an enrolled phone: by badge or number with the PIN or the password. Real time.

The phone's own signature says which phone asks, so the pair that waits after wrong tries is the
person and the phone: a guesser at one phone slows nobody at another."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from screening import clock
from screening.accounts import audit, queries, rules, secret_words, throttle
from screening.accounts.queries import DeviceRow
from screening.accounts.roles import Actor, Role
from screening.accounts.sessions import BadSignIn, open_session
from screening.db import fetch, run
from screening.errors import Problem
from screening.places import queries as places
from screening.places.rules import Place

AGENT = "field"  # sessions of a phone are found by it when the phone is stopped


class NotHere(Problem):
    status = 403
    code = "not_here"
    zh = "您在这里没有岗位，请找本点负责人。"
    en = "You have no role here; ask the supervisor of this place."


class PhoneSession(NamedTuple):
    """`token` exists only here and on the phone. `roles`: those that hold at its place."""

    actor: Actor
    roles: list[Role]
    token: str
    must_change: bool
    expires_at: datetime


def place_of(device: DeviceRow) -> Place:
    """Where a phone stands. Raises NoSuchPlace."""
    if device.site_id:
        return places.place_of_site(device.site_id)
    return places.place_of_lab(device.lab_id or 0)


def sign_in(
    device: DeviceRow, secret: str, *, staff_id: int | None = None, staff_no: str = ""
) -> PhoneSession:
    """Open a session on a phone for a person who works at its place.

    Raises BadSignIn (whatever was wrong), TooMany, NotHere. An unknown badge costs the same time
    and words as a wrong PIN."""
    found = _find(staff_id, staff_no.strip()[:64])
    stored = found.stored(secret) if found else None
    name = str(found.staff_id) if found else staff_no.lower() or str(staff_id)
    this = throttle.attempt("phone", name, f"device:{device.device_id}", (stored or "")[-16:])
    throttle.begin(this)
    right = secret_words.matches(stored, secret[:256])
    if found is None or not (right and found.alive):
        throttle.failed(this)
        who = found.staff_id if found else None
        audit.note_apart("sign_in_failed", "device", device.device_id, who)
        raise BadSignIn()
    throttle.passed(this)
    return _opened(found, device)


class _Found(NamedTuple):
    staff_id: int
    staff_no: str
    password_hash: str | None
    pin_hash: str | None
    must_change: bool
    alive: bool

    def stored(self, secret: str) -> str | None:
        """A PIN's length decides: no password is as short. One hash is tried, so that the time
        says nothing about which of the two there is."""
        is_pin = len(secret) == rules.PIN_LENGTH.value and secret.isdigit()
        return self.pin_hash if is_pin else self.password_hash


def _find(staff_id: int | None, staff_no: str) -> _Found | None:
    rows = fetch(
        "SELECT staff_id, staff_no, password_hash, pin_hash, must_change, "
        "active AND (until IS NULL OR until > %s) FROM staff WHERE "
        + ("staff_id = %s" if staff_id is not None else "staff_no = %s"),
        (clock.real_now(), staff_id if staff_id is not None else staff_no),
    )
    return _Found(*rows[0]) if rows else None


def _opened(found: _Found, device: DeviceRow) -> PhoneSession:
    actor = queries.actor_of(found.staff_id)
    assert actor is not None  # alive, and the same transaction
    roles = roles_at(actor, place_of(device))
    if not roles:
        audit.note_apart("sign_in_refused", "device", device.device_id, found.staff_id)
        raise NotHere()
    token, until = open_session(found.staff_id, agent=f"{AGENT} {device.device_id}")
    audit.note("sign_in", "staff", found.staff_id, staff_id=found.staff_id, cell=device.cell_id,
               device_id=device.device_id)  # fmt: skip
    return PhoneSession(actor, roles, token, found.must_change, until)


def roles_at(actor: Actor, place: Place) -> list[Role]:
    """The roles that hold at a phone's place. A courier belongs everywhere the boxes go."""
    held = {g.role for g in actor.grants if g.covers(place) or g.role == Role.COURIER}
    return sorted(held)


def end_sessions(device_id: int) -> None:
    """Whoever is signed in on a phone that is stopped is signed out."""
    run(
        "UPDATE login_session SET revoked_at = %s WHERE agent = %s AND revoked_at IS NULL",
        (clock.real_now(), f"{AGENT} {device_id}"),
    )
