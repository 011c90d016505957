"""No more messages a second than a channel allows, however many workers send."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from screening import clock
from screening.db import db, fetch

NONSENSE = timedelta(minutes=10)  # no queue is so long: the clock was set back


def reserve(channel: str, per_second: int, n: int, *, most: float = 60) -> datetime | None:
    """Take the channel's next `n` places in time; when the first of them is. None, and nothing
    taken, where that is more than `most` seconds ahead. Commits."""
    gap = timedelta(seconds=1 / per_second)
    now = clock.real_now()
    rows = fetch(
        "INSERT INTO sms_pace (channel, next_at) VALUES (%s, %s) ON CONFLICT (channel) DO UPDATE "
        "SET next_at = CASE WHEN sms_pace.next_at > %s THEN %s "
        "ELSE greatest(sms_pace.next_at, %s) END + %s "
        "WHERE sms_pace.next_at <= %s OR sms_pace.next_at > %s RETURNING next_at",
        (channel, now + gap * n, now + NONSENSE, now, now, gap * n,
         now + timedelta(seconds=most), now + NONSENSE),
    )  # fmt: skip
    db.session.commit()
    return rows[0][0] - gap * n if rows else None


def wait_for(at: datetime) -> None:
    """Sleep until it is `at`."""
    seconds = (at - clock.real_now()).total_seconds()
    if seconds > 0:
        time.sleep(seconds)
