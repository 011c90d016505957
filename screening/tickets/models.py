"""Tables of the tickets desk."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped

from screening.db import Base


class Ticket(Base):
    """One contradiction about one subject. `ticket_id` derives from kind and subject, so the same
    contradiction is the same row in whatever order its facts arrive.

    `state`: open, solved (waits for the re-checker), closed, noted. `sides` holds ids and codes of
    both sides, never personal values.
    """

    __tablename__ = "ticket"
    cell_id: Mapped[int]
    ticket_id: Mapped[int]
    round_id: Mapped[int]
    kind: Mapped[str]
    weight: Mapped[str]  # hold | ask | note
    subject: Mapped[str]  # tube, person, batch, device, entry, plate
    subject_id: Mapped[str]
    site_id: Mapped[int | None]
    lab_id: Mapped[int | None]
    state: Mapped[str]
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    owner_id: Mapped[int | None]
    sides: Mapped[dict | None]
    solution: Mapped[str | None]
    note: Mapped[str | None]
    solved_by: Mapped[int | None]
    solved_at: Mapped[datetime | None]
    checked_by: Mapped[int | None]
    closed_at: Mapped[datetime | None]
    closed_how: Mapped[str | None]  # explained (by a later fact) | checked (by a second person)
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "ticket_id"),
        Index("ix_ticket_open", "cell_id", "state", "due_at"),
        Index("ix_ticket_subject", "cell_id", "subject", "subject_id"),
        {"info": {"big": True}},
    )


class TicketCount(Base):
    """Rollup: open tickets by site, kind, weight with the oldest's time."""

    __tablename__ = "ticket_count"
    cell_id: Mapped[int]
    round_id: Mapped[int]
    site_id: Mapped[int]
    kind: Mapped[str]
    n: Mapped[int]
    oldest: Mapped[datetime | None]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "round_id", "site_id", "kind"),
        {"info": {"big": True}},
    )
