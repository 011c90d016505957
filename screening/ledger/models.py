"""Tables of the ledger: explanations, balances, sign-offs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from screening.db import Base


class Explanation(Base):
    """Why one unaccounted thing is explained: coded by one person, closed by another."""

    __tablename__ = "explanation"
    cell_id: Mapped[int]
    round_id: Mapped[int]
    part: Mapped[str]
    subject_id: Mapped[str]
    code: Mapped[str]
    note: Mapped[str | None]
    made_by: Mapped[int]
    made_at: Mapped[datetime]
    checked_by: Mapped[int | None]
    checked_at: Mapped[datetime | None]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "round_id", "part", "subject_id"),
        {"info": {"big": True}},
    )


class Balance(Base):
    """A stored balance of a round at a cut-off (server `recorded_at`)."""

    __tablename__ = "balance"
    balance_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    round_id: Mapped[int]
    cut_off: Mapped[datetime]
    made_at: Mapped[datetime]
    made_by: Mapped[int | None]
    kind: Mapped[str]  # live, sign_off, check
    body: Mapped[dict]


class SignOff(Base):
    __tablename__ = "sign_off"
    round_id: Mapped[int]
    step: Mapped[int]
    by: Mapped[int]
    at: Mapped[datetime]
    balance_id: Mapped[int]
    __table_args__ = (PrimaryKeyConstraint("round_id", "step"),)
