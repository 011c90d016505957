"""A device asks in its own name: one header, signed with the key it enrolled with.

    X-Device: <device id> <milliseconds> <signature>

The signature is ES256 (r ‖ s, base64url) over six lines joined by LF: `screening-request-1`, the
device id, the method, the path with its query, the milliseconds, the body's SHA-256 in hex. The
time is the server's as the device knows it; a wrong clock is told the server's time to try again."""

from __future__ import annotations

import hashlib
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import ec
from flask import Request

from screening import clock, crypto
from screening.accounts.rules import Limit
from screening.crypto import b64, unb64
from screening.errors import Problem
from screening.field import queries
from screening.field.queries import DeviceRow, UnknownDevice

HEADER = "X-Device"
FORMAT = "screening-request-1"
WINDOW_MINUTES = Limit(10, "house; the skew that the journal tolerates (edge case 25)")


class BadDeviceSignature(Problem):
    status = 401
    code = "bad_device_signature"
    zh = "设备签名不符或缺失，请重新登记设备。"
    en = "The device's signature is missing or wrong; enrol the device again."


class DeviceClock(Problem):
    status = 401
    code = "device_clock"
    zh = "设备时间与服务器相差超过 {minutes} 分钟，请按服务器时间重试。"
    en = "The device's clock is over {minutes} minutes off; try again with the server's time."


class DeviceStopped(Problem):
    status = 403
    code = "device_stopped"
    zh = "此设备已停用，请向本点负责人重新登记。"
    en = "This device was stopped; ask the site's supervisor to enrol it again."


def text_of(device_id: int, method: str, path: str, ms: int, body: bytes) -> bytes:
    """What is signed."""
    digest = hashlib.sha256(body).hexdigest()
    return f"{FORMAT}\n{device_id}\n{method.upper()}\n{path}\n{ms}\n{digest}".encode()


def header(
    key: ec.EllipticCurvePrivateKey, device_id: int, method: str, path: str, ms: int, body: bytes
) -> str:
    """What a device sends."""
    signature = crypto.sign(key, text_of(device_id, method, path, ms, body))
    return f"{device_id} {ms} {b64(signature)}"


def device_of(request: Request, *, at: datetime) -> DeviceRow:
    """The active device that signed this request.

    Raises BadDeviceSignature, UnknownDevice, DeviceClock (with the server's time), DeviceStopped."""
    try:
        number, ms_text, signature = request.headers.get(HEADER, "").split(" ")
        device_id, ms, raw = int(number), int(ms_text), unb64(signature)
    except ValueError:
        raise BadDeviceSignature() from None
    try:
        device = queries.get_device(device_id)
    except UnknownDevice:
        raise BadDeviceSignature() from None
    path = request.full_path.rstrip("?")
    text = text_of(device_id, request.method, path, ms, request.get_data())
    if not crypto.verify(device.public_key, raw, text):
        raise BadDeviceSignature()
    if device.state != "active":
        raise DeviceStopped()
    if abs(clock.to_ms(at) - ms) > WINDOW_MINUTES.value * 60_000:
        raise DeviceClock(minutes=WINDOW_MINUTES.value, server_time=clock.to_ms(at))
    return device
