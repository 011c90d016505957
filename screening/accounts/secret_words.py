"""Passwords, PINs and codes: made, hashed, checked. Pure but for the random source."""

from __future__ import annotations

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# OWASP Password Storage Cheat Sheet: argon2id, 19 MiB, 2 passes, 1 lane
_argon = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

# no 0 O 1 I L: read aloud and typed with gloves
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


def hashed(word: str) -> str:
    """The argon2id hash of a password or PIN."""
    return _argon.hash(word)


@cache
def _nobody() -> str:
    return hashed(secrets.token_urlsafe(16))


def matches(stored: str | None, word: str) -> bool:
    """Whether `word` is the one behind `stored`. Without a stored hash it takes as long and fails,
    so that an unknown staff number cannot be told from a wrong password by the clock."""
    try:
        right = _argon.verify(stored or _nobody(), word)
    except (VerificationError, InvalidHashError):
        return False
    return right and stored is not None


def spoken(length: int) -> str:
    """A code to be read aloud, in groups of four: `7KQM-2XHD`."""
    text = "".join(secrets.choice(ALPHABET) for _ in range(length))
    return "-".join(text[i : i + 4] for i in range(0, length, 4))


def plain(code: str) -> str:
    """A spoken code as typed by anybody: no dashes or spaces, upper case."""
    return "".join(c for c in code.upper() if c.isalnum())
