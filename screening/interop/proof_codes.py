"""Proofs and withdrawal lists as they are signed, pure: P1, verified offline by any browser.

    "P1." + RFC 4648 base32 without padding of
    key id u8 · number u64 · sampled u32 · made u32 · hours u16 · sharers u8 · last four, 4 bytes ·
    name length u8 · masked name · signature 64

    list: made u32 · count u32 · numbers u64 … · key id u8 · signature 64

Times are seconds since 1970 (UTC), numbers big-endian. ES256 (r ‖ s) with a code key, over
`screening-proof-1` or `screening-withdrawn-1`, LF, and every byte before the signature. The four
bytes are the document's last four, filled up with NUL; nothing else of a document is in it.
"""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec

from screening import crypto

PREFIX = "P1."
DOMAIN, LIST_DOMAIN = b"screening-proof-1\n", b"screening-withdrawn-1\n"
_HEAD = struct.Struct(">BQIIHB4sB")
_SIGNATURE = 64
_MOST_NAME = 60


class NotAProof(ValueError):
    """Not of this form, or signed by nobody we know."""


class Proof(NamedTuple):
    """What a proof says. `name` is masked, `sharers` how many swabs the tube held."""

    number: int
    sampled: datetime
    made: datetime
    hours: int
    sharers: int
    last4: str
    name: str


class Withdrawn(NamedTuple):
    made: datetime
    numbers: frozenset[int]


def write(proof: Proof, key_id: int, key: ec.EllipticCurvePrivateKey) -> str:
    name = proof.name.encode()[:_MOST_NAME].decode(errors="ignore").encode()
    body = _HEAD.pack(
        key_id, proof.number, _seconds(proof.sampled), _seconds(proof.made), proof.hours,
        min(proof.sharers, 255), proof.last4.encode("ascii", "ignore")[:4], len(name),
    ) + name  # fmt: skip
    signed = body + crypto.sign(key, DOMAIN + body)
    return PREFIX + base64.b32encode(signed).decode().rstrip("=")


def read(text: str, keys: Mapping[int, bytes]) -> Proof:
    """What a proof says once its signature holds; not whether it has expired. Raises NotAProof."""
    body = _opened(_bytes(text), DOMAIN, keys)
    try:
        _, number, sampled, made, hours, sharers, last4, size = _HEAD.unpack_from(body)
        name = body[_HEAD.size :].decode()
        tail = last4.rstrip(b"\0").decode("ascii")
    except (struct.error, UnicodeDecodeError):
        raise NotAProof from None
    if len(body) != _HEAD.size + size:
        raise NotAProof
    return Proof(number, _moment(sampled), _moment(made), hours, sharers, tail, name)


def write_list(
    numbers: Collection[int], made: datetime, key_id: int, key: ec.EllipticCurvePrivateKey
) -> bytes:
    """The numbers of proofs that hold no more, in order."""
    body = struct.pack(">II", _seconds(made), len(numbers))
    body += b"".join(n.to_bytes(8, "big") for n in sorted(numbers)) + bytes((key_id,))
    return body + crypto.sign(key, LIST_DOMAIN + body)


def read_list(data: bytes, keys: Mapping[int, bytes]) -> Withdrawn:
    """Raises NotAProof."""
    body, signature = data[:-_SIGNATURE], data[-_SIGNATURE:]
    if len(body) < 9 or not _verified(body, signature, LIST_DOMAIN, keys.get(body[-1])):
        raise NotAProof
    made, count = struct.unpack_from(">II", body)
    if len(body) != 9 + 8 * count:
        raise NotAProof
    return Withdrawn(_moment(made), frozenset(struct.unpack_from(f">{count}Q", body, 8)))


def _opened(data: bytes, domain: bytes, keys: Mapping[int, bytes]) -> bytes:
    body, signature = data[:-_SIGNATURE], data[-_SIGNATURE:]
    if not body or not _verified(body, signature, domain, keys.get(body[0])):
        raise NotAProof
    return body


def _verified(body: bytes, signature: bytes, domain: bytes, point: bytes | None) -> bool:
    return point is not None and crypto.verify(point, signature, domain + body)


def _bytes(text: str) -> bytes:
    plain = text.strip().upper()
    if not plain.startswith(PREFIX):
        raise NotAProof
    letters = plain.removeprefix(PREFIX)
    try:
        data = base64.b32decode(letters + "=" * (-len(letters) % 8))
    except (binascii.Error, ValueError):
        raise NotAProof from None
    if base64.b32encode(data).decode().rstrip("=") != letters:
        raise NotAProof
    return data


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
