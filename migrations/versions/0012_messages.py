"""Receipts of messages, the pace of a channel, hours of buildings.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("wave", sa.Column("fields", postgresql.JSONB(), nullable=True))
    op.add_column("wave_message", sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("wave_message", sa.Column("settled_by", sa.BigInteger(), nullable=True))
    op.execute(
        "UPDATE wave_message SET sent_at = at WHERE state IN ('sent', 'delivered') "
        "/* fan-out: once, for messages sent before */"
    )
    op.create_index(
        "ix_outbox_open",
        "outbox",
        ["cell_id", "due_at"],
        postgresql_where=sa.text("state IN (4, 5)"),
    )
    op.create_table(
        "sms_ref",
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("cell_id", sa.BigInteger(), nullable=True),
        sa.Column("outbox_id", sa.BigInteger(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_sms_ref")),
    )
    op.create_table(
        "sms_pace",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_sms_pace")),
    )
    op.create_table(
        "building_slot",
        sa.Column("cell_id", sa.BigInteger(), nullable=False),
        sa.Column("round_id", sa.BigInteger(), nullable=False),
        sa.Column("building_id", sa.BigInteger(), nullable=False),
        sa.Column("community_id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(
            "cell_id", "round_id", "building_id", name=op.f("pk_building_slot")
        ),
    )


def downgrade():
    op.drop_table("building_slot")
    op.drop_table("sms_pace")
    op.drop_table("sms_ref")
    op.drop_index("ix_outbox_open", "outbox")
    op.drop_column("wave_message", "settled_by")
    op.drop_column("wave_message", "sent_at")
    op.drop_column("wave", "fields")
