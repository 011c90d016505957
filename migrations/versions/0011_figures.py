"""The figures: frozen sheets, pictures for the command page, the pace of sites.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "figure_cut",
        sa.Column("round_id", sa.BigInteger(), nullable=False),
        sa.Column("area_id", sa.BigInteger(), nullable=False),
        sa.Column("cut_off", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=True),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("round_id", "area_id", "cut_off", name=op.f("pk_figure_cut")),
    )
    op.create_table(
        "area_picture",
        sa.Column("round_id", sa.BigInteger(), nullable=False),
        sa.Column("area_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("real_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wanted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("round_id", "area_id", name=op.f("pk_area_picture")),
        postgresql_with={"fillfactor": 50},
    )
    op.create_table(
        "site_pace",
        sa.Column("cell_id", sa.BigInteger(), nullable=False),
        sa.Column("round_id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("slot", sa.BigInteger(), nullable=False),
        sa.Column("tubes", sa.BigInteger(), nullable=False),
        sa.Column("persons", sa.BigInteger(), nullable=False),
        sa.Column("tables", sa.SmallInteger(), nullable=False),
        sa.Column("released", sa.BigInteger(), nullable=False),
        sa.Column("resulted", sa.BigInteger(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(
            "cell_id", "round_id", "site_id", "slot", name=op.f("pk_site_pace")
        ),
        info={"big": True},
    )
    op.create_table(
        "tube_clock",
        sa.Column("cell_id", sa.BigInteger(), nullable=False),
        sa.Column("round_id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("link", sa.SmallInteger(), nullable=False),
        sa.Column("minutes", sa.BigInteger(), nullable=False),
        sa.Column("tubes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "cell_id", "round_id", "site_id", "link", "minutes", name=op.f("pk_tube_clock")
        ),
        info={"big": True},
    )


def downgrade():
    for name in ("tube_clock", "site_pace", "area_picture", "figure_cut"):
        op.drop_table(name)
