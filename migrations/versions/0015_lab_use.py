"""Wells and reactions that a laboratory says it used on a day.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "lab_use",
        sa.Column("cell_id", sa.BigInteger(), nullable=False),
        sa.Column("lab_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_by", sa.BigInteger(), nullable=False),
        sa.Column("wells", sa.BigInteger(), nullable=False),
        sa.Column("reactions", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("cell_id", "lab_id", "day", "told_at", name=op.f("pk_lab_use")),
        info={"big": True},
    )


def downgrade():
    op.drop_table("lab_use")
