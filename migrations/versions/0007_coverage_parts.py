"""Coverage tells who waits for an exemption's proof, and exemptions granted after the start.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NEW = ("m_pending", "exempt_added")


def upgrade():
    for name in NEW:
        op.add_column(
            "coverage", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")
        )
        op.alter_column("coverage", name, server_default=None)
    # what is under way is counted anew before the hourly check compares it
    op.execute(
        "INSERT INTO dirty (cell_id, round_id, community_id, mark_id) "
        "SELECT c.cell_id, c.round_id, c.area_id, 0 FROM coverage c JOIN round r USING (round_id) "
        "WHERE r.signed_at IS NULL ON CONFLICT DO NOTHING"
    )


def downgrade():
    for name in NEW:
        op.drop_column("coverage", name)
