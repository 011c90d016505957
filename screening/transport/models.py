"""Tables of transport: boxes, batches, what lies in them, what was said about them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, PrimaryKeyConstraint, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from screening.db import Base


class Box(Base):
    """A reusable box (asset); each trip is a new batch."""

    __tablename__ = "box"
    box_code: Mapped[str] = mapped_column(primary_key=True)
    capacity: Mapped[int] = mapped_column(SmallInteger)
    site_id: Mapped[int | None]
    retired_at: Mapped[datetime | None]


class SealKey(Base):
    """Directory of seals: a seal is used once and names its batch."""

    __tablename__ = "seal_key"
    seal: Mapped[str] = mapped_column(primary_key=True)
    cell_id: Mapped[int]
    batch_id: Mapped[int]
    round_id: Mapped[int]
    __table_args__ = ({"info": {"directory": True}},)


class Batch(Base):
    """One trip of one box, stored in the opener's cell; a fold over its facts.

    `counted` is the packer's typed count at the last seal, `known` the tubes the journals know.
    """

    __tablename__ = "batch"
    cell_id: Mapped[int]
    batch_id: Mapped[int]
    wire_id: Mapped[str]
    round_id: Mapped[int]
    box_code: Mapped[str]
    site_id: Mapped[int | None]
    stage: Mapped[int] = mapped_column(SmallInteger)
    since: Mapped[datetime]
    due_at: Mapped[datetime | None]
    seal: Mapped[str | None]
    counted: Mapped[int | None]
    known: Mapped[int] = mapped_column(default=0)
    received: Mapped[int] = mapped_column(default=0)
    lab_id: Mapped[int | None]
    holder_id: Mapped[int | None]  # staff
    temperature: Mapped[int | None] = mapped_column(SmallInteger)  # tenths of a degree C
    opened_at: Mapped[datetime | None]
    sealed_at: Mapped[datetime | None]
    handed_at: Mapped[datetime | None]
    arrived_at: Mapped[datetime | None]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "batch_id"),
        Index("ix_batch_round", "cell_id", "round_id"),
        Index("ix_batch_due", "cell_id", "due_at", postgresql_where="due_at IS NOT NULL"),
        {"info": {"big": True}},
    )


class BatchTube(Base):
    """A pack line: this tube was put into this batch. `line_id` is the pack entry's."""

    __tablename__ = "batch_tube"
    cell_id: Mapped[int]
    batch_id: Mapped[int]
    barcode: Mapped[str]
    line_id: Mapped[int]
    tube_cell: Mapped[int]
    tube_round: Mapped[int]
    at: Mapped[datetime]
    unpacked_at: Mapped[datetime | None]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "batch_id", "barcode", "line_id"),
        {"info": {"big": True}},
    )


class BatchFact(Base):
    """One fact about a batch (box_open, seal, unseal, hand_over, arrive, reconcile, redirect).

    Facts that name a seal whose batch is not known yet wait in cell 0 with batch 0.
    """

    __tablename__ = "batch_fact"
    cell_id: Mapped[int]
    batch_id: Mapped[int]
    fact_id: Mapped[int]
    verb: Mapped[int] = mapped_column(SmallInteger)
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    device_id: Mapped[int]
    journal_id: Mapped[int]
    seq: Mapped[int]
    round_id: Mapped[int]
    staff_id: Mapped[int | None]
    to_staff_id: Mapped[int | None]
    site_id: Mapped[int | None]
    lab_id: Mapped[int | None]
    seal: Mapped[str | None]
    n: Mapped[int | None]
    temperature: Mapped[int | None] = mapped_column(SmallInteger)
    answers: Mapped[int | None]
    data: Mapped[dict | None]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "batch_id", "fact_id"),
        Index("ix_batch_fact_seal", "cell_id", "seal"),
        {"info": {"big": True}},
    )
