"""Tables of accounts: staff, grants, sessions, devices, throttles, audit."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, PrimaryKeyConstraint, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from screening.db import Base


class Staff(Base):
    """A person who works here. Name and phone lie in `sealed` (JSON: name, phone)."""

    __tablename__ = "staff"
    staff_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    staff_no: Mapped[str] = mapped_column(unique=True)
    sealed: Mapped[bytes]
    password_hash: Mapped[str | None]
    pin_hash: Mapped[str | None]
    must_change: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    until: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Grant(Base):
    """One role of one person within one scope (`all` | `area` | `site` | `lab`)."""

    __tablename__ = "grant_role"
    grant_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.staff_id"), index=True)
    role: Mapped[str]
    scope: Mapped[str]
    scope_id: Mapped[int] = mapped_column(default=0)
    until: Mapped[datetime | None]


class Authenticator(Base):
    """An authenticator app (RFC 6238) of one person; `last_step`: no code signs twice. Real time."""

    __tablename__ = "authenticator"
    staff_id: Mapped[int] = mapped_column(
        ForeignKey("staff.staff_id"), primary_key=True, autoincrement=False
    )
    sealed: Mapped[bytes]
    made_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]  # before it, the app signs nothing
    last_step: Mapped[int]


class LoginSession(Base):
    """An opaque, revocable sign-in; only the hash of its token is kept. Real time."""

    __tablename__ = "login_session"
    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.staff_id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    agent: Mapped[str | None]  # family of browser or program, never its whole name


class Device(Base):
    """An enrolled phone or desk. `public_key` is its 65-byte point; `kind` phone | desk.

    `state`: active, revoked, lost, forked. `heard_at` and `offset_ms` (server minus device clock)
    are as of its last contact.
    """

    __tablename__ = "device"
    device_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    kind: Mapped[str]
    site_id: Mapped[int | None]
    lab_id: Mapped[int | None]
    staff_id: Mapped[int | None]  # a desk session's owner
    cell_id: Mapped[int]
    public_key: Mapped[bytes]
    private_key: Mapped[bytes | None]  # desks only, sealed
    state: Mapped[str] = mapped_column(default="active")
    practice: Mapped[bool] = mapped_column(default=False)
    enrolled_by: Mapped[int | None]
    enrolled_at: Mapped[datetime]
    heard_at: Mapped[datetime | None]
    offset_ms: Mapped[int | None]
    lost_by: Mapped[int | None]
    __table_args__ = (
        Index("ix_device_site_id", "site_id"),
        Index("ix_device_lab_id", "lab_id"),
        Index(
            "uq_device_desk",
            "staff_id",
            unique=True,
            postgresql_where="kind = 'desk' AND state = 'active'",
        ),
    )


class EnrolCode(Base):
    """A code that lets phones of one site or lab enrol until an hour; only its hash is kept."""

    __tablename__ = "enrol_code"
    code_hash: Mapped[bytes] = mapped_column(primary_key=True)
    site_id: Mapped[int | None]
    lab_id: Mapped[int | None]
    until: Mapped[datetime]
    uses_left: Mapped[int] = mapped_column(SmallInteger)
    practice: Mapped[bool] = mapped_column(default=False)
    made_by: Mapped[int]
    made_at: Mapped[datetime]


class Throttle(Base):
    """Failed tries under one key (a hash, never a name); shared by all workers. Real time."""

    __tablename__ = "throttle"
    key: Mapped[bytes] = mapped_column(primary_key=True)
    fails: Mapped[int]
    since: Mapped[datetime]
    not_before: Mapped[datetime]


class Audit(Base):
    """Append-only: who did or read what. Ids only, no search terms, no personal values."""

    __tablename__ = "audit"
    cell_id: Mapped[int]
    audit_id: Mapped[int]
    at: Mapped[datetime]
    staff_id: Mapped[int | None]
    device_id: Mapped[int | None]
    action: Mapped[str]
    subject: Mapped[str | None]  # kind of thing: person, tube, round ...
    subject_id: Mapped[str | None]
    detail: Mapped[dict | None]
    link: Mapped[int | None]  # 1, 2, 3 … in the cell's chain; given when the row is sealed
    chain: Mapped[bytes | None]  # written later by the sealing job
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "audit_id"),
        Index(
            "uq_audit_link",
            "cell_id",
            "link",
            unique=True,
            postgresql_where="link IS NOT NULL",
        ),
        Index("ix_audit_at", "cell_id", "at"),
        Index("ix_audit_subject", "cell_id", "subject", "subject_id"),
        Index("ix_audit_unsealed", "cell_id", "audit_id", postgresql_where="chain IS NULL"),
        {"info": {"big": True}},
    )


class AuditHead(Base):
    """How long each cell's chain of audit is and how it ends, so that a cut tail is missed."""

    __tablename__ = "audit_head"
    cell_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    link: Mapped[int]
    chain: Mapped[bytes]
    mark: Mapped[bytes]  # keyed: only a server that holds the keys can write it
    sealed_at: Mapped[datetime]
    __table_args__ = ({"info": {"big": True}},)
