"""How somebody belongs to the place: a person's word, and its three counts in coverage.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

COUNTS = ("registered", "residents", "floating")


def upgrade():
    op.add_column("person", sa.Column("residence", sa.SmallInteger(), nullable=True))
    op.add_column("person", sa.Column("residence_since", sa.DateTime(timezone=True), nullable=True))
    # nobody has a word yet, so nought is what a recount would find
    for name in COUNTS:
        op.add_column(
            "coverage", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")
        )
        op.alter_column("coverage", name, server_default=None)


def downgrade():
    for name in COUNTS:
        op.drop_column("coverage", name)
    op.drop_column("person", "residence_since")
    op.drop_column("person", "residence")
