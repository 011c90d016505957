"""Tables of schedules: which cohort is swabbed how often, where, and who answers for an employer."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, PrimaryKeyConstraint, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from screening.db import Base


class CohortSchedule(Base):
    """How often a cohort is swabbed (rules_schedule.Rhythm); never edited once it has begun."""

    __tablename__ = "cohort_schedule"
    schedule_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    cohort: Mapped[str]
    kind: Mapped[str]  # every | days
    every: Mapped[int] = mapped_column(SmallInteger)
    days: Mapped[list]
    first_day: Mapped[int] = mapped_column(SmallInteger)
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    spread: Mapped[list]
    state: Mapped[str]  # draft | on | ended
    made_by: Mapped[int]
    made_at: Mapped[datetime]
    begun_by: Mapped[int | None]
    begun_at: Mapped[datetime | None]
    ended_by: Mapped[int | None]
    ended_at: Mapped[datetime | None]


class CohortScheduleArea(Base):
    __tablename__ = "cohort_schedule_area"
    schedule_id: Mapped[int] = mapped_column(ForeignKey("cohort_schedule.schedule_id"))
    area_id: Mapped[int]
    __table_args__ = (PrimaryKeyConstraint("schedule_id", "area_id"),)


class CohortScheduleEmployer(Base):
    """Only the people of these employers; none named: of all."""

    __tablename__ = "cohort_schedule_employer"
    schedule_id: Mapped[int] = mapped_column(ForeignKey("cohort_schedule.schedule_id"))
    employer: Mapped[str]
    __table_args__ = (PrimaryKeyConstraint("schedule_id", "employer"),)


class EmployerContact(Base):
    """Who answers for an employer's people within an area; `sealed` holds name and phone."""

    __tablename__ = "employer_contact"
    area_id: Mapped[int]
    employer: Mapped[str]
    sealed: Mapped[bytes]
    made_by: Mapped[int]
    made_at: Mapped[datetime]
    __table_args__ = (PrimaryKeyConstraint("area_id", "employer"),)
