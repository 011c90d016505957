"""How certificates name the key that signed them."""

from __future__ import annotations

from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric import ec

from screening.crypto import public_bytes


def cose_id(key: ec.EllipticCurvePublicKey | bytes) -> bytes:
    """Eight bytes of the public point's digest."""
    point = key if isinstance(key, bytes) else public_bytes(key)
    return sha256(point).digest()[:8]
