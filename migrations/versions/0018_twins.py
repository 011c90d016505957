"""Marks the rows into which others were merged before merges left a mark of their own.

Revision ID: 0018
Revises: 0017
"""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

HAS_TWIN = 512


def upgrade():
    op.execute(
        f"UPDATE person p SET flags = p.flags | {HAS_TWIN} FROM person_move m "
        "WHERE m.into_cell = p.cell_id AND m.into_id = p.person_id"
    )


def downgrade():
    op.execute(f"UPDATE person SET flags = flags & ~{HAS_TWIN}::bigint")
