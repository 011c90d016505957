"""No more messages a second than a channel allows, however many workers send."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from screening import clock
from screening.db import db, fetch


def reserve(channel: str, per_second: int, n: int) -> datetime:
    """Take the channel's next `n` places in time; when the first of them is. Commits."""
    gap = timedelta(seconds=1 / per_second)
    now = clock.real_now()
    ((after,),) = fetch(
        "INSERT INTO sms_pace (channel, next_at) VALUES (%s, %s) ON CONFLICT (channel) DO UPDATE "
        "SET next_at = greatest(sms_pace.next_at, %s) + %s RETURNING next_at",
        (channel, now + gap * n, now, gap * n),
    )
    db.session.commit()
    return after - gap * n


def wait_for(at: datetime) -> None:
    """Sleep until it is `at`."""
    seconds = (at - clock.real_now()).total_seconds()
    if seconds > 0:
        time.sleep(seconds)
