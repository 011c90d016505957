"""Tables of plates: what stands where, and when one went onto an instrument."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, PrimaryKeyConstraint, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from screening.db import Base


class Plate(Base):
    """A plate in its laboratory's cell. `state`: planned, filled, running, evaluated, invalid,
    reviewed, released, quarantined."""

    __tablename__ = "plate"
    cell_id: Mapped[int]
    plate_id: Mapped[int]
    lab_id: Mapped[int]
    round_id: Mapped[int]
    code: Mapped[str]
    size: Mapped[int] = mapped_column(SmallInteger)
    layout: Mapped[dict]  # {"A1": "ntc", "H12": "pc", ...}
    rule_id: Mapped[int]
    state: Mapped[str]
    made_by: Mapped[int]
    made_at: Mapped[datetime]
    run_id: Mapped[int | None]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "plate_id"),
        Index("uq_plate_code", "cell_id", "lab_id", "code", unique=True),
        {"info": {"big": True}},
    )


class Well(Base):
    """A tube in a well. A tube may stand on several plates over time (reruns), and in one well
    for each target where a kit wants that (rules.RuleSet.uniplex)."""

    __tablename__ = "well"
    cell_id: Mapped[int]
    plate_id: Mapped[int]
    well: Mapped[str]
    barcode: Mapped[str]
    tube_cell: Mapped[int]
    tube_round: Mapped[int]
    filled_by: Mapped[int]
    filled_at: Mapped[datetime]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "plate_id", "well"),
        Index("ix_well_tube", "cell_id", "plate_id", "barcode"),
        {"info": {"big": True}},
    )


class PlateStart(Base):
    """A plate went onto an instrument; its file is due until `due_at`. `instrument`: the serial
    number it was planned for, where somebody said."""

    __tablename__ = "plate_start"
    cell_id: Mapped[int]
    plate_id: Mapped[int]
    lab_id: Mapped[int]
    round_id: Mapped[int]
    code: Mapped[str]
    instrument: Mapped[str | None]
    started_by: Mapped[int]
    started_at: Mapped[datetime]
    due_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "plate_id"),
        Index("ix_plate_start_due", "cell_id", "due_at", postgresql_where="ended_at IS NULL"),
        {"info": {"big": True}},
    )
