"""Aliyun SMS (Dysmsapi 2017-05-25), requests signed by hand with ACS3-HMAC-SHA256.

It takes no idempotency key: what timed out is asked for (QuerySendDetails) and never repeated by
itself. Our key travels as OutId and comes back in its reports."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

import orjson
import requests

from screening import clock
from screening.config import Sms
from screening.i18n import ZONE
from screening.reminders.channels import (
    Answer,
    Channel,
    Fate,
    NotAReport,
    Reply,
    Report,
    listed,
    plain_phone,
)
from screening.reminders.channels.deadline import session
from screening.reminders.channels.templates import approved, text_of
from screening.reminders.channels.wire import SECONDS, call, lost, part, rows

URL = "https://dysmsapi.aliyuncs.com"
VERSION = "2017-05-25"
ALGORITHM = "ACS3-HMAC-SHA256"
# what is wrong with the number itself
WRONG_NUMBER = ("isv.MOBILE_NUMBER_ILLEGAL", "MOBILE_IN_BLACK")
WAITS, FAILED, ARRIVED = 1, 2, 3  # SendStatus


class AliyunChannel(Channel):
    name = "aliyun"
    honours_keys = False

    def __init__(self, sms: Sms, seconds: tuple[float, float] = SECONDS) -> None:
        self.sms, self.seconds = sms, seconds
        self.url = (sms.url or URL).rstrip("/")
        self.session = session()

    def send(
        self, key: str, phone: str, text: str, parts: Mapping[str, str] | None = None
    ) -> Answer:
        template = approved(self.sms, parts)
        if template is None:
            return Answer(Fate.LATER, "no_template")
        named = text_of(template, text, parts)
        said = self._call("SendSms", {
            "PhoneNumbers": phone, "SignName": self.sms.sign or "", "TemplateCode": template.code,
            "TemplateParam": orjson.dumps(named).decode(), "OutId": key,
        })  # fmt: skip
        if isinstance(said, Answer):
            return said
        code = str(said.get("Code", ""))
        if code == "OK":
            return Answer(Fate.SENT)
        fate = Fate.NEVER if code.startswith(WRONG_NUMBER) else Fate.LATER
        return Answer(fate, code[:60] or "no_code")

    def ask(self, key: str, phone: str, sent_at: datetime) -> Answer | None:
        said = self._call("QuerySendDetails", {
            "PhoneNumber": phone, "SendDate": f"{sent_at.astimezone(ZONE):%Y%m%d}",
            "PageSize": "50", "CurrentPage": "1",
        })  # fmt: skip
        if isinstance(said, Answer) or said.get("Code") != "OK":
            return None
        for row in rows(part(said, "SmsSendDetailDTOs"), "SmsSendDetailDTO") or ():
            if str(row.get("OutId", "")) == key:
                return _state(row)
        return Answer(Fate.LATER, "not_found")

    def read_reports(self, body: Any) -> list[Report]:
        """SmsReport: [{"out_id", "biz_id", "success", "err_code", …}]"""
        found = listed(body)
        if not all("out_id" in r and isinstance(r.get("success"), bool) for r in found):
            raise NotAReport()
        return [
            Report(str(r["out_id"]), "", r["success"], str(r.get("err_code", ""))[:60])
            for r in found
        ]

    def read_replies(self, body: Any) -> list[Reply]:
        """SmsUp: [{"phone_number", "content", …}]"""
        found = listed(body)
        if not all(r.get("phone_number") and isinstance(r.get("content"), str) for r in found):
            raise NotAReport()
        return [Reply(plain_phone(r["phone_number"]), r["content"]) for r in found]

    def thanks(self) -> dict[str, Any]:
        return {"code": 0, "msg": "OK"}

    def _call(self, action: str, query: Mapping[str, str]) -> Answer | dict[str, Any]:
        """What it said, or what became of the call when it said nothing of use."""
        headers = signed(
            action=action, host=urlsplit(self.url).netloc, query=query, key_id=self.sms.id or "",
            secret=self.sms.secret or "", at=clock.real_now(), nonce=secrets.token_hex(16),
        )  # fmt: skip
        try:
            answer = call(
                self.session, "POST", f"{self.url}/?{canonical_query(query)}", headers=headers,
                seconds=self.seconds,
            )  # fmt: skip
        except requests.RequestException as e:
            return lost(e)
        said = answer.said
        if not isinstance(said, dict) or not isinstance(said.get("Code"), str):
            return Answer(Fate.UNKNOWN, f"http_{answer.status}")
        return said


def _state(row: Mapping[str, Any]) -> Answer:
    status, why = row.get("SendStatus"), str(row.get("ErrCode", ""))[:60]
    if status == ARRIVED:
        return Answer(Fate.DELIVERED, why)
    return Answer(Fate.NEVER if status == FAILED else Fate.SENT, why)


# --- the signature (V3 request structure and signature) -------------------------------------------


def canonical_query(query: Mapping[str, str]) -> str:
    return "&".join(f"{_plain(k)}={_plain(v)}" for k, v in sorted(query.items()))


def _plain(text: str) -> str:
    return quote(text, safe="-_.~")


def signed(
    *,
    action: str,
    host: str,
    query: Mapping[str, str],
    key_id: str,
    secret: str,
    at: datetime,
    nonce: str,
    version: str = VERSION,
    body: bytes = b"",
) -> dict[str, str]:
    """The headers of a request, its authorization among them."""
    digest = hashlib.sha256(body).hexdigest()
    headers = {
        "host": host,
        "x-acs-action": action,
        "x-acs-content-sha256": digest,
        "x-acs-date": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "x-acs-signature-nonce": nonce,
        "x-acs-version": version,
    }
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    request = f"POST\n/\n{canonical_query(query)}\n{lines}\n{names}\n{digest}"
    to_sign = f"{ALGORITHM}\n{hashlib.sha256(request.encode()).hexdigest()}"
    signature = hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    proof = f"{ALGORITHM} Credential={key_id},SignedHeaders={names},Signature={signature}"
    return {**headers, "Authorization": proof}
