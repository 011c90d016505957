"""The bulk helper writes array texts by hand: what goes in must come out, whatever it contains."""

from datetime import UTC, datetime

import pytest

from screening.db import fetch, insert, new_id

AWKWARD = [
    "",
    "NULL",
    "null",
    '"',
    "\\",
    '\\"',
    "{}",
    "{a,b}",
    ",",
    " a ",
    "李·四",
    "'; --",
    "\t",
    "𠮷\n",
]


def test_awkward_texts_come_out_as_they_went_in(db_session):
    rows = [(f"{i}:{text}", i) for i, text in enumerate(AWKWARD)]
    insert("place_revision", ("what", "version"), rows)
    for text, i in rows:
        assert fetch("SELECT version FROM place_revision WHERE what = %s", (text,)) == [(i,)]


@pytest.mark.parametrize("text", AWKWARD)
def test_documents_nothing_and_bytes_come_out_too(db_session, text):
    at = datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)
    row = (7, new_id(), at, text, None, {text or "k": [text, None, 1.5]}, b'\x00\\"\xff')
    columns = ("cell_id", "audit_id", "at", "action", "subject", "detail", "chain")
    insert("audit", columns, [row])
    picked = fetch(
        f"SELECT {', '.join(columns)} FROM audit WHERE cell_id = 7 AND audit_id = %s",
        (row[1],),
    )
    assert picked == [row]
