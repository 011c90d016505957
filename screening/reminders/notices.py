"""Short texts that wait for nothing: one-time codes, calls to those on duty. Sent whatever the hour.

As in the sender: claimed and leased in one transaction, sent after its commit, settled in another.
What was personal goes with the sending."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from screening import clock, outbox
from screening.db import db, fetch, run
from screening.registry.service.persons import ring
from screening.reminders.channels import Channel, Fate
from screening.reminders.look import key_of
from screening.reminders.queries import lock_messages

BATCH = 50
LEASE = 60  # real seconds in which a worker settles what it has claimed
TROUBLES = 3  # failures in a row after which the gateway is left alone until the next run


class _Text(NamedTuple):
    cell: int
    outbox_id: int
    attempts: int
    phone: str
    text: str
    until: datetime | None


def send_notices(channel: Channel) -> int:
    """Send what is due; how many left the house. Commits."""
    sent = troubles = 0
    for cell in _cells():
        for notice in _claim(cell):
            if troubles >= TROUBLES:
                return sent
            fate = _send(channel, notice)
            sent += fate is Fate.SENT
            troubles = troubles + 1 if fate in (Fate.LATER, Fate.UNKNOWN) else 0
    db.session.rollback()
    return sent


def _cells() -> list[int]:
    rows = fetch(
        "SELECT DISTINCT cell_id FROM outbox WHERE state = 0 AND due_at <= %s AND topic = %s "
        "/* fan-out: worker */",
        (clock.now(), outbox.NOTICE),
    )
    return sorted(r[0] for r in rows)


def _claim(cell: int) -> list[_Text]:
    """Lock what is due, drop what nobody needs any more, lease the rest; commits."""
    now, out = clock.now(), []
    for outbox_id, _ref, sealed, attempts, _made in lock_messages(
        cell, (outbox.NOTICE,), BATCH, at=now
    ):
        body = msgspec.json.decode(ring().open(bytes(sealed), outbox.AAD))
        over = clock.from_ms(body["until"]) if body["until"] else None
        text = _Text(cell, outbox_id, attempts, body["phone"], body["text"], over)
        if over is not None and over <= clock.real_now():
            _settle(text, outbox.DROPPED, "too_late")
        else:
            out.append(text)
    run(
        "UPDATE outbox SET due_at = %s WHERE cell_id = %s AND outbox_id = ANY(%s)",
        (now + _lease(), cell, [t.outbox_id for t in out]),
    )
    db.session.commit()
    return out


def _lease() -> timedelta:
    return timedelta(seconds=LEASE / clock.real_seconds(timedelta(seconds=1)))


def _send(channel: Channel, t: _Text) -> Fate:
    """Outside any transaction; then settle what became of it. Commits.

    What may have gone out is not repeated unless the gateway tells no twice."""
    if not channel.honours_keys:
        outbox.on_its_way(t.cell, t.outbox_id, until=clock.now() + _lease())
        db.session.commit()
    answer = channel.send(key_of(t.cell, t.outbox_id), t.phone, t.text, {"template": "*"})
    if answer.fate is Fate.SENT:
        _settle(t, outbox.SENT)
    elif answer.fate is Fate.NEVER:
        _settle(t, outbox.FAILED, answer.why)
    elif answer.fate is Fate.UNKNOWN and not channel.honours_keys:
        _settle(t, outbox.UNKNOWN, answer.why)
    elif not outbox.retry(t.cell, t.outbox_id, t.attempts, answer.why, at=clock.now()):
        _wipe(t)
    db.session.commit()
    return answer.fate


def _settle(t: _Text, state: int, why: str | None = None) -> None:
    outbox.settle(t.cell, t.outbox_id, state, at=clock.now(), error=why)
    _wipe(t)


def _wipe(t: _Text) -> None:
    run("UPDATE outbox SET body = '' WHERE cell_id = %s AND outbox_id = %s", (t.cell, t.outbox_id))
