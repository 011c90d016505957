"""Devices: enrolment by a code that a site gives out, revocation, loss, and the desks' own keys."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import NamedTuple

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from flask import current_app

from screening import clock, crypto
from screening.accounts import audit, phone_sessions, queries, secret_words, throttle
from screening.accounts.queries import DeviceRow
from screening.accounts.roles import Actor
from screening.accounts.rules import Limit
from screening.db import fetch, new_id, run
from screening.errors import Conflict, NotFound, Problem
from screening.places import queries as places
from screening.places.rules import Place

CODE_LENGTH = Limit(12, "house; 31^12 codes, read aloud in three groups")
CODE_HOURS = Limit(12, "house; one shift")
CODE_USES = Limit(50, "house; the phones of one site")


class BadEnrolCode(Problem):
    status = 403
    code = "bad_enrol_code"
    zh = "登记码不对、已过期或已用完，请向本点负责人要新的。"
    en = "The enrolment code is wrong, over or used up; ask the site's supervisor for a new one."


class BadPublicKey(Problem):
    status = 422
    code = "bad_public_key"
    zh = "设备公钥不对：需要 P-256 的 65 字节未压缩点（base64url）。"
    en = "The device's public key is not an uncompressed P-256 point of 65 bytes (base64url)."


class BadEnd(Problem):
    status = 422
    code = "bad_end"
    zh = "截止时间须在现在之后、{hours} 小时之内。"
    en = "The end must lie ahead, within {hours} hours."


class NotActive(Conflict):
    code = "device_not_active"
    zh = "设备已经停用或已报失。"
    en = "The device is already revoked or lost."


class Enrolled(NamedTuple):
    """What a new device learns: who it is, where it stands, whom it seals to."""

    device: DeviceRow
    server_public: bytes


def _code_hash(code: str) -> bytes:
    return hashlib.sha256(b"enrol\0" + secret_words.plain(code).encode()).digest()


def make_enrol_code(
    actor: Actor, place: Place, *, until: datetime | None = None, uses: int = 0,
    practice: bool = False,
) -> str:  # fmt: skip
    """A code with which phones of a site or lab enrol until an hour; shown once. Real time."""
    now = clock.real_now()
    until = until or now + timedelta(hours=CODE_HOURS.value)
    longest = 2 * CODE_HOURS.value
    if not now < until <= now + timedelta(hours=longest):
        raise BadEnd(hours=longest)
    code = secret_words.spoken(CODE_LENGTH.value)
    run(
        "INSERT INTO enrol_code (code_hash, site_id, lab_id, until, uses_left, practice, made_by, "
        "made_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (_code_hash(code), place.id if place.kind == "site" else None,
         place.id if place.kind == "lab" else None, until, uses or CODE_USES.value, practice,
         actor.staff_id, now),
    )  # fmt: skip
    audit.note("enrol_code_made", place.kind, place.id)
    return code


def withdraw_code(ref: str) -> None:
    """A code that was seen by the wrong eyes stops working at once. Raises NotFound."""
    ended = run(
        "UPDATE enrol_code SET uses_left = 0 "
        "WHERE left(encode(code_hash, 'hex'), 16) = %s AND uses_left > 0",
        (ref,),
    )
    if not ended:
        raise NotFound()
    audit.note("enrol_code_withdrawn", "enrol_code", ref)


def enrol(code: str, name: str, public_key: str, *, address: str | None) -> Enrolled:
    """Register a phone with its own key. Raises BadEnrolCode, BadPublicKey, TooMany.

    The claim is one conditional UPDATE, so that a code never serves more phones than it says.
    A right code always works, whoever guesses beside it from the same address."""
    point = _point(public_key)
    rows = fetch(
        "UPDATE enrol_code SET uses_left = uses_left - 1 WHERE code_hash = %s AND uses_left > 0 "
        "AND until > %s RETURNING site_id, lab_id, practice, made_by",
        (_code_hash(code), clock.real_now()),
    )
    if not rows:
        this = throttle.attempt("enrol", "", throttle.address_of(address))
        throttle.begin(this)
        throttle.failed(this)
        audit.note_apart("enrol_failed", "enrol_code", None, None)
        raise BadEnrolCode()
    site_id, lab_id, practice, made_by = rows[0]
    device_id = _insert(
        name=name.strip()[:80] or _next_name(site_id, lab_id), kind="phone", site_id=site_id,
        lab_id=lab_id, staff_id=None, point=point, sealed=None, practice=practice, by=made_by,
    )  # fmt: skip
    assert device_id is not None
    audit.note("device_enrolled", "device", device_id, device_id=device_id, staff_id=made_by)
    server = current_app.extensions["keys"].server_public()
    return Enrolled(queries.get_device(device_id), server)


def _next_name(site_id: int | None, lab_id: int | None) -> str:
    """What the phone is called when nobody named it: D and the place's next number."""
    rows = fetch(
        "SELECT count(*) FROM device WHERE kind = 'phone' AND site_id IS NOT DISTINCT FROM %s "
        "AND lab_id IS NOT DISTINCT FROM %s",
        (site_id, lab_id),
    )
    return f"D{rows[0][0] + 1}"


def _point(text: str) -> bytes:
    try:
        point = crypto.unb64(text)
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        raise BadPublicKey() from None
    if len(point) != 65:
        raise BadPublicKey()
    return point


def _insert(
    *, name: str, kind: str, site_id: int | None, lab_id: int | None, staff_id: int | None,
    point: bytes, sealed: bytes | None, practice: bool, by: int | None,
    at: datetime | None = None,
) -> int | None:  # fmt: skip
    """Insert a device; None when a desk of this person was there first."""
    rows = fetch(
        "INSERT INTO device (device_id, name, kind, site_id, lab_id, staff_id, cell_id, "
        "public_key, private_key, state, practice, enrolled_by, enrolled_at) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, 'active', %s, %s, %s) "
        "ON CONFLICT (staff_id) WHERE kind = 'desk' AND state = 'active' DO NOTHING "
        "RETURNING device_id",
        (new_id(), name, kind, site_id, lab_id, staff_id, _cell(site_id, lab_id), point, sealed,
         practice, by, at or clock.real_now()),
    )  # fmt: skip
    return rows[0][0] if rows else None


def _cell(site_id: int | None, lab_id: int | None) -> int:
    if site_id:
        rows = fetch("SELECT cell_id FROM site WHERE site_id = %s", (site_id,))
    elif lab_id:
        rows = fetch("SELECT cell_id FROM lab WHERE lab_id = %s", (lab_id,))
    else:
        return 0
    if not rows:
        raise places.NoSuchPlace()
    return rows[0][0]


def revoke_device(device_id: int) -> None:
    """The device is refused from now on; what its journal holds stays. Raises NotActive."""
    _end(device_id, "revoked", None)
    audit.note("device_revoked", "device", device_id, device_id=device_id)


def declare_lost(device_id: int, actor: Actor) -> None:
    """A named supervisor says that the device, and what was unsent on it, will not come back."""
    _end(device_id, "lost", actor.staff_id)
    audit.note("device_lost", "device", device_id, device_id=device_id)


def _end(device_id: int, state: str, by: int | None) -> None:
    queries.get_device(device_id)
    from_states = ["active"] if state == "revoked" else ["active", "revoked", "forked"]
    if not run(
        "UPDATE device SET state = %s, lost_by = %s WHERE device_id = %s AND state = ANY(%s)",
        (state, by, device_id, from_states),
    ):
        raise NotActive()
    phone_sessions.end_sessions(device_id)


# --- desks --------------------------------------------------------------------------------------


class Desk(NamedTuple):
    """A person's desk as a device: its row and the key that signs its journal."""

    device: DeviceRow
    key: ec.EllipticCurvePrivateKey


def desk_device(
    actor: Actor,
    site_id: int | None = None,
    lab_id: int | None = None,
    *,
    at: datetime | None = None,
) -> DeviceRow:
    """The desk of a person, made once with a key pair that the server keeps sealed.

    It moves with the person (site or lab as of now); its cell, where its journal lies, stays."""
    found = _find_desk(actor.staff_id)
    if found is None:
        key = crypto.new_device_key()
        der = key.private_bytes(
            serialization.Encoding.DER,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        made = _insert(
            name=f"desk {actor.staff_no}", kind="desk", site_id=site_id, lab_id=lab_id,
            staff_id=actor.staff_id, point=crypto.public_bytes(key.public_key()),
            sealed=current_app.extensions["keys"].seal(der, "device.private_key"),
            practice=False, by=actor.staff_id, at=at,
        )  # fmt: skip
        if made is not None:
            audit.note("desk_made", "device", made, device_id=made, staff_id=actor.staff_id)
        found = _find_desk(actor.staff_id)
        assert found is not None
    if (site_id or lab_id) and (found.site_id, found.lab_id) != (site_id, lab_id):
        run(
            "UPDATE device SET site_id = %s, lab_id = %s WHERE device_id = %s",
            (site_id, lab_id, found.device_id),
        )
        found = found._replace(site_id=site_id, lab_id=lab_id)
    return found


def _find_desk(staff_id: int) -> DeviceRow | None:
    rows = fetch(
        "SELECT device_id FROM device WHERE staff_id = %s AND kind = 'desk' AND state = 'active'",
        (staff_id,),
    )
    return queries.find_device(rows[0][0]) if rows else None


def desk_key(device: DeviceRow) -> ec.EllipticCurvePrivateKey:
    """The private key of a desk. Raises ValueError for a phone: its key never left it."""
    if device.private_key is None:
        raise ValueError("only desks keep their key here")
    der = current_app.extensions["keys"].open(device.private_key, "device.private_key")
    key = serialization.load_der_private_key(der, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key
