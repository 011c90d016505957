"""An SMS gateway over HTTP: JSON, a bearer token, an idempotency key; reports come back signed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

import requests

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

SECONDS = (3.05, 10)  # to connect, to answer
# the number or the text itself is refused: sending it again would not help
REFUSED = (400, 404, 410, 422)
DUPLICATE = 409
NOT_TAKEN = (401, 403, 405, 408, 429, 503)  # it says itself that it took nothing
# what a gateway calls the state of a message
STATES = {
    "delivered": Fate.DELIVERED, "sent": Fate.SENT, "accepted": Fate.SENT, "failed": Fate.NEVER,
    "not_found": Fate.LATER,
}  # fmt: skip


class HttpChannel(Channel):
    """POST {"to", "text"} with `Idempotency-Key`; 2xx (and 409: it has it already) means sent."""

    name = "http"
    proof = "signature"

    def __init__(
        self,
        url: str,
        token: str | None,
        *,
        keys: bool = False,
        status_url: str | None = None,
        seconds: tuple[float, float] = SECONDS,
    ) -> None:
        self.url, self.status_url, self.seconds = url, status_url, seconds
        self.honours_keys = keys
        self.session = requests.Session()
        if token:
            self.session.headers["Authorization"] = f"Bearer {token}"

    def send(
        self, key: str, phone: str, text: str, parts: Mapping[str, str] | None = None
    ) -> Answer:
        try:
            answer = self.session.post(
                self.url,
                json={"to": phone, "text": text},
                headers={"Idempotency-Key": key},
                timeout=self.seconds,
                allow_redirects=False,
            )
        except requests.RequestException as e:
            return lost(e)
        status = answer.status_code
        if 200 <= status < 300 or status == DUPLICATE:
            return Answer(Fate.SENT, ref=_ref(answer))
        if status in REFUSED:
            return Answer(Fate.NEVER, f"http_{status}")
        taken = Fate.LATER if status in NOT_TAKEN or 300 <= status < 400 else Fate.UNKNOWN
        return Answer(taken, f"http_{status}")

    def ask(self, key: str, phone: str, sent_at: datetime) -> Answer | None:
        """GET the status address; "not_found" means that the gateway never took it."""
        if not self.status_url:
            return None
        url = self.status_url.replace("{key}", quote(key, safe=""))
        try:
            answer = self.session.get(url, timeout=self.seconds, allow_redirects=False)
            if answer.status_code == 404:
                return Answer(Fate.LATER, "not_found")
            said = answer.json() if answer.status_code == 200 else {}
        except (requests.RequestException, ValueError):
            return None
        fate = STATES.get(str(said.get("state"))) if isinstance(said, dict) else None
        return Answer(fate, str(said.get("why", ""))[:60]) if fate else None

    def read_reports(self, body: Any) -> list[Report]:
        """[{"key" or "ref", "state": "delivered" or "failed", "why"}]"""
        out = []
        for row in listed(body):
            state = row.get("state")
            if state not in ("delivered", "failed") or not (row.get("key") or row.get("ref")):
                raise NotAReport()
            key, ref = str(row.get("key") or ""), str(row.get("ref") or "")
            out.append(Report(key, ref, state == "delivered", str(row.get("why") or "")[:60]))
        return out

    def read_replies(self, body: Any) -> list[Reply]:
        """[{"from", "text"}]"""
        rows = listed(body)
        if not all(row.get("from") and isinstance(row.get("text"), str) for row in rows):
            raise NotAReport()
        return [Reply(plain_phone(row["from"]), row["text"]) for row in rows]


def lost(e: requests.RequestException) -> Answer:
    """No connection: it was surely not taken. Anything later: nobody can know."""
    if isinstance(e, requests.ConnectTimeout) or _never_left(e):
        return Answer(Fate.LATER, "no_connection")
    why = "timeout" if isinstance(e, requests.Timeout) else type(e).__name__.lower()
    return Answer(Fate.UNKNOWN, why)


def _never_left(e: requests.RequestException) -> bool:
    """True when not even the connection was made."""
    from urllib3.exceptions import MaxRetryError, NameResolutionError, NewConnectionError

    cause = e.args[0] if e.args else None
    if isinstance(cause, MaxRetryError):
        cause = cause.reason
    return isinstance(cause, (NewConnectionError, NameResolutionError))


def _ref(answer: requests.Response) -> str:
    try:
        said = answer.json()
    except ValueError:
        return ""
    return str(said.get("id") or "")[:100] if isinstance(said, dict) else ""
