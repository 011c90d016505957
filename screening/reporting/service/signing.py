"""The signature of the signed-in person at the moment it is given: PIN or authenticator code, or
password where no PIN is set."""

from __future__ import annotations

from screening.accounts import authenticator, secret_words, throttle
from screening.accounts.audit import note_apart
from screening.accounts.roles import Actor
from screening.accounts.sessions import BadPassword, sign_with_pin
from screening.db import fetch
from screening.errors import NotAllowed, Problem


class NotSigned(Problem):
    status = 422
    code = "not_signed"
    zh = "请输入 PIN 或验证码（没有 PIN 时输入密码）确认签名。"
    en = "Confirm the signature with your PIN or a code (or your password if you have no PIN)."


def sign(by: Actor, secret: str) -> None:
    """Raises NotSigned, BadPin, BadPassword, TooMany."""
    if not secret:
        raise NotSigned()
    if authenticator.signs(by, secret):
        return
    _sign_otherwise(by, secret)
    authenticator.forgive(by)  # a PIN has six digits too: trying it as a code was no attack


def _sign_otherwise(by: Actor, secret: str) -> None:
    rows = fetch("SELECT pin_hash, password_hash FROM staff WHERE staff_id = %s", (by.staff_id,))
    if not rows:
        raise NotAllowed()
    if rows[0][0] is not None:
        sign_with_pin(by, secret)
        return
    stored = rows[0][1]
    mark = (stored or "")[-16:]
    this = throttle.attempt("signature", by.staff_no.lower(), by.session.hex(), mark)
    throttle.begin(this)
    if not secret_words.matches(stored, secret[:256]):
        throttle.failed(this)
        note_apart("signature_failed", "staff", by.staff_id, by.staff_id)
        raise BadPassword()
    throttle.passed(this)
