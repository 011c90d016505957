"""The bench: its steps, the tray of files, ranks, and an index over what stands at a laboratory.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def _moment(name, nullable=False):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _number(name, nullable=False):
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _text(name, nullable=False):
    return sa.Column(name, sa.Text(), nullable=nullable)


def upgrade():
    op.create_index(
        "ix_tube_bench", "tube", ["cell_id", "lab_id", "stage"], unique=False,
        postgresql_where=sa.text("stage BETWEEN 6 AND 9"),
    )  # fmt: skip
    op.create_table(
        "bench_step",
        _number("cell_id"),
        _number("step_id"),
        _number("lab_id"),
        _number("staff_id"),
        _number("plate_id", nullable=True),
        _text("kind"),
        _text("barcode", nullable=True),
        _text("wells"),
        _moment("at"),
        _moment("undone_at", nullable=True),
        sa.PrimaryKeyConstraint("cell_id", "step_id", name=op.f("pk_bench_step")),
        info={"big": True},
    )
    op.create_index(
        "ix_bench_step_staff", "bench_step", ["cell_id", "lab_id", "staff_id", "step_id"]
    )
    op.create_index("ix_bench_step_plate", "bench_step", ["cell_id", "plate_id", "step_id"])
    op.create_table(
        "tray_file",
        _number("cell_id"),
        _number("file_id"),
        _number("lab_id"),
        sa.Column("file_hash", sa.LargeBinary(), nullable=False),
        _text("name"),
        _text("why"),
        sa.Column("told", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        _text("state"),
        _number("came_by"),
        _moment("came_at"),
        _number("plate_id", nullable=True),
        _number("run_id", nullable=True),
        _text("reason", nullable=True),
        _number("asked_by", nullable=True),
        _number("ended_by", nullable=True),
        _moment("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("cell_id", "file_id", name=op.f("pk_tray_file")),
        info={"big": True},
    )
    op.create_index(
        "uq_tray_file_waiting", "tray_file", ["cell_id", "lab_id", "file_hash"], unique=True,
        postgresql_where=sa.text("state = 'waiting'"),
    )  # fmt: skip
    op.create_index("ix_tray_file_lab", "tray_file", ["cell_id", "lab_id", "file_id"])
    op.create_table(
        "bench_rank",
        _number("cell_id"),
        _number("round_id"),
        sa.Column("barcode", sa.Text(), nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("cell_id", "round_id", "barcode", name=op.f("pk_bench_rank")),
        info={"big": True},
    )


def downgrade():
    for table in ("bench_rank", "tray_file", "bench_step"):
        op.drop_table(table)
    op.drop_index("ix_tube_bench", "tube")
