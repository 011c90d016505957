"""Keeps the memory of reference tables exact in tests, and cheap: asked again only after a commit.

The project holds such a table for a second (places/snapshots.py). A test may not wait for that, and
would otherwise read the table at each question: half the time of the grand walk. PostgreSQL says
which transactions a statement sees, and the listener of tests/statements.py which tables this
process wrote to: while both are the same, so are the rows.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from screening.db import fetch
from screening.places.snapshots import Snapshot
from tests import statements

_load_anew = Snapshot._reload
_reads: dict[int, frozenset[str]] = {}  # the tables that a snapshot's own statements name
_seen: dict[int, Hashable] = {}


def exact() -> None:
    kind: Any = Snapshot
    kind._reload, kind._same = _reload, _same


def _moment(held: Snapshot[Any]) -> Hashable:
    """The transactions whose rows are seen now, and what was written, if only in one's own."""
    text, own = fetch("SELECT pg_current_snapshot()::text, pg_current_xact_id_if_assigned()::text")[
        0
    ]
    return text, own, sum(statements.writes[t] for t in _reads[id(held)])


def _reload(held: Snapshot[Any]) -> Any:
    if id(held) not in _reads:
        with statements.named() as tables:
            _load_anew(held)
        _reads[id(held)] = frozenset(tables)
    _seen[id(held)] = _moment(held)
    return _load_anew(held)


def _same(held: Snapshot[Any], _revision: Hashable) -> bool:
    seen = _seen.get(id(held))
    return seen is not None and seen == _moment(held)
