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
from screening.reminders.channels.deadline import session
from screening.reminders.channels.wire import SECONDS, Heard, call, lost

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
        self.session = session()
        if token:
            self.session.headers["Authorization"] = f"Bearer {token}"

    def send(
        self, key: str, phone: str, text: str, parts: Mapping[str, str] | None = None
    ) -> Answer:
        try:
            answer = call(
                self.session, "POST", self.url, seconds=self.seconds,
                json={"to": phone, "text": text}, headers={"Idempotency-Key": key},
            )  # fmt: skip
        except requests.RequestException as e:
            return lost(e)
        status = answer.status
        if answer.page:  # something between answered in its stead: no yes, and no refusal
            refused = status in NOT_TAKEN or (300 <= status < 500 and status != DUPLICATE)
            taken = Fate.LATER if refused else Fate.UNKNOWN
            return Answer(taken, f"page_{status}")
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
            answer = call(self.session, "GET", url, seconds=self.seconds)
        except requests.RequestException:
            return None
        if answer.status == 404:
            return Answer(Fate.LATER, "not_found")
        said = answer.said if answer.status == 200 else {}
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


def _ref(answer: Heard) -> str:
    """The gateway's own number of the message, where it tells one."""
    said = answer.said
    ref = said.get("id") if isinstance(said, dict) else None
    return str(ref) if isinstance(ref, str | int) else ""
