"""Tables of runs: files, calls, decisions, holds, and how many tubes an hour."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, PrimaryKeyConstraint, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from screening.db import Base


class Run(Base):
    """An imported run file: its hash (a second import is a no-op), readings and plate verdict."""

    __tablename__ = "run"
    cell_id: Mapped[int]
    run_id: Mapped[int]
    lab_id: Mapped[int]
    plate_id: Mapped[int]
    round_id: Mapped[int]
    file_hash: Mapped[bytes]
    instrument: Mapped[str]
    state: Mapped[str]  # previewed, evaluated, invalid, quarantined
    rule_id: Mapped[int]
    imported_by: Mapped[int]
    imported_at: Mapped[datetime]
    readings: Mapped[list]
    verdict: Mapped[dict]
    # of what the file says: a file saved again is the same file, and counts once
    content_hash: Mapped[bytes | None]
    # of its Ct values alone, under whatever names and in whatever wells
    values_hash: Mapped[bytes | None]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "run_id"),
        Index("uq_run_file", "cell_id", "lab_id", "file_hash", unique=True),
        Index(
            "uq_run_content",
            "cell_id",
            "lab_id",
            "content_hash",
            unique=True,
            postgresql_where="state IN ('evaluated', 'invalid')",
        ),
        Index(
            "ix_run_values",
            "cell_id",
            "lab_id",
            "values_hash",
            postgresql_where="values_hash IS NOT NULL",
        ),
        {"info": {"big": True}},
    )


class Original(Base):
    """The bytes of a run file as they came, packed and sealed; written once, never replaced."""

    __tablename__ = "original"
    cell_id: Mapped[int]
    lab_id: Mapped[int]
    file_hash: Mapped[bytes]
    size: Mapped[int]  # of the file itself, in bytes
    sealed: Mapped[bytes]
    kept_by: Mapped[int]
    kept_at: Mapped[datetime]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "lab_id", "file_hash"),
        {"info": {"big": True}},
    )


class RunHold(Base):
    """Nothing of a run goes out until two persons lift this. `kind`: watch.positivity.KINDS."""

    __tablename__ = "run_hold"
    cell_id: Mapped[int]
    hold_id: Mapped[int]
    lab_id: Mapped[int]
    run_id: Mapped[int]
    kind: Mapped[str]
    told: Mapped[dict]  # what was counted
    opened_at: Mapped[datetime]
    asked_by: Mapped[int | None]
    asked_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    lifted_by: Mapped[int | None]
    lifted_at: Mapped[datetime | None]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "hold_id"),
        Index("uq_run_hold_kind", "cell_id", "run_id", "kind", unique=True),
        Index("ix_run_hold_lab", "cell_id", "lab_id", "opened_at"),
        {"info": {"big": True}},
    )


class LabHour(Base):
    """How many tubes a laboratory judged in an hour, and how many of them gave a signal."""

    __tablename__ = "lab_hour"
    cell_id: Mapped[int]
    lab_id: Mapped[int]
    hour: Mapped[datetime]
    tubes: Mapped[int]
    signals: Mapped[int]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "lab_id", "hour"),
        {"info": {"big": True}},
    )


class Decision(Base):
    """The instrument called a tube otherwise than we do, and somebody decided. `how`: keep (our
    call stands) or rerun."""

    __tablename__ = "decision"
    cell_id: Mapped[int]
    run_id: Mapped[int]
    barcode: Mapped[str]
    how: Mapped[str]
    reason: Mapped[str]
    by: Mapped[int]
    at: Mapped[datetime]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "run_id", "barcode"),
        {"info": {"big": True}},
    )


class Call(Base):
    """What a run says of one tube: `outcome` (well_rules.Outcome), reasons, Ct per target."""

    __tablename__ = "call"
    cell_id: Mapped[int]
    run_id: Mapped[int]
    well: Mapped[str]
    barcode: Mapped[str]
    tube_cell: Mapped[int]
    tube_round: Mapped[int]
    outcome: Mapped[int] = mapped_column(SmallInteger)
    reasons: Mapped[list]
    cts: Mapped[dict]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "run_id", "well"),
        {"info": {"big": True}},
    )
