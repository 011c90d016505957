"""Tables of places: reference data, copied whole to every node of a cluster."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from screening.db import Base

LEVELS = ("province", "city", "county", "street", "community", "grid", "building")


class Area(Base):
    """A dated node of the tree of areas; `path` is "/1/5/44/" (ids from the root to itself).

    `cell_id` is the street's own id for a street and all below it, 0 above: where the rows of its
    people and tubes are stored. `code` is the 12-digit statistical code, or a local one below it.
    """

    __tablename__ = "area"
    area_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    code: Mapped[str]
    name: Mapped[str]
    level: Mapped[int] = mapped_column(SmallInteger)  # index in LEVELS
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("area.area_id"))
    path: Mapped[str]
    cell_id: Mapped[int] = mapped_column(default=0)
    owner_id: Mapped[int | None]  # staff: the grid owner
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    __table_args__ = (
        UniqueConstraint("code", "valid_from"),
        Index("ix_area_path", "path", postgresql_ops={"path": "text_pattern_ops"}),
        Index("ix_area_parent_id", "parent_id"),
        Index("uq_area_living_code", "code", unique=True, postgresql_where="valid_to IS NULL"),
    )


class AreaBoundary(Base):
    """The outline of an area for maps, thinned: [polygon [ring [longitude, latitude]]] in WGS 84.

    `given` and `kept` count its points in the file and here."""

    __tablename__ = "area_boundary"
    area_id: Mapped[int] = mapped_column(
        ForeignKey("area.area_id"), primary_key=True, autoincrement=False
    )
    shape: Mapped[list]
    given: Mapped[int]
    kept: Mapped[int]
    made_by: Mapped[int | None]
    made_at: Mapped[datetime]


class PlaceRevision(Base):
    """A number that rises with every change of the areas, so that copies in memory know."""

    __tablename__ = "place_revision"
    what: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]


class Site(Base):
    """A collection site. `kind` follows rules.SITE_KINDS; `tables` is how many stand there."""

    __tablename__ = "site"
    site_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    kind: Mapped[str]
    area_id: Mapped[int] = mapped_column(ForeignKey("area.area_id"), index=True)
    cell_id: Mapped[int]
    tables: Mapped[int] = mapped_column(SmallInteger, default=1)
    responsible_id: Mapped[int | None]
    phone: Mapped[str | None]  # the site's own public number, not a person's
    opens: Mapped[str | None]  # "05:30-21:00", shown in messages
    valid_to: Mapped[datetime | None]


class Lab(Base):
    """A laboratory; `capacity` in tubes a day."""

    __tablename__ = "lab"
    lab_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    area_id: Mapped[int] = mapped_column(ForeignKey("area.area_id"), index=True)
    cell_id: Mapped[int]
    capacity: Mapped[int]
    responsible_id: Mapped[int | None]
    own_lis: Mapped[bool] = mapped_column(default=False)
