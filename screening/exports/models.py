"""Tables of exports: a file that was asked for, and its sealed pieces."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from screening.db import Base


class ExportFile(Base):
    """A list as a file. `args` are ids and codes, never personal; `unmasked` shows phones, rooms and
    documents, for a `reason` (a code); `state`: waiting, running, done, failed, cancelled, gone."""

    __tablename__ = "export_file"
    export_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    area_id: Mapped[int]
    args: Mapped[dict]
    format: Mapped[str]
    lang: Mapped[str]
    unmasked: Mapped[bool]
    reason: Mapped[str | None]
    state: Mapped[str]
    job_id: Mapped[int | None]
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    size: Mapped[int] = mapped_column(default=0)
    made_by: Mapped[int]
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]
    __table_args__ = (Index("ix_export_file_made_by", "made_by", "made_at"),)


class ExportPiece(Base):
    """A megabyte of a file (the last one less), sealed; a download begins at any of them."""

    __tablename__ = "export_piece"
    export_id: Mapped[int] = mapped_column(ForeignKey("export_file.export_id"))
    seq: Mapped[int]
    body: Mapped[bytes]
    __table_args__ = (PrimaryKeyConstraint("export_id", "seq"),)
