"""Inbound lists, their lines and what was done with them; merges of persons with their reasons.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
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
        "inbound_list",
        sa.Column("list_id", sa.BigInteger(), autoincrement=False, nullable=False),
        _text("kind"),
        _text("title"),
        _text("source"),
        _number("area_id"),
        sa.Column("hours", sa.SmallInteger(), nullable=False),
        _moment("received_at"),
        _moment("due_at"),
        _text("state"),
        _bytes("sealed", nullable=True),
        _bytes("file_hash"),
        _number("total"),
        _number("good"),
        sa.Column("faults", postgresql.JSONB(), nullable=False),
        _number("made_by"),
        _moment("made_at"),
        sa.PrimaryKeyConstraint("list_id", name=op.f("pk_inbound_list")),
    )
    op.create_index("ix_inbound_list_file", "inbound_list", ["file_hash"])
    op.create_table(
        "inbound_item",
        sa.Column("item_id", sa.BigInteger(), autoincrement=False, nullable=False),
        _number("list_id"),
        _bytes("mark"),
        _number("row"),
        _bytes("sealed", nullable=True),
        _text("matched"),
        _number("person_cell", nullable=True),
        _number("person_id", nullable=True),
        _number("area_id"),
        _text("employer", nullable=True),
        _moment("due_at"),
        _number("taken_by", nullable=True),
        _moment("taken_at", nullable=True),
        _text("outcome", nullable=True),
        _number("done_by", nullable=True),
        _moment("done_at", nullable=True),
        _number("raised_to", nullable=True),
        _moment("raise_at", nullable=True),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_inbound_item")),
        sa.ForeignKeyConstraint(
            ["list_id"], ["inbound_list.list_id"], name=op.f("fk_inbound_item_list_id")
        ),
    )
    op.create_index("uq_inbound_item_mark", "inbound_item", ["list_id", "mark"], unique=True)
    op.create_index("ix_inbound_item_area", "inbound_item", ["area_id", "item_id"])
    op.create_index(
        "ix_inbound_item_raise",
        "inbound_item",
        ["raise_at"],
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_table(
        "inbound_act",
        sa.Column("act_id", sa.BigInteger(), autoincrement=False, nullable=False),
        _number("item_id"),
        _text("act"),
        _text("outcome", nullable=True),
        _number("area_id", nullable=True),
        _number("made_by", nullable=True),
        _moment("at"),
        sa.PrimaryKeyConstraint("act_id", name=op.f("pk_inbound_act")),
        sa.ForeignKeyConstraint(
            ["item_id"], ["inbound_item.item_id"], name=op.f("fk_inbound_act_item_id")
        ),
    )
    op.create_index("ix_inbound_act_item", "inbound_act", ["item_id", "act_id"])
    op.create_table(
        "person_merge",
        sa.Column("merge_id", sa.BigInteger(), autoincrement=False, nullable=False),
        _number("twin_cell"),
        _number("twin_id"),
        _number("into_cell"),
        _number("into_id"),
        _text("reason"),
        _text("state"),
        _number("asked_by"),
        _moment("asked_at"),
        _number("decided_by", nullable=True),
        _moment("decided_at", nullable=True),
        _number("undone_by", nullable=True),
        _moment("undone_at", nullable=True),
        _text("undone_why", nullable=True),
        _moment("left_at", nullable=True),
        _number("move_id", nullable=True),
        sa.PrimaryKeyConstraint("merge_id", name=op.f("pk_person_merge")),
    )
    op.create_index("ix_person_merge_twin", "person_merge", ["twin_id"])
    op.create_index("ix_person_merge_into", "person_merge", ["into_id"])
    op.create_index(
        "ix_person_merge_open",
        "person_merge",
        ["merge_id"],
        postgresql_where=sa.text("state = 'waiting'"),
    )


def downgrade():
    op.drop_table("person_merge")
    op.drop_table("inbound_act")
    op.drop_table("inbound_item")
    op.drop_table("inbound_list")
