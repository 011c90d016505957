"""Tables of the figures: frozen sheets, pictures for the command page, the pace of sites."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import PrimaryKeyConstraint, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from screening.db import Base


class FigureCut(Base):
    """All figures of one area in one round, frozen at `cut_off` (the server's time)."""

    __tablename__ = "figure_cut"
    round_id: Mapped[int]
    area_id: Mapped[int]
    cut_off: Mapped[datetime]
    made_by: Mapped[int | None]
    body: Mapped[dict]
    __table_args__ = (PrimaryKeyConstraint("round_id", "area_id", "cut_off"),)


class AreaPicture(Base):
    """What the command page of one area shows, as the worker wrote it last.

    `mark` tells whether anything that it was counted from has moved; `version` rises when what it
    shows has changed. `made_at` is the domain's time, `real_at` and `wanted_at` (somebody looks)
    are real time."""

    __tablename__ = "area_picture"
    round_id: Mapped[int]
    area_id: Mapped[int]
    version: Mapped[int]
    mark: Mapped[str]
    made_at: Mapped[datetime]
    real_at: Mapped[datetime]
    wanted_at: Mapped[datetime]
    body: Mapped[dict]
    __table_args__ = (
        PrimaryKeyConstraint("round_id", "area_id"),
        {"postgresql_with": {"fillfactor": 50}},
    )


class SitePace(Base):
    """Rollup: what a site closed, and what of it was released, in each stretch of ten minutes.

    `slot` counts stretches since 1970; persons are the members of the tubes."""

    __tablename__ = "site_pace"
    cell_id: Mapped[int]
    round_id: Mapped[int]
    site_id: Mapped[int]
    slot: Mapped[int]
    tubes: Mapped[int]
    persons: Mapped[int]
    tables: Mapped[int] = mapped_column(SmallInteger)  # how many different ones closed a tube
    released: Mapped[int]
    resulted: Mapped[int]
    as_of: Mapped[datetime]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "round_id", "site_id", "slot"),
        {"info": {"big": True}},
    )


class TubeClock(Base):
    """Rollup: how many tubes of a site took how many minutes for a link (0 collect … 3 all)."""

    __tablename__ = "tube_clock"
    cell_id: Mapped[int]
    round_id: Mapped[int]
    site_id: Mapped[int]
    link: Mapped[int] = mapped_column(SmallInteger)
    minutes: Mapped[int]
    tubes: Mapped[int]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "round_id", "site_id", "link", "minutes"),
        {"info": {"big": True}},
    )
