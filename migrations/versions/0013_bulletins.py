"""Bulletins with their addenda, exported files with their pieces.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def _number(name, nullable=False):
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _text(name, nullable=False):
    return sa.Column(name, sa.Text(), nullable=nullable)


def _moment(name, nullable=False):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _bytes(name, nullable=False):
    return sa.Column(name, sa.LargeBinary(), nullable=nullable)


def upgrade():
    op.create_table(
        "bulletin",
        sa.Column("bulletin_id", sa.BigInteger(), autoincrement=False, nullable=False),
        _text("kind"),
        _number("round_id"),
        _number("area_id"),
        _number("number"),
        _text("subject", nullable=True),
        _moment("cut_off"),
        _moment("made_at"),
        _number("made_by", nullable=True),
        _bytes("body"),
        _bytes("sealed", nullable=True),
        _bytes("digest"),
        sa.PrimaryKeyConstraint("bulletin_id", name=op.f("pk_bulletin")),
    )
    op.create_index(
        "uq_bulletin_number", "bulletin", ["round_id", "area_id", "kind", "number"], unique=True
    )
    op.create_table(
        "bulletin_addendum",
        _number("bulletin_id"),
        _number("seq"),
        _moment("made_at"),
        _number("made_by"),
        _bytes("body"),
        _bytes("digest"),
        sa.ForeignKeyConstraint(
            ["bulletin_id"],
            ["bulletin.bulletin_id"],
            name=op.f("fk_bulletin_addendum_bulletin_id"),
        ),
        sa.PrimaryKeyConstraint("bulletin_id", "seq", name=op.f("pk_bulletin_addendum")),
    )
    op.create_table(
        "export_file",
        sa.Column("export_id", sa.BigInteger(), autoincrement=False, nullable=False),
        _text("kind"),
        _number("area_id"),
        sa.Column("args", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        _text("format"),
        _text("lang"),
        sa.Column("unmasked", sa.Boolean(), nullable=False),
        _text("reason", nullable=True),
        _text("state"),
        _number("job_id", nullable=True),
        _number("total"),
        _number("done"),
        _number("size"),
        _number("made_by"),
        _moment("made_at"),
        _moment("ended_at", nullable=True),
        _moment("expires_at"),
        sa.PrimaryKeyConstraint("export_id", name=op.f("pk_export_file")),
    )
    op.create_index("ix_export_file_made_by", "export_file", ["made_by", "made_at"], unique=False)
    op.create_table(
        "export_piece",
        _number("export_id"),
        _number("seq"),
        _bytes("body"),
        sa.ForeignKeyConstraint(
            ["export_id"], ["export_file.export_id"], name=op.f("fk_export_piece_export_id")
        ),
        sa.PrimaryKeyConstraint("export_id", "seq", name=op.f("pk_export_piece")),
    )


def downgrade():
    for table in ("export_piece", "export_file", "bulletin_addendum", "bulletin"):
        op.drop_table(table)
