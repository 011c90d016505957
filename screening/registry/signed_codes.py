"""Resident codes that a phone can verify offline: R2, signed with the server's code key.

    "R2." + RFC 4648 base32 without padding of
    key id u8 · cell u32 · person u64 · expires u16 · name length u8 · masked name · signature 64

All numbers are big-endian. `expires` counts days since 1970 (UTC): the code no longer holds from
that day's midnight on. The signature is ES256 (r ‖ s) over `screening-resident-1`, LF, and every
byte before it. The text is upper case and dot, so that a QR code keeps it alphanumeric.

A code is no secret and proves nothing about who shows it: it names a person, and the signature
says that we printed the name beside it.
"""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec

from screening import crypto
from screening.registry.person_codes import (
    RESIDENT_PREFIX,
    NotAResidentCode,
    make_resident_code,
    read_resident_code,
)
from screening.registry.scans import CodeProblem, normalise_scan

SIGNED_PREFIX = "R2."
DOMAIN = b"screening-resident-1\n"
_HEAD = struct.Struct(">BIQHB")
_SIGNATURE = 64
_MOST_NAME = 60  # bytes; a code of 60 is still read from a phone at arm's length
_MOST_PERSON = 2**63 - 1
_DAY = 86_400


class BadCodeSignature(CodeProblem):
    code = "bad_code_signature"
    zh = "居民码签名不符，可能是伪造的码，请用身份证。"
    en = "The resident code's signature is wrong; it may be forged: use the ID card."


class CodeExpired(CodeProblem):
    code = "code_expired"
    zh = "居民码已过期，请用身份证。"
    en = "The resident code has expired: use the ID card."


class SignedCode(NamedTuple):
    """What a signed code says. `name` is masked."""

    key_id: int
    cell: int
    person: int
    expires: int
    name: str

    @property
    def plain(self) -> str:
        """The R1 form, which journals keep."""
        return make_resident_code(self.cell, self.person)

    def expired(self, at: datetime) -> bool:
        return at.timestamp() >= self.expires * _DAY


def day_of(at: datetime) -> int:
    """Days since 1970 (UTC)."""
    return int(at.astimezone(UTC).timestamp()) // _DAY


def make_signed(
    key_id: int, key: ec.EllipticCurvePrivateKey, cell: int, person: int, name: str, expires: int
) -> str:
    """The text of a signed code; `name` masked, `expires` as in the format."""
    shown = _cut(name)
    body = _HEAD.pack(key_id, cell, person, expires, len(shown)) + shown
    return SIGNED_PREFIX + _text(body + crypto.sign(key, DOMAIN + body))


def read_signed(text: str, keys: Mapping[int, bytes]) -> SignedCode:
    """What a code says, once its signature fits the public point of its key; not whether it has
    expired. Raises NotAResidentCode or BadCodeSignature."""
    plain = normalise_scan(text)
    if not plain.startswith(SIGNED_PREFIX):
        raise NotAResidentCode
    data = _bytes(plain.removeprefix(SIGNED_PREFIX))
    body, signature = data[:-_SIGNATURE], data[-_SIGNATURE:]
    if len(body) < _HEAD.size or len(body) != _HEAD.size + body[_HEAD.size - 1]:
        raise NotAResidentCode
    key_id, cell, person, expires, _ = _HEAD.unpack_from(body)
    point = keys.get(key_id)
    if point is None or not crypto.verify(point, signature, DOMAIN + body):
        raise BadCodeSignature
    try:
        name = body[_HEAD.size :].decode()
    except UnicodeDecodeError:
        raise NotAResidentCode from None
    if cell >= 2**31 or person > _MOST_PERSON:
        raise NotAResidentCode
    return SignedCode(key_id, cell, person, expires, name)


def is_resident(text: str) -> bool:
    """Whether a scan looks like a resident code of either form."""
    return normalise_scan(text).startswith((RESIDENT_PREFIX, SIGNED_PREFIX))


def read_either(text: str, keys: Mapping[int, bytes], *, at: datetime) -> tuple[int, int]:
    """(cell, person) of a plain or a signed code that holds at `at`.

    Raises NotAResidentCode, BadCheckDigits, BadCodeSignature, CodeExpired."""
    if not normalise_scan(text).startswith(SIGNED_PREFIX):
        return read_resident_code(text)
    found = read_signed(text, keys)
    if found.expired(at):
        raise CodeExpired
    return found.cell, found.person


def _cut(name: str) -> bytes:
    """The name in at most `_MOST_NAME` bytes, whole characters only."""
    return name.encode()[:_MOST_NAME].decode(errors="ignore").encode()


def _text(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    """The bytes of a code. One text for one code: stray bits in the last letter are refused."""
    try:
        data = base64.b32decode(text + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError):
        raise NotAResidentCode from None
    if _text(data) != text:
        raise NotAResidentCode
    return data
