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


class RunHold(Base):
    """Nothing of a run goes out until two persons lift this. `kind`: positivity.KINDS."""

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
    reason: Mapped[str | None]
    early: Mapped[str | None]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "alert_id"),
        Index("ix_alert_tube", "cell_id", "round_id", "barcode"),
        Index("ix_alert_open", "cell_id", "raised_at", postgresql_where="settled_at IS NULL"),
        {"info": {"big": True}},
    )
