"""Tables of what leaves: proofs of a negative result, packages for the authority."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, PrimaryKeyConstraint, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from screening.db import Base


class Proof(Base):
    """A proof that a person took away, in the person's cell; one a swab and result version.

    `proof_id` is printed and listed where it was withdrawn; `sharers` is a fact, not a person."""

    __tablename__ = "proof"
    cell_id: Mapped[int]
    proof_id: Mapped[int]
    person_id: Mapped[int]
    round_id: Mapped[int]
    barcode: Mapped[str]
    specimen_id: Mapped[int]
    version: Mapped[int]
    sharers: Mapped[int] = mapped_column(SmallInteger)
    sampled_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    made_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "proof_id"),
        Index("uq_proof_specimen", "cell_id", "specimen_id", "version", unique=True),
        Index("ix_proof_tube", "cell_id", "round_id", "barcode"),
        Index(
            "ix_proof_withdrawn",
            "cell_id",
            "expires_at",
            postgresql_where="withdrawn_at IS NOT NULL",
        ),
        {"info": {"big": True}},
    )


class ResultPackage(Base):
    """What was sent to the authority at once: every outcome of its tubes, built by the worker.

    `body` is sealed (aad "result_package.body"); `digest` is SHA-256 of the file that it becomes;
    `previous` the digest of the package before. `receipt` is what the receiver answered."""

    __tablename__ = "result_package"
    package_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    made_at: Mapped[datetime]
    rows: Mapped[int]
    counts: Mapped[dict]
    digest: Mapped[bytes]
    previous: Mapped[bytes | None]
    body: Mapped[bytes]
    sent_at: Mapped[datetime | None]
    receipt: Mapped[str | None]
    receipt_at: Mapped[datetime | None]
    receipt_by: Mapped[int | None]
    __table_args__ = (
        Index("ix_result_package_open", "made_at", postgresql_where="receipt_at IS NULL"),
    )
