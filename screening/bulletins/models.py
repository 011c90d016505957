"""Tables of bulletins: what was frozen, and what was added to it later. Rows are never changed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from screening.db import Base


class Bulletin(Base):
    """One report frozen at `cut_off` (the server's time). `body` is canonical JSON without anything
    personal; `sealed` holds names and phones under the round's key and ends with it; `digest`
    covers both. `subject` is a 专报's tube, `number` counts a kind of one area in one round."""

    __tablename__ = "bulletin"
    bulletin_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    round_id: Mapped[int]
    area_id: Mapped[int]
    number: Mapped[int]
    subject: Mapped[str | None]
    cut_off: Mapped[datetime]
    made_at: Mapped[datetime]
    made_by: Mapped[int | None]
    body: Mapped[bytes]
    sealed: Mapped[bytes | None]
    digest: Mapped[bytes]
    __table_args__ = (
        Index("uq_bulletin_number", "round_id", "area_id", "kind", "number", unique=True),
    )


class BulletinAddendum(Base):
    """A correction of a bulletin: a sentence, and what is different now. `digest` goes over the one
    before it, so that none can be taken out."""

    __tablename__ = "bulletin_addendum"
    bulletin_id: Mapped[int] = mapped_column(ForeignKey("bulletin.bulletin_id"))
    seq: Mapped[int]
    made_at: Mapped[datetime]
    made_by: Mapped[int]
    body: Mapped[bytes]
    digest: Mapped[bytes]
    __table_args__ = (PrimaryKeyConstraint("bulletin_id", "seq"),)


class BulletinRhythm(Base):
    """A daily bulletin of an area that makes itself (rhythm_rules.Rhythm); `planned_to` is the
    moment up to which its cut-offs have become runs."""

    __tablename__ = "bulletin_rhythm"
    rhythm_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    area_id: Mapped[int]
    every: Mapped[str]
    value: Mapped[int]
    made_by: Mapped[int]
    made_at: Mapped[datetime]
    ended_by: Mapped[int | None]
    ended_at: Mapped[datetime | None]
    planned_to: Mapped[datetime]
    __table_args__ = (
        Index(
            "uq_bulletin_rhythm",
            "area_id",
            "every",
            "value",
            unique=True,
            postgresql_where="ended_at IS NULL",
        ),
    )


class BulletinRun(Base):
    """One cut-off of a rhythm in one round: the bulletin made for it, or that it was missed."""

    __tablename__ = "bulletin_run"
    rhythm_id: Mapped[int] = mapped_column(ForeignKey("bulletin_rhythm.rhythm_id"))
    round_id: Mapped[int]
    due_at: Mapped[datetime]
    missed: Mapped[bool]
    bulletin_id: Mapped[int | None]
    __table_args__ = (PrimaryKeyConstraint("rhythm_id", "round_id", "due_at"),)
