"""Tables of reporting: reviews, results by version, callbacks, access codes, codes by phone."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, Index, PrimaryKeyConstraint, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from screening.db import Base


class Review(Base):
    """A review signature over one tube's call: `step` 1 or 2, by different persons."""

    __tablename__ = "review"
    cell_id: Mapped[int]
    round_id: Mapped[int]
    barcode: Mapped[str]
    run_id: Mapped[int]
    step: Mapped[int] = mapped_column(SmallInteger)
    outcome: Mapped[int] = mapped_column(SmallInteger)
    by: Mapped[int]
    at: Mapped[datetime]
    command_id: Mapped[int]
    desk: Mapped[bytes | None]  # which browser signed, as a hash of a mark that it keeps
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "round_id", "barcode", "run_id", "step"),
        {"info": {"big": True}},
    )


class Result(Base):
    """A released result, in the tube's cell; never edited, superseded by the next version.

    `members` are the specimens it speaks of: who is added later has no part in it."""

    __tablename__ = "result"
    cell_id: Mapped[int]
    round_id: Mapped[int]
    barcode: Mapped[str]
    version: Mapped[int]
    outcome: Mapped[int] = mapped_column(SmallInteger)
    run_id: Mapped[int | None]
    released_at: Mapped[datetime]
    released_by: Mapped[int]
    second_by: Mapped[int]
    reason: Mapped[str | None]
    command_id: Mapped[int]
    members: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "round_id", "barcode", "version"),
        {"info": {"big": True}},
    )


class Correction(Base):
    """A correction that waits for its second person; `lab_id` is whose desk settles it."""

    __tablename__ = "correction"
    cell_id: Mapped[int]
    correction_id: Mapped[int]
    round_id: Mapped[int]
    barcode: Mapped[str]
    lab_id: Mapped[int]
    outcome: Mapped[int] = mapped_column(SmallInteger)
    reason: Mapped[str]
    asked_by: Mapped[int]
    asked_at: Mapped[datetime]
    settled_by: Mapped[int | None]
    settled_at: Mapped[datetime | None]
    state: Mapped[str]  # asked, done, refused
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "correction_id"),
        Index(
            "uq_correction_open",
            "cell_id",
            "round_id",
            "barcode",
            unique=True,
            postgresql_where="state = 'asked'",
        ),
        {"info": {"big": True}},
    )


class Callback(Base):
    """A member of a positive or doubtful pool to be sampled again, alone. Home cell of the person.

    `callback_id` derives from person, tube and round; `state`: open, sampled, closed, withdrawn.
    `attempt` is what came of the last try to reach the person (rules.ATTEMPTS).
    """

    __tablename__ = "callback"
    cell_id: Mapped[int]
    callback_id: Mapped[int]
    person_id: Mapped[int]
    community_id: Mapped[int]
    round_id: Mapped[int]
    tube_cell: Mapped[int]
    barcode: Mapped[str]
    reason: Mapped[str]  # pool_positive, single_positive, inconclusive
    state: Mapped[str]
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    sampled_at: Mapped[datetime | None]
    single_barcode: Mapped[str | None]
    closed_at: Mapped[datetime | None]
    outcome: Mapped[int | None] = mapped_column(SmallInteger)
    closed_why: Mapped[str | None]
    attempt: Mapped[str | None]
    attempt_at: Mapped[datetime | None]
    attempt_by: Mapped[int | None]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "callback_id"),
        Index("ix_callback_person", "cell_id", "person_id"),
        Index("ix_callback_tube", "cell_id", "round_id", "barcode"),
        Index(
            "ix_callback_due",
            "cell_id",
            "due_at",
            postgresql_where="state IN ('open', 'sampled')",
        ),
        {"info": {"big": True}},
    )


class AccessCode(Base):
    """Directory: what a resident holds in hand to see the own result; only its hash is kept."""

    __tablename__ = "access_code"
    code_hash: Mapped[bytes] = mapped_column(primary_key=True)
    cell_id: Mapped[int]
    person_id: Mapped[int]
    made_at: Mapped[datetime]
    made_by: Mapped[int | None]
    until: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    __table_args__ = (
        Index("ix_access_code_person", "person_id"),
        {"info": {"directory": True}},
    )


class PhoneCode(Base):
    """Directory: a one-time code that somebody asked for by phone and last digits. Known and
    unknown ones are alike until the worker looks; real time, gone when used or over.

    `wanted` is a keyed hash of both; without `code_hash` there is nobody to whom a code was sent."""

    __tablename__ = "phone_code"
    wanted: Mapped[bytes] = mapped_column(primary_key=True)
    phone_hash: Mapped[bytes]
    last4_hash: Mapped[bytes]
    asked_at: Mapped[datetime]
    until: Mapped[datetime | None]  # none: the worker has not looked yet
    code_hash: Mapped[bytes | None]
    cell_id: Mapped[int | None]
    person_id: Mapped[int | None]
    __table_args__ = (
        Index("ix_phone_code_asked", "asked_at", postgresql_where="until IS NULL"),
        {"info": {"directory": True}},
    )
