"""Messages of which nobody knows what became: asked for, and settled by a person at last."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from screening import clock, outbox
from screening.accounts import audit
from screening.accounts.roles import Actor
from screening.db import db, fetch, run
from screening.errors import Problem
from screening.reminders import rules
from screening.reminders.channels import Channel, Fate, Reply, Report
from screening.reminders.look import open_message
from screening.reminders.receipts import (
    DELIVERED,
    FAILED,
    UNKNOWN,
    settle,
    take_replies,
    take_reports,
)
from screening.reminders.waves import TOPIC

BATCH = 100


class MessageSettled(Problem):
    status = 409
    code = "message_settled"
    zh = "这条短信已有结果，请刷新后再看。"
    en = "What became of this message is known by now; reload and look again."


def wonder(cell: int, outbox_id: int, message_id: int, why: str, *, at: datetime) -> None:
    """Nobody knows whether this message was taken: it is asked for, and never sent by itself."""
    outbox.wonder(cell, outbox_id, why, ask_at=at + timedelta(minutes=rules.ASK_AFTER[0]))
    run(
        "UPDATE wave_message SET state = %s, at = %s, sent_at = coalesce(sent_at, %s) "
        "WHERE cell_id = %s AND message_id = %s",
        (UNKNOWN, at, at, cell, message_id),
    )


def settle_open(channel: Channel, *, now: Callable[[], datetime] = clock.now) -> int:
    """Take what waits at the gateway, then go through what is open. Commits. How many settled."""
    heard = channel.hear()
    settled = take_reports([r for r in heard if isinstance(r, Report)], at=now())
    take_replies([r for r in heard if isinstance(r, Reply)], at=now())
    db.session.commit()
    channel.heard()
    for cell in _cells(now()):
        for row in _lock_open(cell, now()):
            settled += _follow(channel, cell, row, now)
    _let_go(now())
    db.session.commit()
    return settled


def _let_go(at: datetime) -> None:
    """Short texts whose worker died while they were on their way: nobody needs them any more."""
    for (cell,) in fetch(
        "SELECT DISTINCT cell_id FROM outbox WHERE state = 4 AND due_at <= %s AND topic = %s "
        "/* fan-out: worker; few are open and they have an index of their own */",
        (at, outbox.NOTICE),
    ):
        run(
            "UPDATE outbox SET state = %s, error = 'worker_ended', body = '' WHERE cell_id = %s "
            "AND state = 4 AND due_at <= %s AND topic = %s",
            (outbox.UNKNOWN, cell, at, outbox.NOTICE),
        )


def _cells(at: datetime) -> list[int]:
    rows = fetch(
        "SELECT DISTINCT cell_id FROM outbox WHERE state IN (4, 5) AND due_at <= %s "
        "AND topic = %s AND body <> '' /* fan-out: worker; few are open and they have an index of their own */",
        (at, TOPIC),
    )
    return sorted(r[0] for r in rows)


def _lock_open(cell: int, at: datetime) -> list[tuple]:
    """Lease what is to be asked for. Commits."""
    rows = fetch(
        "SELECT outbox_id, ref, body, attempts, made_at, state FROM outbox WHERE cell_id = %s "
        "AND state IN (4, 5) AND due_at <= %s AND topic = %s AND body <> '' ORDER BY due_at LIMIT %s "
        "FOR UPDATE SKIP LOCKED",
        (cell, at, TOPIC, BATCH),
    )
    run(
        "UPDATE outbox SET due_at = %s WHERE cell_id = %s AND outbox_id = ANY(%s)",
        (at + timedelta(minutes=5), cell, [r[0] for r in rows]),
    )
    db.session.commit()
    return rows


def _follow(channel: Channel, cell: int, row: tuple, now: Callable[[], datetime]) -> int:
    """One message: its worker died while it was on its way, or it is time to ask. Commits."""
    outbox_id, message_id, _, attempts, made_at, state = row
    if state == outbox.SENDING:
        if outbox.lock(cell, outbox_id)[0] == outbox.SENDING:
            wonder(cell, outbox_id, message_id, "worker_ended", at=now())
        db.session.commit()
        return 0
    m = open_message(cell, row[:5])
    answer = channel.ask(m.key, m.phone, _sent_at(cell, message_id) or made_at)
    answer = answer.clean() if answer else None
    at = now()
    settled = 0
    if outbox.lock(cell, outbox_id)[0] == outbox.UNKNOWN:
        settled = _heard(answer, cell, outbox_id, message_id, attempts, made_at, at)
    db.session.commit()
    return settled


def _sent_at(cell: int, message_id: int) -> datetime | None:
    rows = fetch(
        "SELECT sent_at FROM wave_message WHERE cell_id = %s AND message_id = %s",
        (cell, message_id),
    )
    db.session.commit()  # nothing is held while the gateway is asked
    return rows[0][0] if rows else None


def _heard(
    answer: Any, cell: int, outbox_id: int, message_id: int, attempts: int, made: datetime,
    at: datetime,
) -> int:  # fmt: skip
    if answer is not None and answer.fate in (Fate.DELIVERED, Fate.NEVER):
        verdict = DELIVERED if answer.fate is Fate.DELIVERED else FAILED
        return settle(cell, outbox_id, verdict, answer.why, at)
    if answer is not None and answer.fate is Fate.SENT:  # it was taken after all; a report follows
        outbox.settle(cell, outbox_id, outbox.SENT, at=at)
        run("UPDATE outbox SET body = '' WHERE cell_id = %s AND outbox_id = %s", (cell, outbox_id))
        return run(
            "UPDATE wave_message SET state = 'sent', at = %s WHERE cell_id = %s "
            "AND message_id = %s",
            (at, cell, message_id),
        )
    if at - made > rules.RECEIPT_LIFE:  # nothing more will come; what was personal goes
        run("UPDATE outbox SET body = '' WHERE cell_id = %s AND outbox_id = %s", (cell, outbox_id))
        return 0
    asked = [m for m in rules.ASK_AFTER if timedelta(minutes=m) <= at - made]
    wait = rules.ASK_AFTER[min(len(asked), len(rules.ASK_AFTER) - 1)]
    run(
        "UPDATE outbox SET due_at = %s, error = coalesce(nullif(%s, ''), error) "
        "WHERE cell_id = %s AND outbox_id = %s",
        (at + timedelta(minutes=wait), answer.why if answer else "", cell, outbox_id),
    )
    return 0


# --- a person's word ------------------------------------------------------------------------------


def decide(
    wave_id: int, cell: int, message_id: int, verdict: str, *, by: Actor, at: datetime
) -> None:
    """What a person says of a message of which nobody knows what became: it has arrived, or it
    shall go out again (looked at once more; too late for that, it is a task for whoever goes there).

    Raises MessageSettled."""
    rows = fetch(
        "SELECT o.outbox_id, o.made_at FROM wave_message m JOIN outbox o ON o.cell_id = m.cell_id "
        "AND o.ref = m.message_id AND o.topic = %s AND o.state = %s WHERE m.cell_id = %s "
        "AND o.cell_id = %s AND m.message_id = %s AND m.wave_id = %s AND m.state = %s "
        "FOR UPDATE OF m, o",
        (TOPIC, outbox.UNKNOWN, cell, cell, message_id, wave_id, UNKNOWN),
    )
    if not rows:
        raise MessageSettled()
    outbox_id, made_at = rows[0]
    if verdict == "arrived":
        settle(cell, outbox_id, DELIVERED, "", at)
    elif at - made_at > rules.MESSAGE_LIFE:
        settle(cell, outbox_id, FAILED, "too_late", at)
    else:
        run(
            "UPDATE outbox SET state = 0, due_at = %s WHERE cell_id = %s AND outbox_id = %s",
            (at, cell, outbox_id),
        )
        run(
            "UPDATE wave_message SET state = 'waiting' WHERE cell_id = %s AND message_id = %s",
            (cell, message_id),
        )
    run(
        "UPDATE wave_message SET settled_by = %s WHERE cell_id = %s AND message_id = %s",
        (by.staff_id, cell, message_id),
    )
    audit.note(f"message_{verdict}", "wave", wave_id, cell=cell, detail={"message": message_id})
