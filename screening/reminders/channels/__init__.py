"""Ways out of the house. A channel takes one message and says what became of it."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple, Protocol

from screening.config import Settings


class Fate(StrEnum):
    """sent: the receiver has it; later: try again, it may or may not have it; never: no use."""

    SENT = "sent"
    LATER = "later"
    NEVER = "never"


class Answer(NamedTuple):
    """`why` is a short code without personal values."""

    fate: Fate
    why: str = ""


class Channel(Protocol):
    def send(self, key: str, phone: str, text: str) -> Answer:
        """`key` stays the same when a message is sent again, so that the receiver tells no twice."""


def channel_of(settings: Settings) -> Channel:
    """The gateway where one is configured, else files under the instance folder."""
    from screening.reminders.channels.file import FileChannel
    from screening.reminders.channels.http import HttpChannel

    if settings.sms_url:
        return HttpChannel(settings.sms_url, settings.sms_token)
    return FileChannel(settings.instance / "outbox")
