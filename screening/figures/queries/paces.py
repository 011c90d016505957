"""Reading the pace of sites and the clocks of links from their rollups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from screening.db import fetch
from screening.figures.forecast import PACE_SLOTS, slot_of
from screening.figures.standing import LINKS, Clock, read_clock
from screening.ledger.sight import Sight
from screening.places import queries as places

FEW = "/* fan-out: small rows of a rollup */"


def list_behind() -> list[tuple[int, int]]:
    """(cell, round) whose tubes were counted anew since their pace was."""
    cells = [0, *places.cells_under("/")]
    rows = fetch(
        "SELECT s.cell_id, s.round_id FROM (SELECT cell_id, round_id, max(as_of) AS as_of "
        "FROM stage_count WHERE cell_id = ANY(%s) GROUP BY 1, 2) s LEFT JOIN "
        "(SELECT cell_id, round_id, max(as_of) AS as_of FROM site_pace WHERE cell_id = ANY(%s) "
        "GROUP BY 1, 2) p ON p.cell_id = s.cell_id AND p.round_id = s.round_id "
        f"WHERE p.as_of IS NULL OR p.as_of < s.as_of ORDER BY 1, 2 {FEW}",
        (cells, cells),
    )
    return [(r[0], r[1]) for r in rows]


class Slot(NamedTuple):
    """What the sites of an area closed, and what of it was released, in ten minutes."""

    slot: int
    tubes: int
    persons: int
    released: int
    resulted: int


def list_slots(round_id: int, sight: Sight) -> list[Slot]:
    rows = fetch(
        "SELECT slot, sum(tubes)::int8, sum(persons)::int8, sum(released)::int8, "
        "sum(resulted)::int8 FROM site_pace WHERE cell_id = ANY(%s) AND round_id = %s "
        f"AND (%s OR site_id = ANY(%s)) GROUP BY slot ORDER BY slot {FEW}",
        (sight.cells, round_id, sight.everywhere, sight.sites),
    )
    return [Slot(*r) for r in rows]


def list_home_slots(
    round_id: int, cells: list[int], communities: Collection[int]
) -> dict[int, int]:
    """{slot: swabs of record} of the people of a few communities, wherever they were swabbed."""
    rows = fetch(
        "SELECT floor(extract(epoch FROM at) / 600)::int8, count(*) FROM specimen "
        "WHERE cell_id = ANY(%s) AND round_id = %s AND community_id = ANY(%s) AND of_record "
        "GROUP BY 1 /* fan-out: the one cell of a community */",
        (cells, round_id, list(communities)),
    )
    return dict(rows)


class SitePaceRow(NamedTuple):
    """A site's last hour: persons, slots in which it worked, tables that closed a tube in the
    last two slots; `best` persons an hour that one table reached at most."""

    site_id: int
    persons: int
    tables: int
    best: float
    first: int
    last: int


def list_site_paces(round_id: int, sight: Sight, *, at: datetime) -> dict[int, SitePaceRow]:
    now = slot_of(at)
    rows = fetch(
        "SELECT site_id, coalesce(sum(persons) FILTER (WHERE slot >= %(first)s "
        "AND slot < %(now)s), 0)::int8, coalesce(max(tables) FILTER (WHERE slot >= %(now)s - 2), 0), "
        "coalesce(max(persons * 6.0 / tables) FILTER (WHERE tables > 0), 0)::float8, "
        "coalesce(min(slot) FILTER (WHERE tubes > 0), 0), "
        "coalesce(max(slot) FILTER (WHERE tubes > 0), 0) "
        "FROM site_pace WHERE cell_id = ANY(%(cells)s) AND round_id = %(round)s "
        f"AND (%(everywhere)s OR site_id = ANY(%(sites)s)) GROUP BY site_id {FEW}",
        {
            "first": now - int(PACE_SLOTS.value), "now": now, "cells": sight.cells,
            "round": round_id, "everywhere": sight.everywhere, "sites": sight.sites,
        },
    )  # fmt: skip
    return {r[0]: SitePaceRow(*r) for r in rows}


def clocks_of(round_id: int, sight: Sight) -> dict[str, Clock]:
    """How long tubes took from link to link: collect, deliver, test (with the release), all."""
    rows = fetch(
        "SELECT link, minutes, sum(tubes)::int8 FROM tube_clock WHERE cell_id = ANY(%s) "
        f"AND round_id = %s AND (%s OR site_id = ANY(%s)) GROUP BY 1, 2 {FEW}",
        (sight.cells, round_id, sight.everywhere, sight.sites),
    )
    found: dict[str, dict[int, int]] = defaultdict(dict)
    for link, minutes, n in rows:
        found[LINKS[link]][minutes] = n
    clocks = {link: read_clock(histogram) for link, histogram in found.items()}
    return {link: clock for link, clock in clocks.items() if clock is not None}
