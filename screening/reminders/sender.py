"""The last look before a message leaves, and the sending itself.

A row is claimed, looked at and leased in one transaction; only after its commit the message goes
out, and what became of it is settled in another. A crash in between leaves the lease to run out:
the message goes out again under the same key."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import orjson

from screening import clock, outbox
from screening.db import db, fetch, run
from screening.i18n import ZONE
from screening.places import queries as places
from screening.registry import seals
from screening.registry.queries import find_policy
from screening.registry.service.persons import ring
from screening.reminders import rules
from screening.reminders.channels import Channel, Fate
from screening.reminders.queries import (
    list_exempt,
    list_sampled,
    lock_messages,
    opted_out,
    silent_communities,
)
from screening.reminders.service import note_bounced
from screening.reminders.waves import AAD, CANCELLED, TOPIC

BATCH = 50
LEASE = 90  # real seconds in which a worker settles what it has claimed
LAST_SEND = 60  # real seconds of the lease after which no further message of the batch goes out
TROUBLES = 3  # failures in a row after which the gateway is left alone until the next run
SILENT_WAIT = timedelta(minutes=10)


class Message(NamedTuple):
    """One claimed row, opened. `who`: [cell, person, community, masked name]."""

    cell: int
    outbox_id: int
    ref: int
    attempts: int
    made_at: datetime
    wave: int
    round_id: int
    community: int
    phone: str
    text: str
    who: list[list[Any]]

    @property
    def pairs(self) -> list[tuple[int, int]]:
        return [(w[0], w[1]) for w in self.who]


def send_due(
    channel: Channel, *, now: Callable[[], datetime] = clock.now, limit: int = 1000
) -> int:
    """Send what is due, cell by cell; the number of messages that left the house.

    Ends early when the gateway fails again and again; the rest goes out in a later run."""
    run_ = _Run(channel, now)
    tried = 0
    for cell in outbox.cells_with_work(now()):
        while tried < limit and run_.troubles < TROUBLES:
            claimed, ready = _claim(cell, at=now())
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

    def send_all(self, ready: Sequence[Message]) -> None:
        """One after the other, while the lease is young: what is left over waits for its end, so
        that no other worker sends it at the same time."""
        started = time.monotonic()
        for message in ready:
            if self.troubles >= TROUBLES or time.monotonic() - started > LAST_SEND:
                return
            fate = _send(self.channel, message, self.now)
            self.sent += fate is Fate.SENT
            self.troubles = self.troubles + 1 if fate is Fate.LATER else 0


def _claim(cell: int, *, at: datetime) -> tuple[int, list[Message]]:
    """Lock due rows, drop or put off what must not go now, lease the rest; commits."""
    rows = lock_messages(cell, (TOPIC,), BATCH, at=at)
    messages = [_open(cell, row) for row in rows]
    resume = rules.may_send_at(at, ZONE)
    if resume > at:
        _put_off(cell, [m.outbox_id for m in messages], resume)
        messages = []
    ready = _look(messages, at)
    lease = timedelta(seconds=LEASE / clock.real_seconds(timedelta(seconds=1)))
    _put_off(cell, [m.outbox_id for m in ready], at + lease)
    db.session.commit()
    return len(rows), ready


def _open(cell: int, row: tuple[int, int, bytes, int, datetime]) -> Message:
    outbox_id, ref, sealed, attempts, made_at = row
    body = orjson.loads(ring().open(bytes(sealed), AAD))
    return Message(
        cell, outbox_id, ref, attempts, made_at, body["wave"], body["round"], body["community"],
        body["phone"], body["text"], body["who"],
    )  # fmt: skip


def _put_off(cell: int, ids: Sequence[int], until: datetime) -> None:
    if ids:
        run(
            "UPDATE outbox SET due_at = %s WHERE cell_id = %s AND outbox_id = ANY(%s)",
            (until, cell, list(ids)),
        )


def _look(messages: Sequence[Message], at: datetime) -> list[Message]:
    """Those that may go now, naming only whose swab the server does not hold at this moment."""
    if not messages:
        return []
    waves = _waves(messages)
    silent = _silent(messages, waves, at)
    sampled: set[tuple[int, int, int]] = set()
    exempt: set[tuple[int, int, int]] = set()
    for round_id in {m.round_id for m in messages}:
        pairs = [p for m in messages if m.round_id == round_id for p in m.pairs]
        sampled |= {(round_id, *p) for p in list_sampled(round_id, pairs)}
        exempt |= {(round_id, *p) for p in list_exempt(round_id, pairs, at=at)}
    keys = ring()
    out = opted_out([seals.phone_hash(keys, m.phone) for m in messages])
    ready = []
    for m in messages:
        state, _ = waves[m.wave]
        left = [w for w in m.who if (m.round_id, w[0], w[1]) not in sampled]
        free = [w for w in left if (m.round_id, w[0], w[1]) not in exempt]
        why = _why_not(m, state, left, free, out, at)
        if why is not None:
            _drop(m, why, at)
        elif (m.round_id, m.community) in silent:
            _put_off(m.cell, [m.outbox_id], at + SILENT_WAIT)
        else:
            ready.append(m._replace(who=free))
    return ready


def _why_not(
    m: Message, state: str, left: list, free: list, out: set[bytes], at: datetime
) -> str | None:
    """A key of rules.DROPPED, or None when the message may go."""
    policy = find_policy(m.round_id)
    if state == CANCELLED:
        return "cancelled"
    if policy is None or policy.state != "sampling":
        return "round_over"
    if not left:
        return "sampled"
    if not free:
        return "exempt"
    if seals.phone_hash(ring(), m.phone) in out:
        return "opted_out"
    since = rules.may_send_at(m.made_at, ZONE)
    return "too_late" if at - since > rules.MESSAGE_LIFE else None


def _waves(messages: Iterable[Message]) -> dict[int, tuple[str, bool]]:
    """State of each wave, and whether somebody answers for taking silent catchments in."""
    rows = fetch(
        "SELECT wave_id, state, include_silent FROM wave WHERE wave_id = ANY(%s)",
        (sorted({m.wave for m in messages}),),
    )
    return {w: (state, silent) for w, state, silent in rows}


def _silent(
    messages: Sequence[Message], waves: dict[int, tuple[str, bool]], at: datetime
) -> set[tuple[int, int]]:
    """(round, community) whose phones have fallen silent since the wave was written."""
    wanted: dict[int, set[int]] = {}
    for m in messages:
        if not waves[m.wave][1]:
            wanted.setdefault(m.round_id, set()).add(m.community)
    out = set()
    for round_id, ids in wanted.items():
        nodes = [n for n in map(places.find_area, sorted(ids)) if n is not None]
        out |= {(round_id, c) for c in silent_communities(round_id, nodes, at=at)}
    return out


def _send(channel: Channel, m: Message, now: Callable[[], datetime]) -> Fate:
    """Outside any transaction; then settle what became of it. Commits."""
    answer = channel.send(str(m.outbox_id), m.phone, rules.fill(m.text, [w[3] for w in m.who]))
    at = now()
    if answer.fate is Fate.SENT:
        outbox.settle(m.cell, m.outbox_id, outbox.SENT, at=at)
        _mark(m, "sent", at)
    elif answer.fate is Fate.NEVER:
        outbox.settle(m.cell, m.outbox_id, outbox.FAILED, at=at, error=answer.why)
        _mark(m, "failed", at)
        note_bounced(m.round_id, [(w[0], w[1], w[2]) for w in m.who], at=at)
    elif not outbox.retry(m.cell, m.outbox_id, m.attempts, answer.why, at=at):
        _mark(m, "failed", at)
    db.session.commit()
    return answer.fate


def _drop(m: Message, why: str, at: datetime) -> None:
    outbox.settle(m.cell, m.outbox_id, outbox.DROPPED, at=at, error=why)
    _mark(m, "dropped", at, why)


def _mark(m: Message, state: str, at: datetime, why: str | None = None) -> None:
    """The message's own row; what was personal in the outbox row goes with the sending."""
    run(
        "UPDATE wave_message SET state = %s, dropped_why = %s, at = %s "
        "WHERE cell_id = %s AND message_id = %s",
        (state, why, at, m.cell, m.ref),
    )
    run(
        "UPDATE outbox SET body = '' WHERE cell_id = %s AND outbox_id = %s",
        (m.cell, m.outbox_id),
    )
