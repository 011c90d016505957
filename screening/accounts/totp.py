"""Codes of an authenticator app, pure: RFC 6238 with SHA-1, six digits, thirty seconds."""

from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import quote, urlencode

STEP = 30  # seconds; RFC 6238, section 5.2
DIGITS = 6
DRIFT = 1  # steps to either side: a phone's clock and a typist's pace (RFC 6238, section 5.2)
SECRET_BYTES = 20  # as long as the hash; RFC 4226, section 4


def code_of(secret: bytes, step: int, digits: int = DIGITS) -> str:
    """The code of one time step (RFC 4226, section 5.3)."""
    mac = hmac.digest(secret, step.to_bytes(8, "big"), hashlib.sha1)
    at = mac[-1] & 0xF
    number = int.from_bytes(mac[at : at + 4], "big") & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def step_of(seconds: float) -> int:
    """The time step of a moment in seconds since 1970."""
    return int(seconds // STEP)


def matching_step(secret: bytes, code: str, seconds: float, after: int = -1) -> int | None:
    """The step whose code this is, near now and later than `after`: no code serves twice."""
    now, found = step_of(seconds), None
    for step in range(now - DRIFT, now + DRIFT + 1):
        same = hmac.compare_digest(code_of(secret, step).encode(), code.encode())
        if same and step > after:
            found = step
    return found


def text_of(secret: bytes) -> str:
    """The secret as people type it where they cannot scan."""
    return base64.b32encode(secret).decode().rstrip("=")


def link_of(secret: bytes, account: str, issuer: str = "Screening") -> str:
    """The address that authenticator apps read from a QR code."""
    asked = urlencode({"secret": text_of(secret), "issuer": issuer, "digits": DIGITS,
                       "period": STEP})  # fmt: skip
    return f"otpauth://totp/{quote(issuer)}:{quote(account)}?{asked}"
