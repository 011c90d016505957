"""Use cases of accounts: staff, grants, first passwords, PIN resets; and the doors to the rest.

Other slices call `service.note`, `service.note_read_person`, `service.desk_device`,
`service.check_pin`, `service.sign_with_pin`, `service.make_staff`; lists of temporary accounts are
`temporary.make_temporary`."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from flask import current_app

from screening import clock
from screening.accounts import queries, rules, secret_words
from screening.accounts.audit import note, note_apart, note_many, note_read_person, verify_audit
from screening.accounts.devices import (
    Desk,
    declare_lost,
    desk_device,
    desk_key,
    enrol,
    make_enrol_code,
    revoke_device,
)
from screening.accounts.roles import Actor, Role, Scope
from screening.accounts.sessions import (
    change_password,
    change_pin,
    check_pin,
    close_session,
    open_session,
    revoke_session,
    revoke_sessions,
    set_password,
    set_pin,
    sign_in,
    sign_with_pin,
)
from screening.db import new_id, run
from screening.errors import Conflict, NotFound
from screening.places.rules import Place

__all__ = [
    "Desk", "change_password", "change_pin", "change_staff", "check_pin", "close_session",
    "declare_lost", "desk_device", "desk_key", "enrol", "find_or_make_staff", "grant",
    "make_account", "make_enrol_code", "make_staff", "note", "note_apart", "note_many", "note_read_person",
    "open_session", "reset_password", "reset_pin", "revoke", "revoke_device", "revoke_session",
    "revoke_sessions", "set_password", "set_pin", "sign_in", "sign_with_pin", "verify_audit",
]  # fmt: skip


class NumberTaken(Conflict):
    code = "number_taken"
    zh = "这个工号已经有人使用。"
    en = "This staff number is already in use."
    constraint = "uq_staff_staff_no"


def make_staff(
    staff_no: str,
    name: str,
    phone: str = "",
    *,
    password: str | None = None,
    grants: Iterable[Scope] = (),
    until: datetime | None = None,
    must_change: bool = False,
) -> int:
    """Make an account; its staff_id. Without a password nobody can sign in with it yet.

    `until` is real time. A number that is taken is refused by the database (NumberTaken)."""
    staff_id = new_id()
    run(
        "INSERT INTO staff (staff_id, staff_no, sealed, password_hash, must_change, active, until, "
        "created_at) VALUES (%s, %s, %s, %s, %s, true, %s, %s)",
        (
            staff_id,
            staff_no.strip(),
            _seal(name, phone),
            secret_words.hashed(password) if password else None,
            must_change,
            until,
            clock.real_now(),
        ),
    )
    note("staff_made", "staff", staff_id)
    for scope in grants:
        grant(staff_id, scope.role, scope.place)
    return staff_id


def find_or_make_staff(staff_no: str, name: str, phone: str = "", **values: Any) -> int:
    """The account with this number, made if there is none (commands and drills)."""
    found = queries.find_staff_no(staff_no)
    return found.staff_id if found else make_staff(staff_no, name, phone, **values)


class NewAccount(NamedTuple):
    """`first_password` is shown once and must be changed at the first sign-in."""

    staff_id: int
    staff_no: str
    first_password: str


def make_account(
    staff_no: str, name: str, phone: str, *, grants: Iterable[Scope], until: datetime | None
) -> NewAccount:
    """An account with a first password of our making."""
    word = secret_words.spoken(12)
    staff_id = make_staff(
        staff_no, name, phone, password=word, grants=grants, until=until, must_change=True
    )
    return NewAccount(staff_id, staff_no.strip(), word)


def _seal(name: str, phone: str) -> bytes:
    text = orjson.dumps({"name": name.strip(), "phone": phone.strip()})
    return current_app.extensions["keys"].seal(text, "staff.sealed")


def change_staff(
    staff_id: int,
    *,
    name: str | None = None,
    phone: str | None = None,
    active: bool | None = None,
    **until: datetime | None,
) -> None:
    """Change what is given. `until=None` lifts the end; an account that ends loses its sessions."""
    held = queries.get_staff(staff_id)
    run(
        "UPDATE staff SET sealed = %s, active = %s, until = %s WHERE staff_id = %s",
        (
            _seal(held.name if name is None else name, held.phone if phone is None else phone),
            held.active if active is None else active,
            until.get("until", held.until),
            staff_id,
        ),
    )
    note("staff_changed", "staff", staff_id)
    if active is False:
        revoke_sessions(staff_id)


def grant(staff_id: int, role: Role, place: Place, *, until: datetime | None = None) -> int:
    """Give a role over a place; the grant's id. The caller has checked who asks."""
    grant_id = new_id()
    run(
        "INSERT INTO grant_role (grant_id, staff_id, role, scope, scope_id, until) "
        "VALUES (%s, %s, %s, %s, %s, %s)",
        (grant_id, staff_id, role, place.kind, place.id, until),
    )
    note("granted", "staff", staff_id, detail=_words(role, place.kind, place.id))
    return grant_id


def revoke(staff_id: int, grant_id: int) -> None:
    """Take a role away; it works from the next request on. Raises NotFound."""
    held = {g.grant_id: g for g in queries.grants_of([staff_id]).get(staff_id, [])}
    if grant_id not in held:
        raise NotFound()
    run("DELETE FROM grant_role WHERE grant_id = %s AND staff_id = %s", (grant_id, staff_id))
    gone = held[grant_id]
    note("revoked", "staff", staff_id, detail=_words(gone.role, gone.scope, gone.scope_id))


def _words(role: Role, scope: str, scope_id: int) -> dict[str, Any]:
    return {"role": str(role), "scope": scope, "scope_id": str(scope_id)}


def check_governs(actor: Actor, staff_id: int) -> None:
    """Raise NoSuchStaff unless every role of that person lies within what `actor` may give."""
    queries.get_staff(staff_id)
    if not rules.governs(actor, queries.scopes_of(staff_id)):
        raise queries.NoSuchStaff()


def reset_password(staff_id: int) -> str:
    """A new first password, shown once; every session of the person ends."""
    word = secret_words.spoken(12)
    set_password(staff_id, word, must_change=True)
    note("password_reset", "staff", staff_id)
    return word


def reset_pin(staff_id: int) -> str:
    """A new PIN on the spot, shown once: the supervisor reads it out, no office is needed."""
    while True:
        pin = f"{secrets.randbelow(10**rules.PIN_LENGTH.value):0{rules.PIN_LENGTH.value}d}"
        try:
            set_pin(staff_id, pin)
        except rules.WeakPin:
            continue
        note("pin_reset", "staff", staff_id)
        return pin
