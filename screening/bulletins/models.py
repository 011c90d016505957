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
