"""What is personal in a person: sealed into one blob, found again by keyed hashes."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import msgspec

from screening.crypto import KeyRing
from screening.errors import Problem
from screening.registry.documents import DocType, Document
from screening.registry.names import normalise_name

AAD = "person.sealed"

# `person.doc_type`; numbers are kept for good.
DOC_CODES: dict[DocType, int] = {
    DocType.NONE: 0,
    DocType.RESIDENT_ID: 1,
    DocType.HMT_RESIDENCE: 2,
    DocType.HOME_RETURN: 3,
    DocType.TAIWAN_PERMIT: 4,
    DocType.FOREIGN_RESIDENCE: 5,
    DocType.PASSPORT: 6,
    DocType.OFFICER_CARD: 7,
    DocType.HOUSEHOLD_BOOK: 8,
    DocType.NEWBORN: 9,
}
DOC_TYPES = {code: kind for kind, code in DOC_CODES.items()}


class BadPhone(Problem):
    status = 422
    code = "person_phone"
    zh = "电话号码位数不对。"
    en = "The telephone number does not have the right number of digits."


class Details(NamedTuple):
    """The personal part of a person, in the clear: handle briefly, never log."""

    name: str
    number: str = ""  # canonical, see documents.normalise
    country: str | None = None
    phone: str | None = None
    unit: str | None = None
    room: str | None = None
    birth: str | None = None  # ISO date
    guardian: str | None = None


_KEYS = ("n", "d", "c", "p", "u", "r", "b", "g")
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


def seal_person(keys: KeyRing, details: Details) -> bytes:
    return keys.seal(encode(details), AAD)


def encode(details: Details) -> bytes:
    """JSON with one-letter keys, empty values left out."""
    return _encode({k: v for k, v in zip(_KEYS, details, strict=True) if v})


def open_person(keys: KeyRing, sealed: bytes) -> Details:
    """The details of a `person.sealed`. Raises WrongKey."""
    found = _decode(keys.open(bytes(sealed), AAD))
    return Details(found.get("n", ""), found.get("d", ""), *(found.get(k) for k in _KEYS[2:]))


def document_of(doc_type: int, details: Details) -> Document:
    return Document(DOC_TYPES[doc_type], details.number)


def doc_hash(keys: KeyRing, document: Document) -> bytes | None:
    """What the directory `person_key` is asked for; None when there is no document."""
    return keys.hash("doc", document.key) if document.key else None


def no_doc_hash(keys: KeyRing, mark: str) -> bytes:
    """Stands in the directory for a person without any document; `mark` tells who it is."""
    return keys.hash("nodoc", mark)


_SKIPPED = re.compile("[ ·'’-]")


def name_hash(keys: KeyRing, name: str) -> bytes:
    """Of the whole name; spaces, dots and case do not count (edge case 12)."""
    return keys.hash("name", _SKIPPED.sub("", normalise_name(name)).casefold())


def last4_hash(keys: KeyRing, last4: str) -> bytes | None:
    return keys.hash("last4", last4) if last4 else None


_MOBILE = re.compile(r"(?:\+|00)?(?:86)?(1[3-9][0-9]{9})")
_LANDLINE = re.compile(r"(?:\+86|0086)?(0[1-9][0-9]{8,10}|[48]00[0-9]{7}|[2-9][0-9]{6,7})")
_ABROAD = re.compile(r"(?:\+|00)[1-9][0-9]{6,14}")
_BETWEEN = re.compile(r"[\s()（）./－-]")


def normalise_phone(text: str | None) -> str | None:
    """Digits as they are dialled at home, +… for abroad; None for nothing. Raises BadPhone."""
    plain = _BETWEEN.sub("", text or "").translate(_HALF)
    if not plain:
        return None
    if found := _MOBILE.fullmatch(plain):
        return found[1]
    if found := _LANDLINE.fullmatch(plain):
        return found[1]
    if _ABROAD.fullmatch(plain):
        return "+" + plain.lstrip("+").removeprefix("00")
    raise BadPhone()


_HALF = {code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), 0xFF0B)}


def phone_hash(keys: KeyRing, phone: str) -> bytes:
    return keys.hash("phone", phone)


def mask_phone(phone: str | None) -> str:
    """138****0001; short numbers keep their last two digits."""
    if not phone:
        return ""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 11 else "****" + phone[-2:]
