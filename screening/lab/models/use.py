"""What a laboratory used on a day, told by a named person."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from screening.db import Base


class LabUse(Base):
    """Wells run and reactions of kits used on a day, all of them; never changed, the last told
    counts."""

    __tablename__ = "lab_use"
    cell_id: Mapped[int]
    lab_id: Mapped[int]
    day: Mapped[date] = mapped_column()
    told_at: Mapped[datetime]
    told_by: Mapped[int]
    wells: Mapped[int]
    reactions: Mapped[int]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "lab_id", "day", "told_at"),
        {"info": {"big": True}},
    )
