"""The envelope of a European certificate, pure: HC1, base 45, zlib, COSE Sign1, CWT.

Read inside out by the specification (eHealth Network, "Electronic Health Certificates", volumes 1
and 3). Where something is wrong the first step that fails says so, by the names that the published
test vectors use; nothing of the later steps is looked at.

Which key signed stands in the protected header; the unprotected one, which nobody signed, is asked
only where the protected one is silent. A wrong key id in the protected header is therefore a
refusal even where the unprotected one is right (vector CO22).
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from io import BytesIO
from typing import Any

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from screening import crypto
from screening.interop import base45

PREFIX = "HC1:"
ALG, KID, ES256, PS256 = 1, 4, -7, -37  # of the header
ISS, EXP, IAT, HCERT = 1, 4, 6, -260  # claims
SIGN1 = 18  # the tag
MOST = 64 * 1024  # bytes after inflation; the largest vector has 3 KB


class Step(StrEnum):
    PREFIX = "UNPREFIX"
    BASE45 = "B45DECODE"
    COMPRESSION = "COMPRESSION"
    SIGNATURE = "VERIFY"
    CONTENT = "DECODE"
    USE = "KEYUSAGE"
    TIME = "EXPIRATIONCHECK"
    SCHEMA = "SCHEMAVALIDATION"


class NotValid(ValueError):
    """`step` is the first that failed."""

    def __init__(self, step: Step, why: str) -> None:
        super().__init__(f"{step}: {why}")
        self.step = step


@dataclass(frozen=True)
class Envelope:
    """What came out of the text before anybody trusts it. `key_id` is at most what was claimed."""

    key_id: bytes
    algorithm: int
    protected: bytes
    payload: bytes
    signature: bytes


@dataclass(frozen=True)
class Certificate:
    """What was signed. `body` has names, date of birth and one group of v, t, r."""

    issuer: str
    issued: datetime
    expires: datetime
    body: Mapping[str, Any]


# --- reading ------------------------------------------------------------------------------------


def open_text(text: str) -> Envelope:
    """The envelope in the text of a QR code. Raises NotValid with the step."""
    if not text.startswith(PREFIX):
        raise NotValid(Step.PREFIX, "no HC1:")
    try:
        packed = base45.decode(text.removeprefix(PREFIX))
    except base45.NotBase45:
        raise NotValid(Step.BASE45, "no base 45") from None
    return _sign1(_inflate(packed))


def _inflate(packed: bytes) -> bytes:
    unpack = zlib.decompressobj()
    try:
        plain = unpack.decompress(packed, MOST)
    except zlib.error:
        raise NotValid(Step.COMPRESSION, "no zlib") from None
    if unpack.unconsumed_tail or not unpack.eof:
        raise NotValid(Step.COMPRESSION, "too long, or cut off")
    return plain


def _sign1(data: bytes) -> Envelope:
    try:
        found = _load(data)
        protected, open_header, payload, signature = (
            found.value if isinstance(found, cbor2.CBORTag) and found.tag == SIGN1 else found
        )
        signed = _load(protected) if protected else {}
        key_id = signed.get(KID, open_header.get(KID))
        algorithm = signed.get(ALG, open_header.get(ALG))
        parts = (key_id, protected, payload, signature)
        if not all(isinstance(p, bytes) for p in parts) or not isinstance(algorithm, int):
            raise TypeError
    except (cbor2.CBORDecodeError, TypeError, ValueError, AttributeError):
        raise NotValid(Step.SIGNATURE, "no COSE Sign1") from None
    return Envelope(key_id, algorithm, protected, payload, signature)


def _load(data: bytes) -> Any:
    """One CBOR item and nothing after it."""
    stream = BytesIO(data)
    found = cbor2.CBORDecoder(stream).decode()
    if stream.read(1):
        raise ValueError
    return found


def verify(envelope: Envelope, key: PublicKeyTypes) -> None:
    """Raises NotValid unless this key signed the envelope (ES256 or PS256)."""
    signed = cbor2.dumps(["Signature1", envelope.protected, b"", envelope.payload])
    good = False
    if envelope.algorithm == ES256 and isinstance(key, ec.EllipticCurvePublicKey):
        good = crypto.verify(crypto.public_bytes(key), envelope.signature, signed)
    elif envelope.algorithm == PS256 and isinstance(key, rsa.RSAPublicKey):
        good = _ps256(key, envelope.signature, signed)
    if not good:
        raise NotValid(Step.SIGNATURE, "another key or another text")


def _ps256(key: rsa.RSAPublicKey, signature: bytes, signed: bytes) -> bool:
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256().digest_size)
    try:
        key.verify(signature, signed, pss, hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def read_content(envelope: Envelope) -> Certificate:
    """The claims of an envelope; call verify() first. Raises NotValid."""
    try:
        claims = _load(envelope.payload)
        body = claims[HCERT][1]
        issued, expires = (datetime.fromtimestamp(claims[k], UTC) for k in (IAT, EXP))
        if not isinstance(body, dict):
            raise TypeError
        return Certificate(str(claims.get(ISS, "")), issued, expires, _plain(body))
    except (cbor2.CBORDecodeError, TypeError, ValueError, KeyError, OverflowError):
        raise NotValid(Step.CONTENT, "no certificate inside") from None


def check_time(found: Certificate, at: datetime) -> None:
    if at < found.issued:
        raise NotValid(Step.TIME, "not issued yet")
    if at > found.expires:
        raise NotValid(Step.TIME, "expired")


def _plain(value: Any) -> Any:
    """As JSON would carry it: some issuers tag their times."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value.isoformat() if isinstance(value, datetime) else value


# --- writing ------------------------------------------------------------------------------------


def write(found: Certificate, key_id: bytes, key: ec.EllipticCurvePrivateKey) -> str:
    """The text of a certificate, signed with ES256."""
    protected = cbor2.dumps({ALG: ES256, KID: key_id})
    claims = {
        ISS: found.issuer,
        IAT: int(found.issued.timestamp()),
        EXP: int(found.expires.timestamp()),
        HCERT: {1: dict(found.body)},
    }
    payload = cbor2.dumps(claims)
    signature = crypto.sign(key, cbor2.dumps(["Signature1", protected, b"", payload]))
    packed = cbor2.dumps(cbor2.CBORTag(SIGN1, [protected, {}, payload, signature]))
    return PREFIX + base45.encode(zlib.compress(packed, 9))
