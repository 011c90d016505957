"""Tables of the door: journals, their stored blocks, parked entries."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, PrimaryKeyConstraint, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from screening.db import Base


class Journal(Base):
    """How far one installation's journal is held. `branch` 0 is the journal, 1.. are forks.

    `last` and `head`: the applied prefix. `closed_at`: the number of its "closed at n" entry.
    `wire_id` is the random id as devices write it; `journal_id` its first 63 bits.
    """

    __tablename__ = "journal"
    cell_id: Mapped[int]
    device_id: Mapped[int]
    journal_id: Mapped[int]
    branch: Mapped[int] = mapped_column(SmallInteger)
    wire_id: Mapped[str]
    forked_at: Mapped[int] = mapped_column(default=0)
    last: Mapped[int] = mapped_column(default=0)
    head: Mapped[bytes]
    closed_at: Mapped[int | None]
    last_at: Mapped[datetime | None]  # corrected device time of the last applied entry
    heard_at: Mapped[datetime]
    gap_declared: Mapped[int | None]  # numbers up to here declared lost by a supervisor
    declared_by: Mapped[int | None]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "device_id", "journal_id", "branch"),
        {"info": {"big": True}, "postgresql_with": {"fillfactor": 70}},
    )


class JournalBlock(Base):
    """A run of entries as they came: digests in clear, bytes sealed under the round's key.

    `digests` is 32 bytes an entry; `body` is nonce + AES-GCM(zlib(entries joined by LF));
    `state` 0 applied, 1 held beyond a gap, 2 declared across a gap and applied.
    """

    __tablename__ = "journal_block"
    cell_id: Mapped[int]
    device_id: Mapped[int]
    journal_id: Mapped[int]
    branch: Mapped[int] = mapped_column(SmallInteger)
    first: Mapped[int]
    last: Mapped[int]
    prev: Mapped[bytes]
    head: Mapped[bytes]
    signature: Mapped[bytes]
    sent_ms: Mapped[int]
    digests: Mapped[bytes]
    body: Mapped[bytes]
    key_round: Mapped[int]
    state: Mapped[int] = mapped_column(SmallInteger, default=0)
    received_at: Mapped[datetime]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "device_id", "journal_id", "branch", "first"),
        {"info": {"big": True}},
    )


class Parked(Base):
    """An authentic entry that could not be applied: kept, ticketed, retried by hand."""

    __tablename__ = "parked"
    cell_id: Mapped[int]
    line_id: Mapped[int]
    device_id: Mapped[int]
    journal_id: Mapped[int]
    branch: Mapped[int] = mapped_column(SmallInteger)
    seq: Mapped[int]
    round_id: Mapped[int]
    code: Mapped[str]
    parked_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[int | None]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "line_id"),
        Index("ix_parked_journal", "cell_id", "device_id", "journal_id"),
        {"info": {"big": True}},
    )
