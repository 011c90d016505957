"""Tables of the bench: what was scanned there, files that wait for a plate, which tubes come first."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, PrimaryKeyConstraint, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from screening.db import Base


class BenchStep(Base):
    """One scan of a person at a bench, kept at once: any computer goes on where it stands.

    `kind`: tube, ntc, pc, blank, leak, reject (done); open (a plate was taken up), await_leak,
    await_reject, await_next (the next scan answers), undo. `undone_at`: taken back since."""

    __tablename__ = "bench_step"
    cell_id: Mapped[int]
    step_id: Mapped[int]
    lab_id: Mapped[int]
    staff_id: Mapped[int]
    plate_id: Mapped[int | None]
    kind: Mapped[str]
    barcode: Mapped[str | None]
    wells: Mapped[str]  # names with a space between them
    at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "step_id"),
        Index("ix_bench_step_staff", "cell_id", "lab_id", "staff_id", "step_id"),
        Index("ix_bench_step_plate", "cell_id", "plate_id", "step_id"),
        {"info": {"big": True}},
    )


class TrayFile(Base):
    """A run file whose plate nobody could tell; a person assigns or discards it. Its bytes lie in
    `original`. `why`: tray_words.WHY. `told` is what was read of it; `state`: waiting, assigned,
    discarded. `asked_by`: the first of two who discard a file with signals nobody can be told of."""

    __tablename__ = "tray_file"
    cell_id: Mapped[int]
    file_id: Mapped[int]
    lab_id: Mapped[int]
    file_hash: Mapped[bytes]
    name: Mapped[str]
    why: Mapped[str]
    told: Mapped[dict]
    state: Mapped[str]
    came_by: Mapped[int]
    came_at: Mapped[datetime]
    plate_id: Mapped[int | None]
    run_id: Mapped[int | None]
    reason: Mapped[str | None]
    asked_by: Mapped[int | None]
    ended_by: Mapped[int | None]
    ended_at: Mapped[datetime | None]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "file_id"),
        Index(
            "uq_tray_file_waiting",
            "cell_id",
            "lab_id",
            "file_hash",
            unique=True,
            postgresql_where="state = 'waiting'",
        ),
        Index("ix_tray_file_lab", "cell_id", "lab_id", "file_id"),
        {"info": {"big": True}},
    )


class BenchRank(Base):
    """Tubes at a laboratory that go before the others: `rank` as in priority.Rank. The rest has
    no row."""

    __tablename__ = "bench_rank"
    cell_id: Mapped[int]
    round_id: Mapped[int]
    barcode: Mapped[str]
    rank: Mapped[int] = mapped_column(SmallInteger)
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "round_id", "barcode"),
        {"info": {"big": True}},
    )
