"""A kept file as rows, chunk by chunk."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from screening.crypto import KeyRing
from screening.places import queries as places
from screening.places.readers.tables import Table, open_table
from screening.registry.readers.columns import find_columns
from screening.registry.readers.register import RegisterReader
from screening.registry.service.imports.held import Import, content_of
from screening.registry.service.persons import ring

CHUNK = 5000


class Source(NamedTuple):
    """An opened file: its rows, who reads them, under whose keys."""

    table: Table
    reader: RegisterReader
    sealed_by: KeyRing


def open_source(held: Import, *, at: datetime) -> Source:
    """A kept file, ready to be read. Raises ImportGone."""
    table = open_table(content_of(held.import_id))
    scope = places.area_path(held.area_id) if held.area_id else "/"
    tree = places.TREE.get().by_code
    reader = RegisterReader(find_columns(table.header), len(table.header), tree, scope, at.date())
    return Source(table, reader, ring())


def chunks(rows: Iterable[list[str]]) -> Iterator[list[tuple[int, list[str]]]]:
    """Numbered rows, CHUNK at a time; the first row of the file is its header."""
    numbered = enumerate(rows, start=2)
    while chunk := list(itertools.islice(numbered, CHUNK)):
        yield chunk
