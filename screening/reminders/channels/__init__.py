"""Ways out of the house. A channel takes one message and says what became of it."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from screening.config import Settings

# it writes whole addresses at its lowest level, and some providers want the number in the address
logging.getLogger("urllib3").setLevel(logging.INFO)


class Fate(StrEnum):
    """sent: the receiver has it; later: it surely has not, try again; never: no use; unknown: it
    may or may not have it; delivered: the phone has it (told by receipts and when asked)."""

    SENT = "sent"
    LATER = "later"
    NEVER = "never"
    UNKNOWN = "unknown"
    DELIVERED = "delivered"


LONGEST_WHY, LONGEST_REF = 60, 100


def plain(text: str, most: int) -> str:
    """What a gateway said, without the characters that a database or a page cannot hold."""
    return "".join(c for c in text if c.isprintable())[:most]


class Answer(NamedTuple):
    """`why` is a short code without personal values; `ref` the gateway's own number of it."""

    fate: Fate
    why: str = ""
    ref: str = ""

    def clean(self) -> Answer:
        return Answer(self.fate, plain(self.why, LONGEST_WHY), plain(self.ref, LONGEST_REF))


class Report(NamedTuple):
    """What a gateway tells of one message later: known by our key or by its own number."""

    key: str
    ref: str
    delivered: bool
    why: str = ""

    def clean(self) -> Report:
        ref, why = plain(self.ref, LONGEST_REF), plain(self.why, LONGEST_WHY)
        return self._replace(ref=ref, why=why)


class Reply(NamedTuple):
    """What somebody wrote back."""

    phone: str
    text: str


class NotAReport(ValueError):
    """What came in has not the form of this gateway's reports."""


class Channel(ABC):
    """`honours_keys`: a repeat under the same key is no second message for the receiver. Without
    it, what may have gone out is never sent again by itself."""

    name = ""
    honours_keys = True
    per_second = 20
    # how a gateway that reports proves itself: "signature" over the body, or "secret" in the address
    proof = "secret"

    @abstractmethod
    def send(
        self, key: str, phone: str, text: str, parts: Mapping[str, str] | None = None
    ) -> Answer:
        """`key` stays the same when a message is sent again. `parts`: what `text` is made of, with
        its template, for gateways that fill in approved templates themselves."""

    def ask(self, key: str, phone: str, sent_at: datetime) -> Answer | None:
        """What became of a message, where the gateway can be asked; None while it cannot say."""
        return None

    def hear(self) -> list[Report | Reply]:
        """What waits at the gateway, where it is fetched rather than brought."""
        return []

    def heard(self) -> None:  # noqa: B027 - nothing to do for gateways that bring their reports
        """What `hear` gave is kept now."""

    def read_reports(self, body: Any) -> list[Report]:
        """What the gateway brought. Raises NotAReport."""
        raise NotAReport()

    def read_replies(self, body: Any) -> list[Reply]:
        """Raises NotAReport."""
        raise NotAReport()

    def thanks(self) -> dict[str, Any]:
        """The answer that tells the gateway not to bring it again."""
        return {}


def listed(body: Any) -> Sequence[Mapping[str, Any]]:
    """The objects of a report, one or several. Raises NotAReport."""
    rows = body if isinstance(body, list) else [body]
    if not all(isinstance(row, dict) for row in rows):
        raise NotAReport()
    return rows


def plain_phone(phone: Any) -> str:
    """A mainland number without its country code, as the register keeps it."""
    digits = "".join(c for c in str(phone) if c.isdigit())
    for prefix in ("0086", "86"):
        if digits.startswith(prefix) and len(digits) == len(prefix) + 11:
            return digits[len(prefix) :]
    return digits


def channel_of(settings: Settings) -> Channel:
    """The one that is configured; files under the instance folder where none is."""
    # only the one in use is loaded
    sms = settings.sms
    if sms.channel == "http":
        from screening.reminders.channels.http import HttpChannel

        made: Channel = HttpChannel(
            sms.url or "", sms.token, keys=sms.keys, status_url=sms.status_url
        )
    elif sms.channel == "aliyun":
        from screening.reminders.channels.aliyun import AliyunChannel

        made = AliyunChannel(sms)
    elif sms.channel == "tencent":
        from screening.reminders.channels.tencent import TencentChannel

        made = TencentChannel(sms)
    elif sms.channel == "smpp":
        from screening.reminders.channels.smpp import smpp_channel

        made = smpp_channel(sms)
    else:
        from screening.reminders.channels.file import FileChannel

        made = FileChannel(settings.instance / "outbox")
    made.per_second = sms.per_second
    return made
