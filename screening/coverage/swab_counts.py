"""The counter of swabs: by community, site, sampler and what became of them, so that no page has to
read the swabs themselves. Counted whole for every marked community, as its coverage is."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from screening.db import fetch, run

_ARGS = "WHERE cell_id = %(cell)s AND round_id = %(round)s AND community_id = ANY(%(communities)s)"
_KEY = "community_id, site_id, staff_id, void, of_record"
_COUNTED = (
    "SELECT community_id, coalesce(site_id, 0) AS site_id, coalesce(staff_id, 0) AS staff_id, void, "
    f"of_record, count(*) AS swabs, max(at) AS last_at FROM specimen {_ARGS} GROUP BY 1, 2, 3, 4, 5"
)
_STORED = f"SELECT {_KEY}, swabs, last_at FROM swab_count {_ARGS}"


def recount(cell: int, round_id: int, communities: Collection[int]) -> None:
    """Count the swabs of these communities of one cell anew."""
    args = _args(cell, round_id, communities)
    run(f"DELETE FROM swab_count {_ARGS}", args)
    run(
        f"INSERT INTO swab_count (cell_id, round_id, {_KEY}, swabs, last_at) "
        f"SELECT %(cell)s, %(round)s, q.* FROM ({_COUNTED}) q",
        args,
    )


def differing(cell: int, round_id: int, communities: Collection[int]) -> list[int]:
    """The communities whose counter is not what their swabs say."""
    rows = fetch(
        f"SELECT DISTINCT community_id FROM (({_COUNTED} EXCEPT {_STORED}) "
        f"UNION ALL ({_STORED} EXCEPT {_COUNTED})) q ORDER BY 1",
        _args(cell, round_id, communities),
    )
    return [r[0] for r in rows]


def _args(cell: int, round_id: int, communities: Collection[int]) -> dict[str, object]:
    return {"cell": cell, "round": round_id, "communities": sorted(communities)}


class SwabRow(NamedTuple):
    """Swabs alike by site, community and fate; `recent` of them by samplers who took one of these
    after the asked moment, and who those are."""

    site_id: int | None
    community_id: int
    void: int
    of_record: bool
    swabs: int
    recent: int
    staff: list[int] | None


def list_swabs(
    round_id: int,
    cells: Collection[int],
    *,
    sites: Collection[int],
    communities: Collection[int],
    since: datetime,
) -> list[SwabRow]:
    """Swabs taken at these sites, or of people of these communities, as they were counted last."""
    rows = fetch(
        "SELECT nullif(site_id, 0), community_id, void, of_record, sum(swabs)::int8, "
        "coalesce(sum(swabs) FILTER (WHERE last_at > %(since)s), 0)::int8, "
        "array_agg(DISTINCT nullif(staff_id, 0)) FILTER (WHERE last_at > %(since)s) "
        "FROM swab_count WHERE cell_id = ANY(%(cells)s) AND round_id = %(round)s "
        "AND (site_id = ANY(%(sites)s) OR community_id = ANY(%(homes)s)) GROUP BY 1, 2, 3, 4 "
        "/* fan-out: people are sampled where they do not live; a few small rows a community */",
        {
            "since": since, "cells": list(cells), "round": round_id, "sites": list(sites),
            "homes": list(communities),
        },
    )  # fmt: skip
    return [SwabRow(*r) for r in rows]
