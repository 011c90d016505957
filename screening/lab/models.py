"""Tables of the laboratory: rule sets, plates, wells, runs, calls, alerts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, PrimaryKeyConstraint, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from screening.db import Base


class RuleVersion(Base):
    """A version of an interpretation rule set; `body` as in lab.rules. Two persons stand for it."""

    __tablename__ = "rule_set"
    rule_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    version: Mapped[int]
    body: Mapped[dict]
    made_by: Mapped[int | None]
    made_at: Mapped[datetime]
    approved_by: Mapped[int | None]
    valid_from: Mapped[datetime | None]
    valid_to: Mapped[datetime | None]
    __table_args__ = (UniqueConstraint("name", "version"),)


class RuleTrial(Base):
    """A dry run of a proposed version over past runs: `body` as in lab.dry_run.Report. It is what
    an approval rests on; `against` is the version in force then. Never changed."""

    __tablename__ = "rule_trial"
    trial_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    rule_id: Mapped[int]
    against: Mapped[int | None]
    made_by: Mapped[int]
    made_at: Mapped[datetime]
    since: Mapped[datetime]
    body: Mapped[dict]
    __table_args__ = (Index("ix_rule_trial_rule", "rule_id"),)


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
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "run_id"),
        Index("uq_run_file", "cell_id", "lab_id", "file_hash", unique=True),
        {"info": {"big": True}},
    )


class Call(Base):
    """What a run says of one tube: `outcome` (rules.Outcome), reasons, Ct per target."""

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


class Alert(Base):
    """A first signal, written in the import's transaction, in the tube's cell, before any release.

    `kind`: positive, inconclusive, provisional (controls failed, or file and plate differ), hand.
    `outcome` is what it says of the tube (rules.Outcome), `lab_id` whose signal it is. Never
    deleted."""

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
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "alert_id"),
        Index("ix_alert_tube", "cell_id", "round_id", "barcode"),
        Index("ix_alert_open", "cell_id", "raised_at", postgresql_where="settled_at IS NULL"),
        {"info": {"big": True}},
    )
