"""Schedules of cohorts, who answers for an employer, the due lists of days and calls one level up.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def _moment(name, nullable=False):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _number(name, nullable=False, **kw):
    return sa.Column(name, sa.BigInteger(), nullable=nullable, **kw)


def _small(name):
    return sa.Column(name, sa.SmallInteger(), nullable=False)


def _text(name, nullable=False):
    return sa.Column(name, sa.Text(), nullable=nullable)


def _day(name, nullable=False):
    return sa.Column(name, sa.Date(), nullable=nullable)


def _scope(table, column):
    op.create_table(
        table,
        _number("schedule_id"),
        column,
        sa.ForeignKeyConstraint(
            ["schedule_id"],
            ["cohort_schedule.schedule_id"],
            name=op.f(f"fk_{table}_schedule_id"),
        ),
        sa.PrimaryKeyConstraint("schedule_id", column.name, name=op.f(f"pk_{table}")),
    )


def upgrade():
    op.create_table(
        "cohort_schedule",
        _number("schedule_id", autoincrement=False),
        _text("name"),
        _text("cohort"),
        _text("kind"),
        _small("every"),
        sa.Column("days", postgresql.JSONB(), nullable=False),
        _small("first_day"),
        _day("starts_on"),
        _day("ends_on", nullable=True),
        sa.Column("spread", postgresql.JSONB(), nullable=False),
        _text("state"),
        _number("made_by"),
        _moment("made_at"),
        _number("begun_by", nullable=True),
        _moment("begun_at", nullable=True),
        _number("ended_by", nullable=True),
        _moment("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("schedule_id", name=op.f("pk_cohort_schedule")),
    )
    _scope("cohort_schedule_area", _number("area_id"))
    _scope("cohort_schedule_employer", _text("employer"))
    op.create_table(
        "employer_contact",
        _number("area_id"),
        _text("employer"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        _number("made_by"),
        _moment("made_at"),
        sa.PrimaryKeyConstraint("area_id", "employer", name=op.f("pk_employer_contact")),
    )
    op.create_table(
        "schedule_due",
        _number("cell_id"),
        _day("day"),
        _number("schedule_id"),
        _number("person_id"),
        _number("community_id"),
        _text("employer"),
        _day("due_on"),
        _small("missed"),
        _moment("done_at", nullable=True),
        sa.Column("excused", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint(
            "cell_id", "day", "schedule_id", "person_id", name=op.f("pk_schedule_due")
        ),
        info={"big": True},
    )
    op.create_index("ix_schedule_due_community", "schedule_due", ["cell_id", "day", "community_id"])
    op.create_table(
        "schedule_tally",
        _number("cell_id"),
        _day("day"),
        _number("community_id"),
        _number("schedule_id"),
        _text("employer"),
        *[_number(c) for c in ("due", "done", "late", "late_1", "late_2", "excused")],
        _day("oldest", nullable=True),
        _moment("as_of"),
        sa.PrimaryKeyConstraint(
            "cell_id",
            "day",
            "community_id",
            "schedule_id",
            "employer",
            name=op.f("pk_schedule_tally"),
        ),
        info={"big": True},
    )
    op.create_table(
        "schedule_call",
        _number("cell_id"),
        _number("call_id"),
        _number("schedule_id"),
        _number("community_id"),
        _text("employer"),
        _small("level"),
        _number("late"),
        _day("oldest"),
        _moment("raised_at"),
        _moment("ended_at", nullable=True),
        _number("seen_by", nullable=True),
        _moment("seen_at", nullable=True),
        _text("note", nullable=True),
        sa.PrimaryKeyConstraint("cell_id", "call_id", name=op.f("pk_schedule_call")),
        info={"big": True},
    )
    op.create_index(
        "ix_schedule_call_open",
        "schedule_call",
        ["cell_id", "community_id"],
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def downgrade():
    for table in (
        "schedule_call",
        "schedule_tally",
        "schedule_due",
        "employer_contact",
        "cohort_schedule_employer",
        "cohort_schedule_area",
        "cohort_schedule",
    ):
        op.drop_table(table)
