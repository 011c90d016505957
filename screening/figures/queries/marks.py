"""Whether anything that an area's picture is counted from has moved: one small text to compare."""

from __future__ import annotations

from screening.coverage.queries import cells_of, get_node
from screening.db import fetch


def mark_of(round_id: int, area_id: int) -> str:
    """The newest times and numbers of the sources of an area; the same while nothing moved."""
    node = get_node(area_id)
    cells = cells_of(node)
    rows = fetch(
        "SELECT (SELECT max(as_of) FROM coverage WHERE cell_id = ANY(%(cells)s) "
        "AND round_id = %(round)s), (SELECT max(as_of) FROM stage_count "
        "WHERE cell_id = ANY(%(cells)s) AND round_id = %(round)s), "
        "(SELECT max(as_of) FROM site_pace WHERE cell_id = ANY(%(cells)s) "
        "AND round_id = %(round)s), "
        "(SELECT count(*) || ' ' || count(seen_at) FROM alert WHERE cell_id = ANY(%(cells)s) "
        "AND round_id = %(round)s AND settled_at IS NULL), "
        "(SELECT count(*) || ' ' || count(sampled_at) || ' ' || count(closed_at) FROM callback "
        "WHERE cell_id = ANY(%(cells)s) AND round_id = %(round)s), "
        "(SELECT count(*) || ' ' || max(opened_at)::text FROM ticket "
        "WHERE cell_id = ANY(%(cells)s) AND state IN ('open', 'solved')), "
        "(SELECT count(*) FROM batch WHERE cell_id = ANY(%(cells)s) AND round_id = %(round)s), "
        "(SELECT max(since) FROM batch WHERE cell_id = ANY(%(cells)s) AND round_id = %(round)s), "
        "(SELECT state FROM round WHERE round_id = %(round)s) "
        "/* fan-out: small rows of rollups, and the few that wait */",
        {"cells": cells, "round": round_id},
    )
    return "|".join(str(v) for v in rows[0])
