"""The table of alerts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, PrimaryKeyConstraint, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from screening.db import Base


class Alert(Base):
    """A first signal, written in the import's transaction, in the tube's cell, before any release.

    `kind`: positive, inconclusive, provisional (controls failed, or file and plate differ), hand.
    `outcome` is what it says of the tube (well_rules.Outcome), `lab_id` whose signal it is. Never
    deleted. Two persons clear it: `asked_by` with a reason, then `settled_by`; `early` says why,
    where not every member has a single-tube result. A release that says the same settles it too."""

    __tablename__ = "alert"
    cell_id: Mapped[int]
    alert_id: Mapped[int]
    round_id: Mapped[int]
    barcode: Mapped[str]
    kind: Mapped[str]
    outcome: Mapped[int | None] = mapped_column(SmallInteger)
    lab_id: Mapped[int | None]
    run_id: Mapped[int | None]
    raised_at: Mapped[datetime]
    raised_by: Mapped[int | None]
    seen_by: Mapped[int | None]
    seen_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[int | None]
    settled_how: Mapped[str | None]
    asked_by: Mapped[int | None]
    asked_at: Mapped[datetime | None]
    asked_how: Mapped[str | None]
    asked_desk: Mapped[bytes | None]
    reason: Mapped[str | None]
    early: Mapped[str | None]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "alert_id"),
        Index("ix_alert_tube", "cell_id", "round_id", "barcode"),
        Index("ix_alert_open", "cell_id", "raised_at", postgresql_where="settled_at IS NULL"),
        {"info": {"big": True}},
    )
