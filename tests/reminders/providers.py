"""Providers on real sockets: they verify signatures on their own, from the raw request, keep what
they were given and answer as the published interfaces do."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

KEY_ID, SECRET = "made-up-key-id", "made-up-secret"


class Provider:
    """`plan`: "slow" takes the message and answers too late; a string is an error code."""

    def __init__(self, *plan: str) -> None:
        self.plan = list(plan)
        self.taken: list[dict[str, Any]] = []
        self.asked: list[dict[str, Any]] = []
        self.refused: list[str] = []
        self.nonces: set[str] = set()
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                fault = provider.check(self, body)
                if fault:
                    provider.refused.append(fault)
                said = provider.refuse(fault) if fault else provider.answer(self, body)
                raw = json.dumps(said).encode()
                try:
                    self.send_response(200)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(raw)))
                    self.end_headers()
                    self.wfile.write(raw)
                except OSError:
                    pass

            def log_message(self, *a: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))

    def check(self, request: BaseHTTPRequestHandler, body: bytes) -> str:
        raise NotImplementedError

    def refuse(self, fault: str) -> dict[str, Any]:
        raise NotImplementedError

    def answer(self, request: BaseHTTPRequestHandler, body: bytes) -> dict[str, Any]:
        raise NotImplementedError

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self) -> Any:
        self.thread.start()
        return self

    def __exit__(self, *a: Any) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def step(self) -> str:
        return self.plan.pop(0) if self.plan else ""


class Aliyun(Provider):
    """Dysmsapi 2017-05-25 behind ACS3-HMAC-SHA256."""

    def check(self, request: BaseHTTPRequestHandler, body: bytes) -> str:
        h = {k.lower(): v.strip() for k, v in request.headers.items()}
        m = re.fullmatch(
            r"ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]{64})",
            h.get("authorization", ""),
        )
        if not m or m[1] != KEY_ID:
            return "InvalidAccessKeyId.NotFound"
        needed = {k for k in h if k == "host" or k.startswith("x-acs-")}
        names = m[2].split(";")
        if names != sorted(names) or not needed <= set(names):
            return "IncompleteSignature"
        at = datetime.strptime(h["x-acs-date"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        if abs((datetime.now(UTC) - at).total_seconds()) > 900:
            return "InvalidTimeStamp.Expired"
        if h["x-acs-signature-nonce"] in self.nonces:
            return "SignatureNonceUsed"
        self.nonces.add(h["x-acs-signature-nonce"])
        digest = hashlib.sha256(body).hexdigest()
        if h["x-acs-content-sha256"] != digest:
            return "InvalidContent"
        path, _, query = request.path.partition("?")
        # as it came over the wire: the client must have encoded and sorted it by itself
        if query != "&".join(sorted(query.split("&"))) or "+" in query:
            return "SignatureDoesNotMatch"
        lines = [request.command, path, query]
        lines += [f"{n}:{h[n]}" for n in names]
        lines += ["", ";".join(names), digest]
        hashed = hashlib.sha256("\n".join(lines).encode()).hexdigest()
        mac = hmac.new(SECRET.encode(), f"ACS3-HMAC-SHA256\n{hashed}".encode(), "sha256")
        return "" if hmac.compare_digest(mac.hexdigest(), m[3]) else "SignatureDoesNotMatch"

    def refuse(self, fault: str) -> dict[str, Any]:
        return {"Code": fault, "Message": "refused", "RequestId": "R"}

    def answer(self, request: BaseHTTPRequestHandler, body: bytes) -> dict[str, Any]:
        asked = dict(parse_qsl(urlsplit(request.path).query, strict_parsing=True))
        if request.headers["x-acs-version"] != "2017-05-25":
            return self.refuse("InvalidVersion")
        if request.headers["x-acs-action"] == "QuerySendDetails":
            self.asked.append(asked)
            rows = [
                {"OutId": t["OutId"], "PhoneNum": t["PhoneNumbers"], "SendStatus": 3,
                 "ErrCode": "DELIVERED", "TemplateCode": t["TemplateCode"]}
                for t in self.taken if t["PhoneNumbers"] == asked["PhoneNumber"]
            ]  # fmt: skip
            return {"Code": "OK", "Message": "OK", "RequestId": "R", "TotalCount": len(rows),
                    "SmsSendDetailDTOs": {"SmsSendDetailDTO": rows}}  # fmt: skip
        step = self.step()
        if step and step != "slow":
            return self.refuse(step)
        self.taken.append(asked)
        if step == "slow":
            time.sleep(0.6)
        return {"Code": "OK", "Message": "OK", "BizId": f"{len(self.taken)}^0", "RequestId": "R"}


class Tencent(Provider):
    """SMS 2021-01-11 behind TC3-HMAC-SHA256."""

    def check(self, request: BaseHTTPRequestHandler, body: bytes) -> str:
        h = {k.lower(): v.strip() for k, v in request.headers.items()}
        m = re.fullmatch(
            r"TC3-HMAC-SHA256 Credential=([^/]+)/(\d{4}-\d\d-\d\d)/sms/tc3_request, "
            r"SignedHeaders=([^,]+), Signature=([0-9a-f]{64})",
            h.get("authorization", ""),
        )
        if not m or m[1] != KEY_ID:
            return "AuthFailure.SecretIdNotFound"
        seconds = int(h["x-tc-timestamp"])
        if abs(time.time() - seconds) > 300:
            return "AuthFailure.SignatureExpire"
        if datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d") != m[2]:
            return "AuthFailure.SignatureFailure"
        names = m[3].split(";")
        if not {"content-type", "host"} <= set(names) or names != sorted(names):
            return "AuthFailure.SignatureFailure"
        canonical = "POST\n/\n\n"
        canonical += "".join(f"{n}:{h[n].lower() if n != 'host' else h[n]}\n" for n in names)
        canonical += "\n" + m[3] + "\n" + hashlib.sha256(body).hexdigest()
        to_sign = "\n".join((
            "TC3-HMAC-SHA256", h["x-tc-timestamp"], f"{m[2]}/sms/tc3_request",
            hashlib.sha256(canonical.encode()).hexdigest(),
        ))  # fmt: skip
        day = hmac.digest(b"TC3" + SECRET.encode(), m[2].encode(), "sha256")
        signing = hmac.digest(hmac.digest(day, b"sms", "sha256"), b"tc3_request", "sha256")
        mac = hmac.new(signing, to_sign.encode(), "sha256").hexdigest()
        return "" if hmac.compare_digest(mac, m[4]) else "AuthFailure.SignatureFailure"

    def refuse(self, fault: str) -> dict[str, Any]:
        return {"Response": {"Error": {"Code": fault, "Message": "refused"}, "RequestId": "R"}}

    def answer(self, request: BaseHTTPRequestHandler, body: bytes) -> dict[str, Any]:
        asked, action = json.loads(body), request.headers["X-TC-Action"]
        if request.headers["X-TC-Version"] != "2021-01-11" or not request.headers["X-TC-Region"]:
            return self.refuse("InvalidParameter")
        if action == "PullSmsSendStatusByPhoneNumber":
            self.asked.append(asked)
            rows = [
                {"CountryCode": "86", "PhoneNumber": t["PhoneNumberSet"][0], "SerialNo": "5000:1",
                 "ReportStatus": "SUCCESS", "Description": "DELIVRD", "UserReceiveTime": 1,
                 "SessionContext": t["SessionContext"]}
                for t in self.taken if t["PhoneNumberSet"] == [asked["PhoneNumber"]]
            ]  # fmt: skip
            return {"Response": {"PullSmsSendStatusSet": rows, "RequestId": "R"}}
        step = self.step()
        if step.startswith("InternalError"):
            return self.refuse(step)
        if not step or step == "slow":
            self.taken.append(asked)
        if step == "slow":
            time.sleep(0.6)
        code = step if step and step != "slow" else "Ok"
        row = {"SerialNo": f"5000:{len(self.taken)}" if code == "Ok" else "", "Fee": 1,
               "PhoneNumber": asked["PhoneNumberSet"][0], "Code": code, "Message": "",
               "SessionContext": asked["SessionContext"], "IsoCode": "CN"}  # fmt: skip
        return {"Response": {"SendStatusSet": [row], "RequestId": "R"}}
