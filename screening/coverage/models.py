"""Tables of coverage: the dirty list and the rollups."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, PrimaryKeyConstraint, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from screening.db import Base


class Dirty(Base):
    """A community of a round whose counts must be made anew; appended, removed by the worker."""

    __tablename__ = "dirty"
    cell_id: Mapped[int]
    round_id: Mapped[int]
    community_id: Mapped[int]
    mark_id: Mapped[int]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "round_id", "community_id", "mark_id"),
        {"info": {"big": True}},
    )


class Coverage(Base):
    """The equation of one community in one round, recounted whole.

    register = exempt + due; due = reached + missed; missed = the sum of the `m_` parts.
    `delivered`, `tested`, `resulted` count the reached whose tube came that far; `added` persons
    registered after the start (they are in the register too), `exempt_added` those of the exempt
    who were excused after it; `registered`, `residents` and `floating` those of the register who
    said how they belong to the place (registry.residence).
    """

    __tablename__ = "coverage"
    cell_id: Mapped[int]
    round_id: Mapped[int]
    area_id: Mapped[int]
    register: Mapped[int]
    exempt: Mapped[int]
    due: Mapped[int]
    reached: Mapped[int]
    missed: Mapped[int]
    delivered: Mapped[int]
    tested: Mapped[int]
    resulted: Mapped[int]
    m_resample: Mapped[int]
    m_new: Mapped[int]
    m_will_come: Mapped[int]
    m_pending: Mapped[int]
    m_away: Mapped[int]
    m_refused: Mapped[int]
    m_unreachable: Mapped[int]
    m_visit: Mapped[int]
    added: Mapped[int]
    exempt_added: Mapped[int]
    registered: Mapped[int]
    residents: Mapped[int]
    floating: Mapped[int]
    exempt_by: Mapped[dict]
    as_of: Mapped[datetime]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "round_id", "area_id"),
        {"info": {"big": True}, "postgresql_with": {"fillfactor": 70}},
    )


class StageCount(Base):
    """Rollup of tubes by site, laboratory and stage, with the oldest and the late ones; `negative`
    and `invalid` are outcomes, `corrected` tubes whose result was released more than once."""

    __tablename__ = "stage_count"
    cell_id: Mapped[int]
    round_id: Mapped[int]
    site_id: Mapped[int]
    lab_id: Mapped[int]
    stage: Mapped[int] = mapped_column(SmallInteger)
    tubes: Mapped[int]
    persons: Mapped[int]
    late: Mapped[int]
    held: Mapped[int]
    oldest: Mapped[datetime | None]
    negative: Mapped[int]
    invalid: Mapped[int]
    corrected: Mapped[int]
    as_of: Mapped[datetime]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "round_id", "site_id", "lab_id", "stage"),
        Index("ix_stage_count_round", "cell_id", "round_id"),
        {"info": {"big": True}},
    )


class SwabCount(Base):
    """Rollup of swabs in the cell where the person lives: by the community of that day, the site and
    the sampler (0: not known), and by what became of them; `last_at` when the last was taken."""

    __tablename__ = "swab_count"
    cell_id: Mapped[int]
    round_id: Mapped[int]
    community_id: Mapped[int]
    site_id: Mapped[int]
    staff_id: Mapped[int]
    void: Mapped[int] = mapped_column(SmallInteger)
    of_record: Mapped[bool]
    swabs: Mapped[int]
    last_at: Mapped[datetime]
    __table_args__ = (
        PrimaryKeyConstraint(
            "cell_id", "round_id", "community_id", "site_id", "staff_id", "void", "of_record"
        ),
        {"info": {"big": True}},
    )


class CoverageCut(Base):
    """Numbers frozen for a report: every area of a round at one cut-off, never counted again."""

    __tablename__ = "coverage_cut"
    round_id: Mapped[int]
    cut_off: Mapped[datetime]
    made_by: Mapped[int | None]
    body: Mapped[list]
    __table_args__ = (PrimaryKeyConstraint("round_id", "cut_off"),)
