"""The sending itself.

A row is claimed, looked at and leased in one transaction; looked at once more right before it goes
out, and what became of it is settled in another transaction. After a crash in between the lease
runs out. A gateway that honours keys then gets the message again under the same key; to one that
does not it is never sent again by itself, for the row was marked as on its way beforehand."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from screening import clock, outbox
from screening.db import db, run
from screening.i18n import ZONE
from screening.reminders import doubt, pace, receipts, rules
from screening.reminders.channels import Answer, Channel, Fate
from screening.reminders.look import (
    Message,
    current,
    drop_late,
    leave_out,
    look,
    mark,
    open_message,
    put_off,
)
from screening.reminders.queries import lock_messages
from screening.reminders.service import note_bounced
from screening.reminders.waves import TOPIC

BATCH = 50
LEASE = 90  # real seconds in which a worker settles what it has claimed
LAST_SEND = 60  # real seconds of the lease after which no further message of the batch goes out
LONGEST = 10  # real seconds of one run; other jobs of the worker have their turn in between
TROUBLES = 3  # failures in a row after which the gateway is left alone until the next run


def send_due(
    channel: Channel, *, now: Callable[[], datetime] = clock.now, limit: int = 1000
) -> int:
    """Send what is due, cell by cell; the number of messages that left the house.

    Ends early when the gateway fails again and again; the rest goes out in a later run."""
    run_ = _Run(channel, now)
    tried = 0
    for cell in outbox.cells_with_work(now()):
        while tried < limit and run_.goes_on:
            claimed, ready = _claim(cell, run_.batch, at=now())
            if not claimed:
                break
            tried += claimed
            run_.send_all(ready)
    db.session.rollback()
    return run_.sent


class _Run:
    """One run of the sender: what it sent, and how often in a row it failed."""

    def __init__(self, channel: Channel, now: Callable[[], datetime]) -> None:
        self.channel, self.now = channel, now
        self.sent = self.troubles = 0
        self.started = time.monotonic()
        self.batch = min(BATCH, max(1, channel.per_second * LAST_SEND // 2))

    @property
    def goes_on(self) -> bool:
        return self.troubles < TROUBLES and time.monotonic() - self.started < LONGEST

    def send_all(self, ready: Sequence[Message]) -> None:
        """One after the other, while the lease is young: what is left over waits for its end, so
        that no other worker sends it at the same time."""
        if not ready:
            return
        started = time.monotonic()
        turn = pace.reserve(self.channel.name, self.channel.per_second, len(ready), most=LAST_SEND)
        if turn is None:
            return
        for message in ready:
            if self.troubles >= TROUBLES or time.monotonic() - started > LAST_SEND:
                return
            pace.wait_for(turn)
            turn += timedelta(seconds=1 / self.channel.per_second)
            fate = _send(self.channel, message, self.now)
            self.sent += fate is Fate.SENT
            if fate is not None:
                self.troubles = self.troubles + 1 if fate in (Fate.LATER, Fate.UNKNOWN) else 0


def _claim(cell: int, limit: int, *, at: datetime) -> tuple[int, list[Message]]:
    """Lock due rows, drop or put off what must not go now, lease the rest; commits."""
    rows = lock_messages(cell, (TOPIC,), limit, at=at)
    messages = [open_message(cell, row) for row in rows]
    resume = rules.may_send_at(at, ZONE)
    if resume > at:
        put_off(cell, [m.outbox_id for m in messages], resume)
        messages = []
    ready = look(messages, at)
    put_off(cell, [m.outbox_id for m in ready], at + lease())
    db.session.commit()
    return len(rows), ready


def lease() -> timedelta:
    """LEASE in domain time."""
    return timedelta(seconds=LEASE / clock.real_seconds(timedelta(seconds=1)))


def _send(channel: Channel, claimed: Message, now: Callable[[], datetime]) -> Fate | None:
    """Look once more, send outside any transaction, settle what became of it. Commits.

    None when the message does not go out after all."""
    at = now()
    resume = rules.may_send_at(at, ZONE)
    if resume > at:  # the quiet hours began in the middle of a batch
        put_off(claimed.cell, [claimed.outbox_id], resume)
        db.session.commit()
        return None
    state, _, _ = outbox.lock(claimed.cell, claimed.outbox_id)
    if state == outbox.WAITING:
        claimed = current(claimed)
    ready = look([claimed], at, at_silence=False) if state == outbox.WAITING else []
    if not ready:
        db.session.commit()
        return None
    (m,) = ready
    if not channel.honours_keys:
        outbox.on_its_way(m.cell, m.outbox_id, until=at + lease())
    db.session.commit()
    answer = channel.send(m.key, m.phone, rules.fill(m.text, m.names), m.parts)
    settle(m, answer, again=channel.honours_keys, left=at, at=now())
    # who knows the state anew under the lock decides; a refusal that is tried again names them then
    late = drop_late(claimed) if answer.fate is not Fate.LATER else 0
    db.session.commit()
    if late:
        leave_out(m.wave, late)
        db.session.commit()
    return answer.fate


def settle(m: Message, answer: Answer, *, again: bool, left: datetime, at: datetime) -> None:
    """Write down what the gateway said, unless a report was faster. With `again` a message of
    which nobody knows what became may be repeated, since the gateway tells no twice."""
    answer = answer.clean()
    state, _, _ = outbox.lock(m.cell, m.outbox_id)
    if answer.fate in (Fate.SENT, Fate.UNKNOWN):
        _left_at(m, left)
    if state not in (outbox.WAITING, outbox.SENDING):
        return
    if answer.fate is Fate.SENT:
        outbox.settle(m.cell, m.outbox_id, outbox.SENT, at=at)
        mark(m, "sent", at)
        if answer.ref:
            receipts.remember(answer.ref, m.cell, m.outbox_id, at=at)
    elif answer.fate is Fate.NEVER:
        outbox.settle(m.cell, m.outbox_id, outbox.FAILED, at=at, error=answer.why)
        mark(m, "failed", at)
        note_bounced(m.round_id, [(w[0], w[1], w[2]) for w in m.who], at=at)
    elif answer.fate is Fate.UNKNOWN and (not again or m.attempts >= len(outbox.BACK_OFF)):
        doubt.wonder(m.cell, m.outbox_id, m.ref, answer.why, at=at)
    elif not outbox.retry(m.cell, m.outbox_id, m.attempts, answer.why, at=at):
        mark(m, "failed", at)


def _left_at(m: Message, at: datetime) -> None:
    run(
        "UPDATE wave_message SET sent_at = coalesce(sent_at, %s) "
        "WHERE cell_id = %s AND message_id = %s",
        (at, m.cell, m.ref),
    )
