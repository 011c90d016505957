"""What keeps a run back: its content counted once, originals, clocks of plates, holds, decisions.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _moment(name, nullable=False):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _number(name, nullable=False):
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def upgrade():
    op.add_column("run", sa.Column("content_hash", sa.LargeBinary(), nullable=True))
    op.create_index(
        "uq_run_content", "run", ["cell_id", "lab_id", "content_hash"], unique=True,
        postgresql_where=sa.text("state IN ('evaluated', 'invalid')"),
    )  # fmt: skip
    op.add_column("review", sa.Column("desk", sa.LargeBinary(), nullable=True))
    op.create_table(
        "original",
        _number("cell_id"),
        _number("lab_id"),
        sa.Column("file_hash", sa.LargeBinary(), nullable=False),
        _number("size"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        _number("kept_by"),
        _moment("kept_at"),
        sa.PrimaryKeyConstraint("cell_id", "lab_id", "file_hash", name=op.f("pk_original")),
        info={"big": True},
    )
    op.create_table(
        "plate_start",
        _number("cell_id"),
        _number("plate_id"),
        _number("lab_id"),
        _number("round_id"),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("instrument", sa.Text(), nullable=True),
        _number("started_by"),
        _moment("started_at"),
        _moment("due_at"),
        _moment("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("cell_id", "plate_id", name=op.f("pk_plate_start")),
        info={"big": True},
    )
    op.create_index(
        "ix_plate_start_due", "plate_start", ["cell_id", "due_at"], unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )  # fmt: skip
    op.create_table(
        "run_hold",
        _number("cell_id"),
        _number("hold_id"),
        _number("lab_id"),
        _number("run_id"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("told", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        _moment("opened_at"),
        _number("asked_by", nullable=True),
        _moment("asked_at", nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        _number("lifted_by", nullable=True),
        _moment("lifted_at", nullable=True),
        sa.PrimaryKeyConstraint("cell_id", "hold_id", name=op.f("pk_run_hold")),
        info={"big": True},
    )
    op.create_index("uq_run_hold_kind", "run_hold", ["cell_id", "run_id", "kind"], unique=True)
    op.create_index("ix_run_hold_lab", "run_hold", ["cell_id", "lab_id", "opened_at"], unique=False)
    op.create_table(
        "lab_hour",
        _number("cell_id"),
        _number("lab_id"),
        _moment("hour"),
        _number("tubes"),
        _number("signals"),
        sa.PrimaryKeyConstraint("cell_id", "lab_id", "hour", name=op.f("pk_lab_hour")),
        info={"big": True},
    )
    op.create_table(
        "decision",
        _number("cell_id"),
        _number("run_id"),
        sa.Column("barcode", sa.Text(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        _number("by"),
        _moment("at"),
        sa.PrimaryKeyConstraint("cell_id", "run_id", "barcode", name=op.f("pk_decision")),
        info={"big": True},
    )


def downgrade():
    for table in ("decision", "lab_hour", "run_hold", "plate_start", "original"):
        op.drop_table(table)
    op.drop_column("review", "desk")
    op.drop_index("uq_run_content", "run")
    op.drop_column("run", "content_hash")
