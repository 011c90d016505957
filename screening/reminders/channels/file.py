"""Messages into a file a day, for whoever sends them by other means; readable by the owner only."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping
from pathlib import Path

import orjson

from screening import clock
from screening.i18n import ZONE
from screening.reminders.channels import Answer, Channel, Fate


class FileChannel(Channel):
    """NDJSON lines {key, at, phone, text}. A key that occurs twice is one message."""

    name = "file"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(
        self, key: str, phone: str, text: str, parts: Mapping[str, str] | None = None
    ) -> Answer:
        at = clock.now().astimezone(ZONE)
        line = orjson.dumps({"key": key, "at": at.isoformat(), "phone": phone, "text": text})
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.folder / f"sms-{at:%Y%m%d}.ndjson"
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            os.write(fd, line + b"\n")
            os.fsync(fd)
        except OSError as e:
            return Answer(Fate.LATER, f"file_{e.errno}")
        finally:
            os.close(fd)
        return Answer(Fate.SENT)
