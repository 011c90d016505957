"""Resident codes with the keys of this instance: signed here, read here, their keys handed out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import current_app

from screening.accounts.rules import Limit
from screening.crypto import KeyRing, b64
from screening.registry import signed_codes
from screening.registry.names import mask_name

DAYS = Limit(30, "house; a round and its repeats; a card lost in the street ends by itself")


def ring() -> KeyRing:
    return current_app.extensions["keys"]


def sign_code(cell: int, person: int, name: str, *, at: datetime, days: int = 0) -> str:
    """The signed text of a person's QR, good for `days` (the house's number unless said)."""
    key_id, key = ring().code_key()
    expires = signed_codes.day_of(at) + (days or DAYS.value) + 1
    return signed_codes.make_signed(key_id, key, cell, person, mask_name(name), expires)


def read_person(text: str, *, at: datetime) -> tuple[int, int]:
    """(cell, person) of a resident code, plain or signed.

    Raises NotAResidentCode, BadCheckDigits, BadCodeSignature, CodeExpired."""
    return signed_codes.read_either(text, ring().code_points(), at=at)


def public_keys() -> list[dict[str, Any]]:
    """What phones verify signed codes with."""
    return [{"id": kid, "point": b64(point)} for kid, point in ring().code_points().items()]
