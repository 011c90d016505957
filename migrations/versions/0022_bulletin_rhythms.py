"""Daily bulletins that make themselves: rhythms, and what became of each cut-off.

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def _number(name, nullable=False):
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _moment(name, nullable=False):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade():
    op.create_table(
        "bulletin_rhythm",
        sa.Column("rhythm_id", sa.BigInteger(), autoincrement=False, nullable=False),
        _number("area_id"),
        sa.Column("every", sa.Text(), nullable=False),
        _number("value"),
        _number("made_by"),
        _moment("made_at"),
        _number("ended_by", nullable=True),
        _moment("ended_at", nullable=True),
        _moment("planned_to"),
        sa.PrimaryKeyConstraint("rhythm_id", name=op.f("pk_bulletin_rhythm")),
    )
    op.create_index(
        "uq_bulletin_rhythm",
        "bulletin_rhythm",
        ["area_id", "every", "value"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "bulletin_run",
        _number("rhythm_id"),
        _number("round_id"),
        _moment("due_at"),
        sa.Column("missed", sa.Boolean(), nullable=False),
        _number("bulletin_id", nullable=True),
        sa.ForeignKeyConstraint(
            ["rhythm_id"],
            ["bulletin_rhythm.rhythm_id"],
            name=op.f("fk_bulletin_run_rhythm_id_bulletin_rhythm"),
        ),
        sa.PrimaryKeyConstraint("rhythm_id", "round_id", "due_at", name=op.f("pk_bulletin_run")),
    )


def downgrade():
    op.drop_table("bulletin_run")
    op.drop_table("bulletin_rhythm")
