"""At which browser the first of two signed: of clearing an alert, of throwing a positive away.

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("alert", sa.Column("asked_desk", sa.LargeBinary(), nullable=True))
    op.add_column("archive_stay", sa.Column("asked_desk", sa.LargeBinary(), nullable=True))


def downgrade():
    op.drop_column("archive_stay", "asked_desk")
    op.drop_column("alert", "asked_desk")
