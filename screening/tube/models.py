"""Tables of the tube: labels, directory, tube, specimen, custody, commands."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, Index, PrimaryKeyConstraint, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from screening.db import Base

BY_ROUND = {"postgresql_partition_by": "LIST (round_id)", "info": {"big": True}}


class LabelRun(Base):
    """A print run of consecutive numbers (codes.Kind), or foreign stock registered as a range."""

    __tablename__ = "label_run"
    run_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    first: Mapped[int]  # serial of the first label
    count: Mapped[int]
    pattern_id: Mapped[int | None]  # foreign labels
    site_id: Mapped[int | None]
    made_by: Mapped[int | None]
    made_at: Mapped[datetime]
    practice: Mapped[bool] = mapped_column(default=False)
    __table_args__ = (Index("ix_label_run_kind", "kind", "practice", "first"),)


class LabelMove(Base):
    """Labels of a run that left the blank stock unused: returned, void or missing."""

    __tablename__ = "label_move"
    move_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    run_id: Mapped[int] = mapped_column(index=True)
    what: Mapped[str]
    first: Mapped[str]
    last: Mapped[str]
    count: Mapped[int]
    made_by: Mapped[int | None]
    made_at: Mapped[datetime]


class CodePattern(Base):
    """How another system's labels look; a change is a new version, old ones stay readable."""

    __tablename__ = "code_pattern"
    pattern_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    version: Mapped[int]
    kind: Mapped[str]
    regex: Mapped[str]
    length: Mapped[int | None]
    check_name: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)
    made_by: Mapped[int | None]
    made_at: Mapped[datetime]
    __table_args__ = (Index("uq_code_pattern_version", "name", "version", unique=True),)


class TubeKey(Base):
    """Directory of tube numbers: one row a number, claimed by the first fact that names it.

    `round_id` null = blank label. `state`: 0 blank or claimed, 1 returned, 2 void, 3 missing.
    """

    __tablename__ = "tube_key"
    barcode: Mapped[str] = mapped_column(primary_key=True)
    run_id: Mapped[int | None]
    cell_id: Mapped[int | None]
    round_id: Mapped[int | None]
    state: Mapped[int] = mapped_column(SmallInteger, default=0)
    __table_args__ = (
        Index("ix_tube_key_run", "run_id"),
        {"info": {"directory": True}, "postgresql_with": {"fillfactor": 80}},
    )


class Tube(Base):
    """One tube in one round. `stage` and all below it are a fold over the facts held.

    `pool_size` is a maximum; `confirmed` the seat count of the close entry; `holds` a bit mask
    (rules.Hold) of why nothing of it may be released; `home_cells` where its specimens lie.
    """

    __tablename__ = "tube"
    cell_id: Mapped[int]
    round_id: Mapped[int]
    barcode: Mapped[str]
    site_id: Mapped[int | None]
    table_no: Mapped[int | None] = mapped_column(SmallInteger)
    mode: Mapped[int] = mapped_column(SmallInteger, default=0)
    pool_size: Mapped[int] = mapped_column(SmallInteger, default=0)
    channel: Mapped[str | None]
    stage: Mapped[int] = mapped_column(SmallInteger)
    since: Mapped[datetime]
    due_at: Mapped[datetime | None]
    holder_kind: Mapped[str]
    holder_id: Mapped[int]
    confirmed: Mapped[int | None] = mapped_column(SmallInteger)
    members: Mapped[int] = mapped_column(SmallInteger, default=0)
    complete: Mapped[bool] = mapped_column(default=False)
    holds: Mapped[int] = mapped_column(SmallInteger, default=0)
    home_cells: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    received_at: Mapped[datetime | None]
    lab_id: Mapped[int | None]
    batch_id: Mapped[int | None]
    outcome: Mapped[int | None] = mapped_column(SmallInteger)
    version: Mapped[int] = mapped_column(default=0)
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "round_id", "barcode"),
        Index("ix_tube_due", "cell_id", "due_at", postgresql_where="due_at IS NOT NULL"),
        Index(  # what stands at a laboratory, received to reviewed; a finished tube leaves it
            "ix_tube_bench",
            "cell_id",
            "lab_id",
            "stage",
            postgresql_where="stage BETWEEN 6 AND 9",
        ),
        Index(  # released and neither positive nor negative: few, and somebody must act upon them
            "ix_tube_doubtful",
            "cell_id",
            "round_id",
            postgresql_where="version > 0 AND outcome = 3",
        ),
        Index("ix_tube_rejected", "cell_id", "round_id", postgresql_where="stage = 21"),
        BY_ROUND,
    )


class Specimen(Base):
    """One person's swab in a tube in a round, in the person's home cell.

    `specimen_id` is derived from the digest of the bind entry. `void` 0 = live, else rules.Void.
    `of_record` serves coverage only: the earliest live one per person and round.
    """

    __tablename__ = "specimen"
    cell_id: Mapped[int]
    round_id: Mapped[int]
    specimen_id: Mapped[int]
    person_id: Mapped[int]
    community_id: Mapped[int]
    tube_cell: Mapped[int]
    barcode: Mapped[str]
    seat: Mapped[int] = mapped_column(SmallInteger)
    purpose: Mapped[int] = mapped_column(SmallInteger, default=0)
    of_record: Mapped[bool]
    void: Mapped[int] = mapped_column(SmallInteger, default=0)
    at: Mapped[datetime]
    device_id: Mapped[int]
    journal_id: Mapped[int]
    seq: Mapped[int]
    staff_id: Mapped[int | None]
    site_id: Mapped[int | None]
    reason: Mapped[str | None]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "round_id", "specimen_id"),
        Index(
            "uq_specimen_of_record",
            "cell_id",
            "round_id",
            "person_id",
            unique=True,
            postgresql_where="of_record",
        ),
        Index(  # the few others of a person: second swabs, re-checks, voided ones
            "ix_specimen_not_of_record",
            "cell_id",
            "round_id",
            "person_id",
            postgresql_where="NOT of_record",
        ),
        Index("ix_specimen_barcode", "cell_id", "round_id", "barcode"),
        Index("ix_specimen_community", "cell_id", "round_id", "community_id", "person_id"),
        BY_ROUND,
    )


class Custody(Base):
    """One fact about one tube, append-only; the tube's state folds over these.

    `line_id` comes from the entry's digest (or the command's id), so a replay writes nothing.
    `answers` names the line, or the specimen, that a backward fact takes back. `stage` is the
    stage it moves to, 0 for none. `n` is a count somebody made.
    """

    __tablename__ = "custody"
    cell_id: Mapped[int]
    round_id: Mapped[int]
    barcode: Mapped[str]
    line_id: Mapped[int]
    verb: Mapped[int] = mapped_column(SmallInteger)
    stage: Mapped[int] = mapped_column(SmallInteger)
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    device_id: Mapped[int]
    journal_id: Mapped[int]
    seq: Mapped[int]
    staff_id: Mapped[int | None]
    site_id: Mapped[int | None]
    lab_id: Mapped[int | None]
    batch_id: Mapped[int | None]
    n: Mapped[int | None] = mapped_column(SmallInteger)
    answers: Mapped[int | None]
    late: Mapped[bool] = mapped_column(default=False)
    data: Mapped[dict | None]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "round_id", "barcode", "line_id"),
        BY_ROUND,
    )


class Command(Base):
    """What a desk decided (plate, review, release, correct, declare …), append-only.

    With the stored journals this is the second, independent source of the ledger's recount.
    `digest` chains over the commands of one cell.
    """

    __tablename__ = "command"
    cell_id: Mapped[int]
    command_id: Mapped[int]
    kind: Mapped[str]
    round_id: Mapped[int]
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    staff_id: Mapped[int | None]
    body: Mapped[dict]
    digest: Mapped[bytes]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "command_id"),
        Index("ix_command_round", "cell_id", "round_id", "kind"),
        {"info": {"big": True}},
    )
