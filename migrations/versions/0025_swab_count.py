"""Swabs are counted by community, site and sampler; tubes of a stage by what came of them.

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

NEGATIVE, INVALID, INCONCLUSIVE = 1, 4, 3
REJECTED = 21  # a stage
OUTCOMES = ("negative", "invalid", "corrected")


def upgrade():
    op.create_table(
        "swab_count",
        sa.Column("cell_id", sa.BigInteger(), nullable=False),
        sa.Column("round_id", sa.BigInteger(), nullable=False),
        sa.Column("community_id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("void", sa.SmallInteger(), nullable=False),
        sa.Column("of_record", sa.Boolean(), nullable=False),
        sa.Column("swabs", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(
            "cell_id", "round_id", "community_id", "site_id", "staff_id", "void", "of_record",
            name=op.f("pk_swab_count"),
        ),
        info={"big": True},
    )  # fmt: skip
    op.execute(
        "INSERT INTO swab_count SELECT cell_id, round_id, community_id, coalesce(site_id, 0), "
        "coalesce(staff_id, 0), void, of_record, count(*), max(at) FROM specimen "
        "WHERE round_id <> 0 GROUP BY 1, 2, 3, 4, 5, 6, 7"
    )
    for name in OUTCOMES:
        op.add_column(
            "stage_count", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")
        )
        op.alter_column("stage_count", name, server_default=None)
    op.create_index(
        "ix_tube_doubtful",
        "tube",
        ["cell_id", "round_id"],
        postgresql_where=sa.text(f"version > 0 AND outcome = {INCONCLUSIVE}"),
    )
    op.create_index(
        "ix_tube_rejected", "tube", ["cell_id", "round_id"],
        postgresql_where=sa.text(f"stage = {REJECTED}"),
    )  # fmt: skip
    op.execute(
        "UPDATE stage_count s SET negative = t.negative, invalid = t.invalid, "
        "corrected = t.corrected FROM (SELECT cell_id, round_id, coalesce(site_id, 0) AS site_id, "
        "coalesce(lab_id, 0) AS lab_id, stage, "
        f"count(*) FILTER (WHERE outcome = {NEGATIVE}) AS negative, "
        f"count(*) FILTER (WHERE outcome = {INVALID}) AS invalid, "
        "count(*) FILTER (WHERE version > 1) AS corrected FROM tube GROUP BY 1, 2, 3, 4, 5) t "
        "WHERE (t.cell_id, t.round_id, t.site_id, t.lab_id, t.stage) "
        "= (s.cell_id, s.round_id, s.site_id, s.lab_id, s.stage)"
    )


def downgrade():
    op.drop_index("ix_tube_rejected", "tube")
    op.drop_index("ix_tube_doubtful", "tube")
    for name in OUTCOMES:
        op.drop_column("stage_count", name)
    op.drop_table("swab_count")
