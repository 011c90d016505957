"""Tables of the register: persons and their directories, cohorts, zones, rounds, imports."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, PrimaryKeyConstraint, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from screening.db import Base


class Person(Base):
    """A person, stored in the home cell. `sealed` holds name, document, phone, address (JSON).

    `flags` is a bit mask (rules.Flag); `lane` 2 means "single tube, lane 2" (an open callback).
    """

    __tablename__ = "person"
    cell_id: Mapped[int]
    person_id: Mapped[int]
    community_id: Mapped[int]
    grid_id: Mapped[int | None]
    building_id: Mapped[int | None]
    household_id: Mapped[int | None]
    doc_type: Mapped[int] = mapped_column(SmallInteger)
    doc_hash: Mapped[bytes | None]
    name_hash: Mapped[bytes]
    last4_hash: Mapped[bytes | None]
    sealed: Mapped[bytes]
    birth_year: Mapped[int | None] = mapped_column(SmallInteger)
    flags: Mapped[int] = mapped_column(default=0)
    key_group: Mapped[str | None]
    employer: Mapped[str | None]
    residence: Mapped[int | None] = mapped_column(SmallInteger)  # residence.Residence
    residence_since: Mapped[datetime | None]  # when that was said first
    lane: Mapped[int] = mapped_column(SmallInteger, default=0)
    created_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    content: Mapped[
        bytes | None
    ]  # keyed digest of what a register said: unchanged rows are skipped
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "person_id"),
        Index("ix_person_community", "cell_id", "community_id", "person_id"),
        Index("ix_person_name", "cell_id", "name_hash"),
        Index("ix_person_last4", "cell_id", "last4_hash"),
        {"info": {"big": True}},
    )


class PersonMove(Base):
    """A person's community changed, or the person was merged into another (`into_id`)."""

    __tablename__ = "person_move"
    cell_id: Mapped[int]
    move_id: Mapped[int]
    person_id: Mapped[int]
    from_community: Mapped[int]
    to_community: Mapped[int]
    at: Mapped[datetime]
    made_by: Mapped[int | None]
    into_cell: Mapped[int | None]
    into_id: Mapped[int | None]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "move_id"),
        Index("ix_person_move_person", "cell_id", "person_id"),
        Index(
            "ix_person_move_merge",
            "cell_id",
            "into_cell",
            postgresql_where="into_id IS NOT NULL",
        ),
        {"info": {"big": True}},
    )


class PersonMerge(Base):
    """Somebody says that `twin` is the same human being as `into`: waiting for a second person,
    done, refused or undone. The link itself is the line of person_move that `move_id` names."""

    __tablename__ = "person_merge"
    merge_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    twin_cell: Mapped[int]
    twin_id: Mapped[int]
    into_cell: Mapped[int]
    into_id: Mapped[int]
    reason: Mapped[str]
    state: Mapped[str]
    asked_by: Mapped[int]
    asked_at: Mapped[datetime]
    decided_by: Mapped[int | None]
    decided_at: Mapped[datetime | None]
    undone_by: Mapped[int | None]
    undone_at: Mapped[datetime | None]
    undone_why: Mapped[str | None]
    left_at: Mapped[datetime | None]  # of the twin before the merge
    move_id: Mapped[int | None]
    __table_args__ = (
        Index("ix_person_merge_twin", "twin_id"),
        Index("ix_person_merge_into", "into_id"),
        Index("ix_person_merge_open", "merge_id", postgresql_where="state = 'waiting'"),
    )


class PersonElsewhere(Base):
    """People of this community are stored in a cell that is not its own: they moved there, and
    their rows stayed. Written with the move, never taken back; a superfluous row costs a look."""

    __tablename__ = "person_elsewhere"
    community_id: Mapped[int]
    cell_id: Mapped[int]
    __table_args__ = (PrimaryKeyConstraint("community_id", "cell_id"),)


class PersonKey(Base):
    """Directory of documents: one person per keyed document hash, in the whole city."""

    __tablename__ = "person_key"
    doc_hash: Mapped[bytes] = mapped_column(primary_key=True)
    person_id: Mapped[int]
    cell_id: Mapped[int]
    __table_args__ = ({"info": {"directory": True}},)


class PhoneKey(Base):
    """Directory of phones: every person of one keyed phone hash."""

    __tablename__ = "phone_key"
    phone_hash: Mapped[bytes]
    cell_id: Mapped[int]
    person_id: Mapped[int]
    __table_args__ = (
        PrimaryKeyConstraint("phone_hash", "cell_id", "person_id"),
        {"info": {"directory": True}},
    )


class Household(Base):
    __tablename__ = "household"
    cell_id: Mapped[int]
    household_id: Mapped[int]
    community_id: Mapped[int]
    building_id: Mapped[int | None]
    code_hash: Mapped[bytes]  # the register's own household number
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "household_id"),
        Index("uq_household_code", "cell_id", "community_id", "code_hash", unique=True),
        {"info": {"big": True}},
    )


class PersonCohort(Base):
    """Membership of a cohort (rules.COHORTS), with the dates between which it holds."""

    __tablename__ = "person_cohort"
    cell_id: Mapped[int]
    person_id: Mapped[int]
    cohort: Mapped[str]
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "person_id", "cohort", "valid_from"),
        Index("ix_person_cohort_cohort", "cell_id", "cohort", "person_id"),
        {"info": {"big": True}},
    )


class Exemption(Base):
    """A coded reason why a person is not due. `round_id` 0 means every round until `until`."""

    __tablename__ = "exemption"
    cell_id: Mapped[int]
    exemption_id: Mapped[int]
    round_id: Mapped[int]
    person_id: Mapped[int]
    community_id: Mapped[int]
    code: Mapped[str]
    until: Mapped[datetime | None]
    made_by: Mapped[int | None]
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    callback_id: Mapped[int | None]  # automatic ones: the callback that made it
    __table_args__ = (
        PrimaryKeyConstraint("cell_id", "exemption_id"),
        Index("ix_exemption_person", "cell_id", "person_id"),
        Index("ix_exemption_community", "cell_id", "community_id", "round_id"),
        Index("ix_exemption_until", "cell_id", "until", postgresql_where="ended_at IS NULL"),
        {"info": {"big": True}},
    )


class Zone(Base):
    """A measure over areas for a time; the pool rule follows from its kind."""

    __tablename__ = "zone"
    zone_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    kind: Mapped[str]  # rules.ZONE_KINDS: high, mid, low, lock, control, prevent
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    made_by: Mapped[int | None]


class ZoneArea(Base):
    __tablename__ = "zone_area"
    zone_id: Mapped[int] = mapped_column(ForeignKey("zone.zone_id"))
    area_id: Mapped[int]
    __table_args__ = (PrimaryKeyConstraint("zone_id", "area_id"),)


class Round(Base):
    """A round of screening. Round 0 is "unassigned": facts for no open round wait there.

    `limits` {link: minutes}, `pool_rules` [{zone|cohort, mode, capacity, source}], see rules.
    """

    __tablename__ = "round"
    round_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    kind: Mapped[str]  # mass | cohort
    state: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]
    signed_at: Mapped[datetime | None]
    limits: Mapped[dict]
    pool_rules: Mapped[list]
    made_by: Mapped[int | None]
    approved_by: Mapped[int | None]
    drill: Mapped[bool] = mapped_column(default=False)
    cloned_from: Mapped[int | None]


class RoundArea(Base):
    __tablename__ = "round_area"
    round_id: Mapped[int] = mapped_column(ForeignKey("round.round_id"))
    area_id: Mapped[int]
    __table_args__ = (PrimaryKeyConstraint("round_id", "area_id"),)


class RoundCohort(Base):
    __tablename__ = "round_cohort"
    round_id: Mapped[int] = mapped_column(ForeignKey("round.round_id"))
    cohort: Mapped[str]
    __table_args__ = (PrimaryKeyConstraint("round_id", "cohort"),)


class RoundSite(Base):
    __tablename__ = "round_site"
    round_id: Mapped[int] = mapped_column(ForeignKey("round.round_id"))
    site_id: Mapped[int]
    lab_id: Mapped[int | None]  # where its boxes go by default
    __table_args__ = (PrimaryKeyConstraint("round_id", "site_id"),)


class RoundKey(Base):
    """The key of a round, wrapped: personal values in journals, tickets and files lie under it.

    Purging a round destroys this row; digests and counts remain."""

    __tablename__ = "round_key"
    round_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    wrapped: Mapped[bytes]


class ImportRun(Base):
    """One file of persons, areas or staff on its way in; `report` holds counts."""

    __tablename__ = "import_run"
    import_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    state: Mapped[str]  # rules.ImportState
    dry_run: Mapped[bool]
    sealed: Mapped[bytes | None]  # the file itself, under the data key, until it is done
    file_hash: Mapped[bytes]
    area_id: Mapped[int | None]  # the importer's scope
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    faults: Mapped[int] = mapped_column(default=0)
    report: Mapped[dict | None]
    mark: Mapped[int] = mapped_column(default=0)  # rows settled by the real run: where to resume
    made_by: Mapped[int]
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class ImportFault(Base):
    """One fault of one row: row and column, never the value."""

    __tablename__ = "import_fault"
    import_id: Mapped[int] = mapped_column(ForeignKey("import_run.import_id"))
    seq: Mapped[int]
    row: Mapped[int]
    col: Mapped[str | None]
    code: Mapped[str]
    details: Mapped[dict | None]
    __table_args__ = (PrimaryKeyConstraint("import_id", "seq"),)
