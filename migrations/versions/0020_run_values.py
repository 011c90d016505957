"""What Ct values a run shows, whatever its wells are called.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("run", sa.Column("values_hash", sa.LargeBinary(), nullable=True))
    op.create_index(
        "ix_run_values",
        "run",
        ["cell_id", "lab_id", "values_hash"],
        postgresql_where=sa.text("values_hash IS NOT NULL"),
    )


def downgrade():
    op.drop_index("ix_run_values", table_name="run")
    op.drop_column("run", "values_hash")
