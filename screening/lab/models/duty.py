"""Tables of duty: the roster, and who was called for which alert."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, Index, PrimaryKeyConstraint, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from screening.db import Base


class Duty(Base):
    """Somebody on duty at a place (`kind`: lab, area, all) from `starts_at` to `ends_at`.

    `sealed` (aad "duty.sealed") is the phone that is called; empty: the account's own. A row that
    was taken off stays, so that it can be told who was meant to answer."""

    __tablename__ = "duty"
    duty_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    place_id: Mapped[int]
    staff_id: Mapped[int]
    sealed: Mapped[bytes]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    made_by: Mapped[int]
    made_at: Mapped[datetime]
    removed_by: Mapped[int | None]
    removed_at: Mapped[datetime | None]
    __table_args__ = (
        Index(
            "ix_duty_place", "kind", "place_id", "ends_at", postgresql_where="removed_at IS NULL"
        ),
    )


class DutyCall(Base):
    """An alert was told to those on duty at one place, in the alert's cell; it is rung again at
    `due_at` (none: nothing is asked any more) until somebody of that place or above answers."""

    __tablename__ = "duty_call"
    cell_id: Mapped[int]
    call_id: Mapped[int]
    alert_id: Mapped[int]
    kind: Mapped[str]
    place_id: Mapped[int]
    level: Mapped[int] = mapped_column(SmallInteger)
    staff_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    times: Mapped[int] = mapped_column(SmallInteger)
    first_at: Mapped[datetime]
    called_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    seen_by: Mapped[int | None]
    seen_at: Mapped[datetime | None]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "call_id"),
        Index("uq_duty_call_place", "cell_id", "alert_id", "kind", "place_id", unique=True),
        Index("ix_duty_call_due", "cell_id", "due_at", postgresql_where="due_at IS NOT NULL"),
        {"info": {"big": True}},
    )
