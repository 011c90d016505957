"""Reading the tubes that stand open at a site: what a desk may go on with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from screening.db import fetch
from screening.tube.rules import Stage

_NAMES = ("barcode", "round_id", "members", "pool_size", "mode", "opened_at")


def list_open(cell: int, site_id: int, rounds: Sequence[int]) -> list[dict[str, Any]]:
    """Open tubes of a site, the youngest first."""
    rows = fetch(
        f"SELECT {', '.join(_NAMES)} FROM tube WHERE cell_id = %s AND round_id = ANY(%s) "
        "AND site_id = %s AND stage = %s ORDER BY opened_at DESC LIMIT 50",
        (cell, list(rounds), site_id, int(Stage.OPEN)),
    )
    return [dict(zip(_NAMES, r, strict=True)) for r in rows]
