"""Where people are stored who moved to a community of another cell; merges found by an index.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "person_elsewhere",
        sa.Column("community_id", sa.BigInteger(), nullable=False),
        sa.Column("cell_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("community_id", "cell_id", name=op.f("pk_person_elsewhere")),
    )
    op.execute(
        "INSERT INTO person_elsewhere (community_id, cell_id) SELECT DISTINCT m.to_community, "
        "m.cell_id FROM person_move m JOIN area a ON a.area_id = m.to_community "
        "WHERE m.into_id IS NULL AND a.cell_id <> m.cell_id"
    )
    op.create_index(
        "ix_person_move_merge", "person_move", ["cell_id", "into_cell"], unique=False,
        postgresql_where=sa.text("into_id IS NOT NULL"),
    )  # fmt: skip


def downgrade():
    op.drop_index("ix_person_move_merge", "person_move")
    op.drop_table("person_elsewhere")
