"""What is kept: tubes in racks and boxes, and which lot of a kit was opened when.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

OPEN = sa.text("ended_at IS NULL")


def _moment(name, nullable=False):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _number(name, nullable=False):
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _text(name, nullable=False):
    return sa.Column(name, sa.Text(), nullable=nullable)


def upgrade():
    op.create_table(
        "archive_stay",
        _number("cell_id"),
        _number("stay_id"),
        _number("lab_id"),
        _text("barcode"),
        _number("tube_cell"),
        _number("tube_round"),
        _text("rack"),
        _text("box"),
        sa.Column("place", sa.SmallInteger(), nullable=False),
        _number("put_by"),
        _moment("put_at"),
        _number("asked_by", nullable=True),
        _moment("asked_at", nullable=True),
        _text("asked_why", nullable=True),
        _number("ended_by", nullable=True),
        _moment("ended_at", nullable=True),
        _text("ended_how", nullable=True),
        sa.PrimaryKeyConstraint("cell_id", "stay_id", name=op.f("pk_archive_stay")),
        info={"big": True},
    )
    tube = ["cell_id", "lab_id", "barcode"]
    op.create_index("ix_archive_stay_tube", "archive_stay", tube, unique=False)
    op.create_index(
        "uq_archive_stay_tube", "archive_stay", tube, unique=True, postgresql_where=OPEN
    )
    op.create_index(
        "uq_archive_stay_place", "archive_stay", ["cell_id", "lab_id", "rack", "box", "place"],
        unique=True, postgresql_where=OPEN,
    )  # fmt: skip
    op.create_table(
        "kit_lot",
        _number("cell_id"),
        _number("lot_id"),
        _number("lab_id"),
        _text("name"),
        _text("lot"),
        _moment("since"),
        _number("opened_by"),
        sa.PrimaryKeyConstraint("cell_id", "lot_id", name=op.f("pk_kit_lot")),
        info={"big": True},
    )
    op.create_index(
        "ix_kit_lot_lab", "kit_lot", ["cell_id", "lab_id", "name", "since"], unique=False
    )


def downgrade():
    op.drop_table("kit_lot")
    op.drop_table("archive_stay")
