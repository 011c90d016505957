"""Alembic's environment: the schema of the application, without the partitions of rounds."""

import re

from alembic import context
from flask import current_app

from screening import schema

PARTITION = re.compile(r"_r\d+$")


def include(obj, name, kind, reflected, compare_to):
    """Partitions are made by the application when a round is made, not by migrations."""
    table = name if kind == "table" else getattr(getattr(obj, "table", None), "name", "")
    return not (reflected and PARTITION.search(table or ""))


def run_migrations() -> None:
    engine = current_app.extensions["migrate"].db.engine
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=schema.metadata,
            include_object=include,
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()


run_migrations()
