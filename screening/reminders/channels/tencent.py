"""Tencent Cloud SMS (2021-01-11), requests signed by hand with TC3-HMAC-SHA256.

It takes no idempotency key: what timed out is asked for (PullSmsSendStatusByPhoneNumber) and never
repeated by itself. Our key travels as SessionContext; its reports carry its own number."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import orjson
import requests

from screening import clock
from screening.config import Sms
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

URL = "https://sms.tencentcloudapi.com"
SERVICE, VERSION, REGION = "sms", "2021-01-11", "ap-guangzhou"
ALGORITHM = "TC3-HMAC-SHA256"
JSON = "application/json; charset=utf-8"
# what is wrong with the number itself
WRONG_NUMBER = (
    "InvalidParameterValue.IncorrectPhoneNumber", "FailedOperation.PhoneNumberInBlacklist",
    "UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber",
)  # fmt: skip
TAKEN, ARRIVED, LOST = "Ok", "SUCCESS", "FAIL"


class TencentChannel(Channel):
    name = "tencent"
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
        said = self._call("SendSms", {
            "PhoneNumberSet": [_international(phone)], "SmsSdkAppId": self.sms.app,
            "SignName": self.sms.sign, "TemplateId": template.code,
            "TemplateParamSet": list(text_of(template, text, parts).values()),
            "SessionContext": key,
        })  # fmt: skip
        if isinstance(said, Answer):
            return said
        found = rows(said, "SendStatusSet")
        code = str(found[0].get("Code", "")) if found else _fault(said)
        if found and code == TAKEN:
            return Answer(Fate.SENT, ref=str(found[0].get("SerialNo") or ""))
        if not code:
            return Answer(Fate.UNKNOWN, "no_code")
        fate = Fate.NEVER if code.startswith(WRONG_NUMBER) else Fate.LATER
        return Answer(fate, code[:60])

    def ask(self, key: str, phone: str, sent_at: datetime) -> Answer | None:
        begin = sent_at - timedelta(minutes=10)
        said = self._call("PullSmsSendStatusByPhoneNumber", {
            "BeginTime": int(begin.timestamp()), "Offset": 0, "Limit": 100,
            "PhoneNumber": _international(phone), "SmsSdkAppId": self.sms.app,
        })  # fmt: skip
        found = None if isinstance(said, Answer) else rows(said, "PullSmsSendStatusSet")
        if found is None:
            return None
        for row in found:
            if str(row.get("SessionContext", "")) == key:
                arrived = row.get("ReportStatus") == ARRIVED
                fate = Fate.DELIVERED if arrived else Fate.NEVER
                return Answer(fate, str(row.get("Description", ""))[:60])
        return Answer(Fate.LATER, "not_found")

    def read_reports(self, body: Any) -> list[Report]:
        """[{"sid", "report_status", "errmsg", …}]"""
        found = listed(body)
        if not all(r.get("sid") and r.get("report_status") in (ARRIVED, LOST) for r in found):
            raise NotAReport()
        return [
            Report("", str(r["sid"]), r["report_status"] == ARRIVED, str(r.get("errmsg", ""))[:60])
            for r in found
        ]

    def read_replies(self, body: Any) -> list[Reply]:
        """{"mobile", "text", …}"""
        found = listed(body)
        if not all(r.get("mobile") and isinstance(r.get("text"), str) for r in found):
            raise NotAReport()
        return [Reply(plain_phone(r["mobile"]), r["text"]) for r in found]

    def thanks(self) -> dict[str, Any]:
        return {"result": 0, "errmsg": "OK"}

    def _call(self, action: str, body: Mapping[str, Any]) -> Answer | dict[str, Any]:
        """The `Response` it gave, or what became of the call when it gave none."""
        payload = orjson.dumps(body)
        at = clock.real_now()
        headers = {
            **signed(
                action=action, host=urlsplit(self.url).netloc, payload=payload,
                key_id=self.sms.id or "", secret=self.sms.secret or "", at=at,
            ),
            "X-TC-Version": VERSION,
            "X-TC-Region": REGION,
        }  # fmt: skip
        try:
            answer = call(
                self.session, "POST", self.url, headers=headers, seconds=self.seconds, data=payload
            )
        except requests.RequestException as e:
            return lost(e)
        said = answer.said
        given = said.get("Response") if isinstance(said, dict) else None
        if not isinstance(given, dict):
            return Answer(Fate.UNKNOWN, f"http_{answer.status}")
        if _fault(given).startswith("InternalError"):
            return Answer(Fate.UNKNOWN, _fault(given)[:60])
        return given


def _fault(said: Mapping[str, Any]) -> str:
    return str(part(said, "Error").get("Code", ""))


def _international(phone: str) -> str:
    return phone if phone.startswith("+") else f"+86{plain_phone(phone)}"


# --- the signature (signature method v3) ----------------------------------------------------------


def signed(
    *,
    action: str,
    host: str,
    payload: bytes,
    key_id: str,
    secret: str,
    at: datetime,
    service: str = SERVICE,
) -> dict[str, str]:
    """The headers of a request, its authorization among them."""
    seconds, day = str(int(at.timestamp())), f"{at.astimezone(UTC):%Y-%m-%d}"
    headers = {"content-type": JSON, "host": host, "x-tc-action": action.lower()}
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    request = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(payload).hexdigest()}"
    scope = f"{day}/{service}/tc3_request"
    hashed = hashlib.sha256(request.encode()).hexdigest()
    to_sign = f"{ALGORITHM}\n{seconds}\n{scope}\n{hashed}"
    key = f"TC3{secret}".encode()
    for word in (day, service, "tc3_request"):
        key = hmac.new(key, word.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    proof = f"{ALGORITHM} Credential={key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {
        "Content-Type": JSON,
        "Host": host,
        "X-TC-Action": action,
        "X-TC-Timestamp": seconds,
        "Authorization": proof,
    }
