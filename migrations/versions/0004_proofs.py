"""Proofs that people took away, and the packages sent to the authority.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "proof",
        sa.Column("cell_id", sa.BigInteger(), nullable=False),
        sa.Column("proof_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("round_id", sa.BigInteger(), nullable=False),
        sa.Column("barcode", sa.Text(), nullable=False),
        sa.Column("specimen_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("sharers", sa.SmallInteger(), nullable=False),
        sa.Column("sampled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("cell_id", "proof_id", name=op.f("pk_proof")),
        info={"big": True},
    )
    op.create_index(
        "uq_proof_specimen", "proof", ["cell_id", "specimen_id", "version"], unique=True
    )
    op.create_index("ix_proof_tube", "proof", ["cell_id", "round_id", "barcode"], unique=False)
    op.create_index(
        "ix_proof_withdrawn",
        "proof",
        ["cell_id", "expires_at"],
        unique=False,
        postgresql_where="withdrawn_at IS NOT NULL",
    )
    op.create_table(
        "result_package",
        sa.Column("package_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("receipt", sa.Text(), nullable=True),
        sa.Column("receipt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("receipt_by", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("package_id", name=op.f("pk_result_package")),
    )
    op.create_index(
        "ix_result_package_open",
        "result_package",
        ["made_at"],
        unique=False,
        postgresql_where="receipt_at IS NULL",
    )


def downgrade():
    op.drop_table("result_package")
    op.drop_table("proof")
