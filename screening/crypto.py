"""Keys and what they do: sealing (AES-GCM), keyed hashes, device signatures (ES256)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class WrongKey(SystemExit):
    """The keys at hand do not open the stored data."""


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass(frozen=True)
class KeyRing:
    """Data keys by id (the newest seals, all open), the hash key, and the server's own EC key.

    The hash key must never lie in the database: document numbers are a guessable space. `codes`
    sign resident codes; key 1 is derived from the hash key, so that rings made before there were
    such codes, and their backups, hold it already.
    """

    data: dict[int, bytes] = field(repr=False)
    index: bytes = field(repr=False)
    server: ec.EllipticCurvePrivateKey = field(repr=False)
    codes: dict[int, ec.EllipticCurvePrivateKey] = field(default_factory=dict, repr=False)

    @property
    def newest(self) -> int:
        return max(self.data)

    def seal(self, clear: bytes, aad: str) -> bytes:
        """AES-GCM: 1 byte key id, 12 bytes nonce, ciphertext and tag. `aad` names table.column."""
        kid = self.newest
        nonce = os.urandom(12)
        return bytes((kid,)) + nonce + _gcm(self.data[kid]).encrypt(nonce, clear, aad.encode())

    def open(self, sealed: bytes, aad: str) -> bytes:
        """The clear bytes. Raises WrongKey when no key of the ring opens them."""
        key = self.data.get(sealed[0])
        if key is None:
            raise WrongKey(f"no key {sealed[0]} in the key ring")
        try:
            return _gcm(key).decrypt(sealed[1:13], sealed[13:], aad.encode())
        except InvalidTag:
            raise WrongKey("the key ring does not open the stored data") from None

    def hash(self, kind: str, text: str) -> bytes:
        """16-byte keyed hash of `text` for look-ups; `kind` separates the uses."""
        return hmac.digest(self.index, f"{kind}\0{text}".encode(), "sha256")[:16]

    def token(self, purpose: str, text: str) -> str:
        """A short keyed mark that only this server can make (CSRF, page tokens)."""
        return b64(hmac.digest(self.index, f"{purpose}\0{text}".encode(), "sha256")[:18])

    def server_public(self) -> bytes:
        """The server's public point, 65 bytes uncompressed: what devices seal to."""
        return public_bytes(self.server.public_key())

    def code_key(self) -> tuple[int, ec.EllipticCurvePrivateKey]:
        """The newest key that signs resident codes, with its id."""
        if not self.codes:
            return 1, _derived(self.index)
        newest = max(self.codes)
        return newest, self.codes[newest]

    def code_points(self) -> dict[int, bytes]:
        """The public points that verify resident codes, by key id: what phones take along."""
        held = {1: _derived(self.index), **self.codes}
        return {kid: public_bytes(key.public_key()) for kid, key in sorted(held.items())}

    def unseal(self, blob: bytes) -> bytes:
        """Open what a device sealed to the server: 65 bytes ephemeral point, 12 nonce, rest.

        ECDH P-256, HKDF-SHA256 (info "screening-seal-1"), AES-256-GCM. Raises InvalidTag or
        ValueError when it was not sealed to this server."""
        peer = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), blob[:65])
        return AESGCM(_agree(self.server.exchange(ec.ECDH(), peer))).decrypt(
            blob[65:77], blob[77:], blob[:65]
        )

    def dump(self) -> str:
        out: dict[str, Any] = {
            "data": {str(k): b64(v) for k, v in self.data.items()},
            "index": b64(self.index),
            "server": _pem(self.server),
        }
        if self.codes:
            out["codes"] = {str(k): _pem(v) for k, v in self.codes.items()}
        return json.dumps(out, indent=1)

    @classmethod
    def load(cls, text: str) -> KeyRing:
        obj = json.loads(text)
        return cls(
            {int(k): unb64(v) for k, v in obj["data"].items()},
            unb64(obj["index"]),
            _from_pem(obj["server"]),
            {int(k): _from_pem(v) for k, v in obj.get("codes", {}).items()},
        )

    @classmethod
    def new(cls) -> KeyRing:
        return cls({1: secrets.token_bytes(32)}, secrets.token_bytes(32), new_device_key())

    @classmethod
    def at(cls, path: Path) -> KeyRing:
        """Read the key file, or make one (mode 0600) where there is none."""
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh = path.with_suffix(f".{os.getpid()}")
            fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(fd, "w") as out:
                out.write(cls.new().dump())
            try:
                os.link(fresh, path)  # fails when another process was first: theirs wins
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        return cls.load(path.read_text())


def _pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def _from_pem(text: str) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(text.encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256


@lru_cache(maxsize=8)
def _derived(index: bytes) -> ec.EllipticCurvePrivateKey:
    """Code key 1 of a ring. 48 bytes, so that the remainder is as good as even."""
    raw = HKDF(hashes.SHA256(), 48, None, b"screening-resident-key-1").derive(index)
    return ec.derive_private_key(int.from_bytes(raw, "big") % (_ORDER - 1) + 1, ec.SECP256R1())


@lru_cache(maxsize=64)
def _gcm(key: bytes) -> AESGCM:
    return AESGCM(key)


def seal_with(key: bytes, clear: bytes, aad: str) -> bytes:
    """AES-GCM under one plain key (a round's): 12 bytes nonce, ciphertext and tag."""
    nonce = os.urandom(12)
    return nonce + _gcm(key).encrypt(nonce, clear, aad.encode())


def open_with(key: bytes, sealed: bytes, aad: str) -> bytes:
    return _gcm(key).decrypt(sealed[:12], sealed[12:], aad.encode())


def seal_to(public: bytes, clear: bytes) -> bytes:
    """What a device does: seal to the server's public point (see KeyRing.unseal)."""
    own = new_device_key()
    point = public_bytes(own.public_key())
    peer = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
    nonce = os.urandom(12)
    key = _agree(own.exchange(ec.ECDH(), peer))
    return point + nonce + AESGCM(key).encrypt(nonce, clear, point)


def _agree(shared: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, None, b"screening-seal-1").derive(shared)


def new_device_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def public_bytes(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )


@lru_cache(maxsize=8192)
def _public(point: bytes) -> ec.EllipticCurvePublicKey:
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)


_ES256 = ec.ECDSA(hashes.SHA256())


def sign(key: ec.EllipticCurvePrivateKey, message: bytes) -> bytes:
    """ES256 in the form of WebCrypto and JWS: r ‖ s, 64 bytes."""
    r, s = utils.decode_dss_signature(key.sign(message, _ES256))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def verify(point: bytes, signature: bytes, message: bytes) -> bool:
    """Whether `signature` (r ‖ s) over `message` was made by the key with public point `point`."""
    if len(signature) != 64:
        return False
    der = utils.encode_dss_signature(
        int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    )
    try:
        _public(point).verify(der, message, _ES256)
    except (InvalidSignature, ValueError):
        return False
    return True


def digest_id(data: bytes) -> int:
    """A 63-bit id from a digest: the same content has the same id, whoever carries it."""
    return int.from_bytes(data[:8], "big") >> 1


def hash_id(*parts: object) -> int:
    """A 63-bit id derived from parts, for rows that must be the same in every order of arrival."""
    return digest_id(hashlib.sha256("\0".join(map(str, parts)).encode()).digest())
