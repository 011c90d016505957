"""Tables of inbound lists. They lie in no cell: a person of a list has no home until matched."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from screening.db import Base


class InboundList(Base):
    """One list as it came in. `sealed` holds the file until it is taken over or thrown away;
    `faults` [[row, column, code, details]], never a value."""

    __tablename__ = "inbound_list"
    list_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]  # rules.KINDS
    title: Mapped[str]
    source: Mapped[str]  # who sent it: an office
    area_id: Mapped[int]
    hours: Mapped[int] = mapped_column(SmallInteger)
    received_at: Mapped[datetime]
    due_at: Mapped[datetime]
    state: Mapped[str]
    sealed: Mapped[bytes | None]
    file_hash: Mapped[bytes]
    total: Mapped[int]
    good: Mapped[int]
    faults: Mapped[list]
    made_by: Mapped[int]
    made_at: Mapped[datetime]
    __table_args__ = (Index("ix_inbound_list_file", "file_hash"),)


class InboundItem(Base):
    """One person of a list. `mark` tells persons of one list apart; `area_id` answers for it;
    `sealed` the row as it came, until it is forgotten."""

    __tablename__ = "inbound_item"
    item_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    list_id: Mapped[int] = mapped_column(ForeignKey("inbound_list.list_id"))
    mark: Mapped[bytes]
    row: Mapped[int]
    sealed: Mapped[bytes | None]
    matched: Mapped[str]  # rules.MATCHES
    person_cell: Mapped[int | None]
    person_id: Mapped[int | None]
    area_id: Mapped[int]
    employer: Mapped[str | None]
    due_at: Mapped[datetime]
    taken_by: Mapped[int | None]
    taken_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    done_by: Mapped[int | None]
    done_at: Mapped[datetime | None]
    raised_to: Mapped[int | None]
    raise_at: Mapped[datetime | None]  # when it is raised (once more) unless it is closed
    __table_args__ = (
        Index("uq_inbound_item_mark", "list_id", "mark", unique=True),
        Index("ix_inbound_item_area", "area_id", "item_id"),
        Index("ix_inbound_item_raise", "raise_at", postgresql_where="done_at IS NULL"),
    )


class InboundAct(Base):
    """What was done with one person of a list; an act told twice is one."""

    __tablename__ = "inbound_act"
    act_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    item_id: Mapped[int] = mapped_column(ForeignKey("inbound_item.item_id"))
    act: Mapped[str]  # rules.ACTS
    outcome: Mapped[str | None]
    area_id: Mapped[int | None]
    made_by: Mapped[int | None]
    at: Mapped[datetime]
    __table_args__ = (Index("ix_inbound_act_item", "item_id", "act_id"),)
