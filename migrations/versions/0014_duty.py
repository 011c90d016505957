"""Duty: the roster, calls to those on duty, and the two persons who clear an alert.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def _moment(name, nullable=False):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _number(name, nullable=False, **kw):
    return sa.Column(name, sa.BigInteger(), nullable=nullable, **kw)


def upgrade():
    op.add_column("alert", _number("asked_by", nullable=True))
    op.add_column("alert", _moment("asked_at", nullable=True))
    op.add_column("alert", sa.Column("asked_how", sa.Text(), nullable=True))
    op.add_column("alert", sa.Column("reason", sa.Text(), nullable=True))
    op.add_column("alert", sa.Column("early", sa.Text(), nullable=True))
    op.create_table(
        "duty",
        _number("duty_id", autoincrement=False),
        sa.Column("kind", sa.Text(), nullable=False),
        _number("place_id"),
        _number("staff_id"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        _moment("starts_at"),
        _moment("ends_at"),
        _number("made_by"),
        _moment("made_at"),
        _number("removed_by", nullable=True),
        _moment("removed_at", nullable=True),
        sa.PrimaryKeyConstraint("duty_id", name=op.f("pk_duty")),
    )
    op.create_index(
        "ix_duty_place", "duty", ["kind", "place_id", "ends_at"], unique=False,
        postgresql_where=sa.text("removed_at IS NULL"),
    )  # fmt: skip
    op.create_table(
        "duty_call",
        _number("cell_id"),
        _number("call_id"),
        _number("alert_id"),
        sa.Column("kind", sa.Text(), nullable=False),
        _number("place_id"),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("staff_ids", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("times", sa.SmallInteger(), nullable=False),
        _moment("first_at"),
        _moment("called_at"),
        _moment("due_at", nullable=True),
        _number("seen_by", nullable=True),
        _moment("seen_at", nullable=True),
        sa.PrimaryKeyConstraint("cell_id", "call_id", name=op.f("pk_duty_call")),
        info={"big": True},
    )
    op.create_index(
        "uq_duty_call_place", "duty_call", ["cell_id", "alert_id", "kind", "place_id"], unique=True
    )
    op.create_index(
        "ix_duty_call_due", "duty_call", ["cell_id", "due_at"], unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )  # fmt: skip


def downgrade():
    op.drop_table("duty_call")
    op.drop_table("duty")
    for column in ("early", "reason", "asked_how", "asked_at", "asked_by"):
        op.drop_column("alert", column)
