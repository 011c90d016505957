"""Tables of what is kept: tubes in racks and boxes, and which lot of a kit was opened when."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, PrimaryKeyConstraint, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from screening.db import Base


class ArchiveStay(Base):
    """A tube in a place of a laboratory's archive, in the laboratory's cell, until `ended_at`.

    `ended_how`: moved, taken, discarded. `asked_*`: somebody wants a positive thrown away, and a
    second person has not agreed yet."""

    __tablename__ = "archive_stay"
    cell_id: Mapped[int]
    stay_id: Mapped[int]
    lab_id: Mapped[int]
    barcode: Mapped[str]
    tube_cell: Mapped[int]
    tube_round: Mapped[int]
    rack: Mapped[str]
    box: Mapped[str]
    place: Mapped[int] = mapped_column(SmallInteger)
    put_by: Mapped[int]
    put_at: Mapped[datetime]
    asked_by: Mapped[int | None]
    asked_at: Mapped[datetime | None]
    asked_why: Mapped[str | None]
    asked_desk: Mapped[bytes | None]
    ended_by: Mapped[int | None]
    ended_at: Mapped[datetime | None]
    ended_how: Mapped[str | None]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "stay_id"),
        Index("ix_archive_stay_tube", "cell_id", "lab_id", "barcode"),
        Index(
            "uq_archive_stay_tube",
            "cell_id",
            "lab_id",
            "barcode",
            unique=True,
            postgresql_where="ended_at IS NULL",
        ),
        Index(
            "uq_archive_stay_place",
            "cell_id",
            "lab_id",
            "rack",
            "box",
            "place",
            unique=True,
            postgresql_where="ended_at IS NULL",
        ),
        {"info": {"big": True}},
    )


class KitLot(Base):
    """From `since` on a laboratory uses this lot of the kit that a rule set is for; a lot opened
    later ends it. Never changed."""

    __tablename__ = "kit_lot"
    cell_id: Mapped[int]
    lot_id: Mapped[int]
    lab_id: Mapped[int]
    name: Mapped[str]  # of the rule set
    lot: Mapped[str]
    since: Mapped[datetime]
    opened_by: Mapped[int]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "lot_id"),
        Index("ix_kit_lot_lab", "cell_id", "lab_id", "name", "since"),
        {"info": {"big": True}},
    )
