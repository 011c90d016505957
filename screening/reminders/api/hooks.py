"""What a gateway brings by itself: reports of delivery, replies. Its proof is a shared secret."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from typing import Any

import orjson
from flask import Response, current_app, jsonify, request

from screening import clock
from screening.accounts.guard import public
from screening.config import Settings
from screening.errors import NotFound, Problem
from screening.openapi import gives
from screening.reminders import receipts
from screening.reminders.api.frame import bp
from screening.reminders.channels import Channel, NotAReport, channel_of

SIGNATURE = "X-Screening-Signature"
OLDEST = 300  # seconds that a signature may be old, or ahead
MOST = 1000  # reports in one request


class NotProven(Problem):
    status = 401
    code = "hook_not_proven"
    zh = "回执来源未通过验证。"
    en = "The sender of the report is not proven."


class UnreadableReport(Problem):
    status = 422
    code = "hook_unreadable"
    zh = "回执格式不对。"
    en = "The report has not the expected form."


@bp.post("/sms/reports")
@public
@gives(None)
def sms_reports() -> Response:
    """Reports of delivery from the configured gateway, signed with the shared secret."""
    return _take(_signed, "read_reports", receipts.take_reports)


@bp.post("/sms/replies")
@public
@gives(None)
def sms_replies() -> Response:
    """What people wrote back, signed with the shared secret; who asks for no more gets none."""
    return _take(_signed, "read_replies", receipts.take_replies)


@bp.post("/sms/reports/<secret>")
@public
@gives(None)
def sms_reports_of_provider(secret: str) -> Response:
    """Reports of delivery from a provider that cannot sign: the secret is part of the address."""
    return _take(lambda hook: _same(secret, hook), "read_reports", receipts.take_reports)


@bp.post("/sms/replies/<secret>")
@public
@gives(None)
def sms_replies_of_provider(secret: str) -> Response:
    """What people wrote back, from a provider that cannot sign."""
    return _take(lambda hook: _same(secret, hook), "read_replies", receipts.take_replies)


def _take(proven: Callable[[str], bool], read: str, take: Callable[..., int]) -> Response:
    settings: Settings = current_app.extensions["settings"]
    channel = channel_of(settings)
    by_address = request.view_args != {}
    if not settings.sms.hook or by_address != (channel.proof == "secret"):
        raise NotFound()
    if not proven(settings.sms.hook):
        raise NotProven()
    take(_read(channel, read), at=clock.now())
    return jsonify(channel.thanks())


def _read(channel: Channel, read: str) -> Sequence[Any]:
    try:
        found = getattr(channel, read)(orjson.loads(request.get_data()))
    except (NotAReport, orjson.JSONDecodeError) as e:
        raise UnreadableReport() from e
    if len(found) > MOST:
        raise UnreadableReport()
    return found


def _same(given: str, known: str) -> bool:
    return hmac.compare_digest(given.encode(), known.encode())


def _signed(hook: str) -> bool:
    """`t=<unix seconds>,v1=<hex>`: HMAC-SHA256 of "<t>." and the body; not older than OLDEST."""
    parts = dict(p.partition("=")[::2] for p in request.headers.get(SIGNATURE, "").split(","))
    at, given = parts.get("t", "").strip(), parts.get("v1", "").strip()
    if not (at.isascii() and at.isdigit() and len(at) < 12):
        return False
    if abs(clock.real_now().timestamp() - int(at)) > OLDEST:
        return False
    return _same(given, signature(hook, at, request.get_data()))


def signature(hook: str, at: str, body: bytes) -> str:
    return hmac.new(hook.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
