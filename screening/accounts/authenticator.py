"""An authenticator app beside the PIN: enrolled with the password, proved by a first code."""

from __future__ import annotations

import secrets
from datetime import datetime

from flask import current_app

from screening import clock
from screening.accounts import audit, throttle, totp
from screening.accounts.roles import Actor
from screening.accounts.sessions import check_password
from screening.db import fetch, run
from screening.errors import Problem

AAD = "authenticator.sealed"


class BadCode(Problem):
    status = 403
    code = "bad_app_code"
    zh = "验证码不对，或已经用过；请等下一个。"
    en = "The code is not right, or was used before; wait for the next one."


def is_active(staff_id: int) -> bool:
    return _held(staff_id) is not None


def begin(actor: Actor, password: str, *, address: str | None) -> bytes:
    """A new secret, shown once; it signs nothing until `confirm`. Raises BadPassword, TooMany."""
    check_password(actor, password, address=address)
    secret = secrets.token_bytes(totp.SECRET_BYTES)
    sealed = current_app.extensions["keys"].seal(secret, AAD)
    run(
        "INSERT INTO authenticator (staff_id, sealed, made_at, last_step) VALUES (%s, %s, %s, 0) "
        "ON CONFLICT (staff_id) DO UPDATE SET sealed = EXCLUDED.sealed, "
        "made_at = EXCLUDED.made_at, confirmed_at = NULL, last_step = 0",
        (actor.staff_id, sealed, clock.real_now()),
    )
    audit.note("authenticator_begun", "staff", actor.staff_id)
    return secret


def confirm(actor: Actor, code: str) -> None:
    """The first right code puts the app into use. Raises BadCode, TooMany."""
    if not _use(actor, code, confirmed=False):
        raise BadCode()
    run(
        "UPDATE authenticator SET confirmed_at = %s WHERE staff_id = %s",
        (clock.real_now(), actor.staff_id),
    )
    audit.note("authenticator_set", "staff", actor.staff_id)


def remove(actor: Actor, password: str, *, address: str | None) -> None:
    """The phone is lost or gone: only PIN or password sign from now on."""
    check_password(actor, password, address=address)
    run("DELETE FROM authenticator WHERE staff_id = %s", (actor.staff_id,))
    audit.note("authenticator_removed", "staff", actor.staff_id)


def signs(actor: Actor, code: str) -> bool:
    """Whether this is a fresh code of the signed-in person's app. Wrong ones are slowed; a PIN
    that turns out right ends the count (`forgive`). Raises TooMany."""
    right = len(code) == totp.DIGITS and code.isascii() and code.isdigit()
    return right and is_active(actor.staff_id) and _use(actor, code, confirmed=True)


def forgive(actor: Actor) -> None:
    throttle.passed(_attempt(actor))


def _use(actor: Actor, code: str, *, confirmed: bool) -> bool:
    held = _held(actor.staff_id, confirmed=confirmed)
    if held is None:
        return False
    sealed, last = held
    this = _attempt(actor)
    throttle.begin(this)
    secret = current_app.extensions["keys"].open(bytes(sealed), AAD)
    step = totp.matching_step(secret, code, clock.real_now().timestamp(), last)
    # two requests with one code: the one that moves the step has used it
    if step is None or not run(
        "UPDATE authenticator SET last_step = %s WHERE staff_id = %s AND last_step < %s",
        (step, actor.staff_id, step),
    ):
        throttle.failed(this)
        return False
    throttle.passed(this)
    return True


def _attempt(actor: Actor) -> throttle.Try:
    return throttle.attempt("code", str(actor.staff_id), actor.session.hex(), "")


def _held(staff_id: int, *, confirmed: bool = True) -> tuple[bytes, int] | None:
    rows: list[tuple[bytes, int, datetime | None]] = fetch(
        "SELECT sealed, last_step, confirmed_at FROM authenticator WHERE staff_id = %s",
        (staff_id,),
    )
    if not rows or (rows[0][2] is not None) is not confirmed:
        return None
    return rows[0][0], rows[0][1]
