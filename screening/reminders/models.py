"""Tables of reminders: waves, contacts, visits, opt-outs."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from screening.db import Base


class Wave(Base):
    """One wave of messages to the missed of an area; counts are frozen when it has run."""

    __tablename__ = "wave"
    wave_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    round_id: Mapped[int]
    area_id: Mapped[int]
    template: Mapped[str]
    text: Mapped[str]
    fields: Mapped[dict | None]  # the parts of the text
    state: Mapped[str]  # draft, running, done, cancelled
    include_silent: Mapped[bool] = mapped_column(default=False)
    silent_by: Mapped[int | None]
    made_by: Mapped[int]
    made_at: Mapped[datetime]
    counts: Mapped[dict | None]


class WaveMessage(Base):
    """One message to one phone, naming a household's members; the text lies in the outbox row."""

    __tablename__ = "wave_message"
    cell_id: Mapped[int]
    message_id: Mapped[int]
    wave_id: Mapped[int] = mapped_column(ForeignKey("wave.wave_id"))
    community_id: Mapped[int]
    phone_hash: Mapped[bytes]
    persons: Mapped[list]
    state: Mapped[str]  # waiting, sent, delivered, failed, dropped, outcome_unknown
    dropped_why: Mapped[str | None]
    at: Mapped[datetime]
    sent_at: Mapped[datetime | None]  # when it first left the house
    settled_by: Mapped[int | None]  # staff who decided where nobody could know
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "message_id"),
        Index("ix_wave_message_wave", "cell_id", "wave_id"),
        {"info": {"big": True}},
    )


class Contact(Base):
    """One attempt to reach a missed person, and what came of it (rules.CONTACT_OUTCOMES)."""

    __tablename__ = "contact"
    cell_id: Mapped[int]
    contact_id: Mapped[int]
    round_id: Mapped[int]
    person_id: Mapped[int]
    community_id: Mapped[int]
    kind: Mapped[str]  # call, visit, sms, desk
    outcome: Mapped[str]
    until: Mapped[datetime | None]
    made_by: Mapped[int | None]
    at: Mapped[datetime]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "contact_id"),
        Index("ix_contact_person", "cell_id", "round_id", "person_id", "at"),
        {"info": {"big": True}},
    )


class OptOut(Base):
    __tablename__ = "opt_out"
    phone_hash: Mapped[bytes] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    __table_args__ = ({"info": {"directory": True}},)


class SmsRef(Base):
    """A gateway's own number of a message, for reports that carry no other. A report that comes
    before the number is known waits in `verdict`."""

    __tablename__ = "sms_ref"
    ref: Mapped[str] = mapped_column(primary_key=True)
    cell_id: Mapped[int | None]
    outbox_id: Mapped[int | None]
    verdict: Mapped[str | None]  # delivered, failed
    why: Mapped[str | None]
    at: Mapped[datetime]
    __table_args__ = ({"info": {"directory": True}},)


class SmsPace(Base):
    """When a channel may send its next message; real time, shared by all workers."""

    __tablename__ = "sms_pace"
    channel: Mapped[str] = mapped_column(primary_key=True)
    next_at: Mapped[datetime]


class BuildingSlot(Base):
    """Where and when the people of a building are asked to come in a round."""

    __tablename__ = "building_slot"
    cell_id: Mapped[int]
    round_id: Mapped[int]
    building_id: Mapped[int]
    community_id: Mapped[int]
    site_id: Mapped[int]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    made_by: Mapped[int]
    made_at: Mapped[datetime]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "round_id", "building_id"),
        {"info": {"big": True}},
    )


class PhoneOpened(Base):
    """Whose number somebody saw on a screen on one day; counted, and forgotten two days later."""

    __tablename__ = "phone_opened"
    staff_id: Mapped[int]
    day: Mapped[date]
    person_cell: Mapped[int]
    person_id: Mapped[int]
    __table_args__ = (PrimaryKeyConstraint("staff_id", "day", "person_cell", "person_id"),)
