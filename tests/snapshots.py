"""Keeps the memory of reference tables exact in tests, and cheap: asked again only after a commit.

The project holds such a table for a second (places/snapshots.py). A test may not wait for that, and
would otherwise read the table at each question: half the time of the grand walk. PostgreSQL says
which transactions a statement sees; while those are the same, so are the rows.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from screening.db import fetch
from screening.places.snapshots import Snapshot

_load_anew = Snapshot._reload
_seen: dict[int, Hashable] = {}


def exact() -> None:
    kind: Any = Snapshot
    kind._reload, kind._same = _reload, _same


def _moment() -> str | None:
    """The transactions whose rows are seen now; None while one's own has written."""
    text, clean = fetch(
        "SELECT pg_current_snapshot()::text, pg_current_xact_id_if_assigned() IS NULL"
    )[0]
    return text if clean else None


def _reload(held: Snapshot[Any]) -> Any:
    _seen[id(held)] = _moment()
    return _load_anew(held)


def _same(held: Snapshot[Any], _revision: Hashable) -> bool:
    seen = _seen.get(id(held))
    return seen is not None and seen == _moment()
