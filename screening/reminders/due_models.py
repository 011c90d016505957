"""Tables of the due lists: who is due on a day, counts of them, and what was told one level up."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Index, PrimaryKeyConstraint, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from screening.db import Base


class ScheduleDue(Base):
    """One person due by one schedule on one day: since `due_on`, done at `done_at`, or excused.

    Worked out anew from swabs and exemptions whenever they change; never written by hand."""

    __tablename__ = "schedule_due"
    cell_id: Mapped[int]
    day: Mapped[date]
    schedule_id: Mapped[int]
    person_id: Mapped[int]
    community_id: Mapped[int]
    employer: Mapped[str]  # "" for none
    due_on: Mapped[date]
    missed: Mapped[int] = mapped_column(SmallInteger)
    done_at: Mapped[datetime | None]
    excused: Mapped[bool]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "day", "schedule_id", "person_id"),
        Index("ix_schedule_due_community", "cell_id", "day", "community_id"),
        {"info": {"big": True}},
    )


class ScheduleTally(Base):
    """Rollup of a day's due by schedule, community and employer. `due` without the excused;
    `late` not done and due before that day, of these one day and two days late.

    The row of schedule 0 says when the community was last settled for that day."""

    __tablename__ = "schedule_tally"
    cell_id: Mapped[int]
    day: Mapped[date]
    community_id: Mapped[int]
    schedule_id: Mapped[int]
    employer: Mapped[str]
    due: Mapped[int]
    done: Mapped[int]
    late: Mapped[int]
    late_1: Mapped[int]
    late_2: Mapped[int]
    excused: Mapped[int]
    oldest: Mapped[date | None]
    as_of: Mapped[datetime]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "day", "community_id", "schedule_id", "employer"),
        {"info": {"big": True}},
    )


class ScheduleCall(Base):
    """People of an employer in a community are late for so long that a level above must answer.

    One row a schedule, community, employer and level; it ends when nobody is that late any more,
    and a new lateness raises it again, unanswered."""

    __tablename__ = "schedule_call"
    cell_id: Mapped[int]
    call_id: Mapped[int]
    schedule_id: Mapped[int]
    community_id: Mapped[int]
    employer: Mapped[str]
    level: Mapped[int] = mapped_column(SmallInteger)
    late: Mapped[int]
    oldest: Mapped[date]
    raised_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    seen_by: Mapped[int | None]
    seen_at: Mapped[datetime | None]
    note: Mapped[str | None]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "call_id"),
        Index("ix_schedule_call_open", "cell_id", "community_id",
              postgresql_where="ended_at IS NULL"),
        {"info": {"big": True}},
    )  # fmt: skip


class DueHanded(Base):
    """The due list of an employer in an area was handed over: how, when, with how many people."""

    __tablename__ = "due_handed"
    handed_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    area_id: Mapped[int]
    day: Mapped[date]
    employer: Mapped[str]
    how: Mapped[str]  # due_employers.HOWS
    persons: Mapped[int]
    made_by: Mapped[int]
    made_at: Mapped[datetime]
    __table_args__ = (Index("ix_due_handed_day", "day", "employer"),)
