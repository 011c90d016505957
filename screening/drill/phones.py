"""A phone of the drill: enrols with a code, writes its signed journal, sends what is not held yet."""

from __future__ import annotations

import base64
import secrets
from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from screening import clock, crypto
from screening.drill.door import Door
from screening.field import chain
from screening.tube import chain as hashing


class Kept(msgspec.Struct):
    """All that a phone keeps; the unsent entries are the bytes that were hashed and shown."""

    ref: str
    device_id: int
    key: str  # the private number in hexadecimal; a drill's device, of no worth elsewhere
    wire: str
    sent: int = 0  # numbers 1..sent are held by the server
    head: str = ""  # hash after them
    unsent: list[str] = msgspec.field(default_factory=list)
    ahead: int = 0  # seconds its clock is ahead
    dark_until: datetime | None = None  # no network until then


def enrol(door: Door, code: str, ref: str, *, ahead: int = 0) -> Kept:
    """Enrol a new phone through the door, with a key of its own."""
    key = crypto.new_device_key()
    point = crypto.b64(crypto.public_bytes(key.public_key()))
    wanted = {"code": code, "name": ref, "public_key": point}
    device_id = int(door.post("/api/v1/devices", json=wanted).get("device_id"))
    wire = secrets.token_hex(16)
    head = hashing.genesis(device_id, wire).hex()
    number = f"{key.private_numbers().private_value:x}"
    return Kept(ref, device_id, number, wire, head=head, ahead=ahead)


def write(phone: Kept, kind: str, at: datetime, **body: Any) -> str:
    """Append an entry; returns the ref by which later entries name it."""
    shift = phone.ahead * 1000
    entry = {
        "kind": kind,
        "seq": phone.sent + len(phone.unsent) + 1,
        "at": clock.to_ms(at) + shift,
        "offset": -shift,
        "salt": base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("="),
        **body,
    }
    raw = msgspec.json.encode(entry)
    phone.unsent.append(raw.decode())
    return hashing.ref(sha256(raw).digest())


def send(phone: Kept, door: Door, now: datetime) -> dict[str, Any] | None:
    """Send everything unsent as one batch; the receipt, or None if there is nothing to say."""
    if not phone.unsent or (phone.dark_until is not None and now < phone.dark_until):
        return None
    entries = [text.encode() for text in phone.unsent]
    key = ec.derive_private_key(int(phone.key, 16), ec.SECP256R1())
    prev = bytes.fromhex(phone.head)
    body, head = chain.write(
        key, phone.device_id, phone.wire, phone.sent + 1, prev, entries,
        sent_ms=clock.to_ms(now), practice=False,
    )  # fmt: skip
    receipt = door.post("/api/v1/journal", data=body).body
    phone.sent, phone.head, phone.unsent = phone.sent + len(entries), head.hex(), []
    return receipt
