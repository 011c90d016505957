"""What shall leave the house: rows written in the transaction, sent by the worker afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Index, PrimaryKeyConstraint, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from screening.db import Base, fetch, insert, new_id, run

WAITING, SENT, FAILED, DROPPED = 0, 1, 2, 3
# handed to a gateway that cannot tell a repeat: on its way, and nobody knows what became of it
SENDING, UNKNOWN = 4, 5
# a short text to one phone, sent whatever the hour: sealed {"phone", "text", "until"}, the last as
# milliseconds of real time, after which nobody needs it (or null)
NOTICE = "notice"
AAD = "outbox.body"
BACK_OFF = (30, 120, 600, 1800, 7200)  # seconds before the next try; then it has failed


class Outbox(Base):
    """`topic` names the channel; `body` is sealed (table.column aad "outbox.body"); `ref` is the
    row it belongs to. `key` makes a retry the same message for the receiver."""

    __tablename__ = "outbox"
    cell_id: Mapped[int]
    outbox_id: Mapped[int]
    topic: Mapped[str]
    ref: Mapped[int]
    body: Mapped[bytes]
    state: Mapped[int] = mapped_column(SmallInteger, default=0)
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    due_at: Mapped[datetime]
    made_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    error: Mapped[str | None]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "outbox_id"),
        Index("ix_outbox_due", "cell_id", "due_at", postgresql_where="state = 0"),
        Index("ix_outbox_open", "cell_id", "due_at", postgresql_where="state IN (4, 5)"),
        {"info": {"big": True}},
    )


def put(rows: Sequence[tuple[int, str, int, bytes, datetime]], *, at: datetime) -> list[int]:
    """Write (cell, topic, ref, sealed body, due_at) rows; returns their ids."""
    ids = [new_id() for _ in rows]
    insert(
        "outbox",
        ("cell_id", "outbox_id", "topic", "ref", "body", "state", "attempts", "due_at", "made_at"),
        [(r[0], i, r[1], r[2], r[3], WAITING, 0, r[4], at) for i, r in zip(ids, rows, strict=True)],
    )
    return ids


def notice(
    cell: int,
    phone: str,
    text: str,
    *,
    at: datetime,
    seal: Callable[[bytes, str], bytes],
    until: datetime | None = None,
    ref: int = 0,
) -> int:
    """One short text to one phone, at once; `seal` is the key ring's. Returns the message's id."""
    over = int(until.timestamp() * 1000) if until else None
    body = msgspec.json.encode({"phone": phone, "text": text, "until": over})
    return put([(cell, NOTICE, ref, seal(body, AAD), at)], at=at)[0]


def cells_with_work(at: datetime) -> list[int]:
    """Cells that hold a due message."""
    rows = fetch(
        "SELECT DISTINCT cell_id FROM outbox WHERE state = 0 AND due_at <= %s /* fan-out: worker */",
        (at,),
    )
    return sorted(r[0] for r in rows)


def claim(cell: int, limit: int, *, at: datetime) -> list[tuple[int, str, int, bytes, int]]:
    """Lock up to `limit` due rows of a cell: (outbox_id, topic, ref, body, attempts)."""
    return fetch(
        "SELECT outbox_id, topic, ref, body, attempts FROM outbox WHERE cell_id = %s "
        "AND state = 0 AND due_at <= %s ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED",
        (cell, at, limit),
    )


def settle(
    cell: int, outbox_id: int, state: int, *, at: datetime, error: str | None = None
) -> None:
    run(
        "UPDATE outbox SET state = %s, attempts = attempts + 1, sent_at = %s, error = %s "
        "WHERE cell_id = %s AND outbox_id = %s",
        (state, at, error, cell, outbox_id),
    )


def lock(cell: int, outbox_id: int) -> tuple[int, str, int]:
    """(state, topic, ref) of one row, held until the transaction ends."""
    ((state, topic, ref),) = fetch(
        "SELECT state, topic, ref FROM outbox WHERE cell_id = %s AND outbox_id = %s FOR UPDATE",
        (cell, outbox_id),
    )
    return state, topic, ref


def on_its_way(cell: int, outbox_id: int, *, until: datetime) -> None:
    """Handed to a gateway that cannot tell a repeat: whoever finds it so after `until` must not
    send it again."""
    run(
        "UPDATE outbox SET state = %s, due_at = %s WHERE cell_id = %s AND outbox_id = %s",
        (SENDING, until, cell, outbox_id),
    )


def wonder(cell: int, outbox_id: int, error: str, *, ask_at: datetime) -> None:
    """Nobody knows what became of it; it is asked for at `ask_at`."""
    run(
        "UPDATE outbox SET state = %s, attempts = attempts + 1, error = %s, due_at = %s "
        "WHERE cell_id = %s AND outbox_id = %s",
        (UNKNOWN, error, ask_at, cell, outbox_id),
    )


def retry(cell: int, outbox_id: int, attempts: int, error: str, *, at: datetime) -> bool:
    """Try again later, or give up after the last back-off; False when it has failed for good."""
    if attempts >= len(BACK_OFF):
        settle(cell, outbox_id, FAILED, at=at, error=error)
        return False
    run(
        "UPDATE outbox SET state = 0, attempts = attempts + 1, error = %s, due_at = %s "
        "WHERE cell_id = %s AND outbox_id = %s",
        (error, at + timedelta(seconds=BACK_OFF[attempts]), cell, outbox_id),
    )
    return True
