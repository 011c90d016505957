"""One-time codes that residents ask for by phone.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "phone_code",
        sa.Column("wanted", sa.LargeBinary(), nullable=False),
        sa.Column("phone_hash", sa.LargeBinary(), nullable=False),
        sa.Column("last4_hash", sa.LargeBinary(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code_hash", sa.LargeBinary(), nullable=True),
        sa.Column("cell_id", sa.BigInteger(), nullable=True),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("wanted", name=op.f("pk_phone_code")),
        info={"directory": True},
    )
    op.create_index(
        "ix_phone_code_asked", "phone_code", ["asked_at"], unique=False,
        postgresql_where=sa.text("until IS NULL"),
    )  # fmt: skip


def downgrade():
    op.drop_table("phone_code")
