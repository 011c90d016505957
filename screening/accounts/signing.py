"""The signature of the signed-in person at the moment it is given: PIN or authenticator code, or
password where no PIN is set."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from screening.accounts import authenticator, secret_words, throttle
from screening.accounts.audit import note_apart
from screening.accounts.roles import Actor
from screening.accounts.rules import Limit
from screening.accounts.sessions import BadPassword, sign_with_pin
from screening.db import fetch
from screening.errors import NotAllowed, Problem

CLOSE_MINUTES = Limit(10, "house; two people at one computer do not read a plate so fast")


class Signature(NamedTuple):
    """Who proved at this moment to be the one who signs, and at which browser (`desk_mark`)."""

    staff_id: int
    desk: bytes | None = None

    def close_to(
        self, other: int | None, desk: bytes | None, signed: datetime | None, *, at: datetime
    ) -> bool:
        """Somebody else signed at this very browser a moment ago."""
        return (
            signed is not None
            and self.desk is not None
            and other != self.staff_id
            and desk is not None
            and bytes(desk) == self.desk
            and signed > at - timedelta(minutes=CLOSE_MINUTES.value)
        )


class NotSigned(Problem):
    status = 422
    code = "not_signed"
    zh = "请输入 PIN 或验证码（没有 PIN 时输入密码）确认签名。"
    en = "Confirm the signature with your PIN or a code (or your password if you have no PIN)."


def sign(by: Actor, secret: str, desk: bytes | None = None) -> Signature:
    """Raises NotSigned, BadPin, BadPassword, TooMany."""
    if not secret:
        raise NotSigned()
    if not authenticator.signs(by, secret):
        _sign_otherwise(by, secret)
        authenticator.forgive(by)  # a PIN has six digits too: trying it as a code was no attack
    return Signature(by.staff_id, desk)


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
