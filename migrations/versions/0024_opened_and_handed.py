"""Numbers that were opened on screens, day by day; due lists that were handed to employers.

Revision ID: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "phone_opened",
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("person_cell", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "staff_id", "day", "person_cell", "person_id", name=op.f("pk_phone_opened")
        ),
    )
    op.create_table(
        "due_handed",
        sa.Column("handed_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("area_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("employer", sa.Text(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("persons", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("handed_id", name=op.f("pk_due_handed")),
    )
    op.create_index("ix_due_handed_day", "due_handed", ["day", "employer"])


def downgrade():
    op.drop_table("due_handed")
    op.drop_table("phone_opened")
