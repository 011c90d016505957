"""Tubes that were positive at first screening, by the release and before it by the alert."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from screening.db import by_cell, fetch
from screening.lab.rules.well_rules import Outcome
from screening.ledger.sight import Sight
from screening.places import queries as places
from screening.reporting import rules as reporting
from screening.tube.rules import Purpose

POSITIVE = int(Outcome.POSITIVE)
STANDS = ("released", "resampled")  # settlements of an alert after which the signal still stands
POOLS = ("pool_positive", "single_positive")


class PositiveTube(NamedTuple):
    """A tube that is positive at first screening; `stage` says how far it has come."""

    cell_id: int
    barcode: str
    site_id: int | None
    lab_id: int | None
    stage: int
    members: int
    pool_size: int
    mode: int
    channel: str | None
    opened_at: datetime | None


def list_positive(round_id: int, sight: Sight) -> list[PositiveTube]:
    """Tubes of the sites within sight whose newest released result is positive, or, before a
    release, whose alert says so and still stands. Re-checks of called-back persons are left out."""
    told = _called(round_id, sight) | _alerted(round_id, sight)
    out: list[PositiveTube] = []
    for cell, group in by_cell([(c, barcode, stands) for (c, barcode), stands in told.items()]):
        out += _decided(cell, round_id, {b: stands for _, b, stands in group}, sight)
    return sorted(out, key=lambda t: (t.cell_id, t.barcode))


def _alerted(round_id: int, sight: Sight) -> dict[tuple[int, str], bool]:
    """{(cell, tube): whether a positive signal about it still stands}."""
    rows = fetch(
        "SELECT cell_id, barcode, bool_or(settled_at IS NULL OR settled_how = ANY(%s)) FROM alert "
        "WHERE cell_id = ANY(%s) AND round_id = %s AND outcome = %s GROUP BY cell_id, barcode "
        "/* fan-out: the few alerts of a round's sites */",
        (list(STANDS), sight.cells, round_id, POSITIVE),
    )
    return {(cell, barcode): stands for cell, barcode, stands in rows}


def _called(round_id: int, sight: Sight) -> dict[tuple[int, str], bool]:
    """Tubes whose members were called back: a correction may say positive without an alert."""
    rows = fetch(
        "SELECT DISTINCT tube_cell, barcode FROM callback WHERE cell_id = ANY(%s) "
        "AND round_id = %s AND tube_cell = ANY(%s) AND reason = ANY(%s) "
        "/* fan-out: a pool's members may live anywhere, callbacks are few */",
        ([0, *places.cells_under("/")], round_id, sight.cells, list(POOLS)),
    )
    return {(cell, barcode): False for cell, barcode in rows}


def _decided(
    cell: int, round_id: int, signals: dict[str, bool], sight: Sight
) -> list[PositiveTube]:
    rows = fetch(
        "SELECT t.cell_id, t.barcode, t.site_id, t.lab_id, t.stage, t.members, t.pool_size, "
        "t.mode, t.channel, t.opened_at, t.home_cells, (SELECT r.outcome FROM result r "
        "WHERE r.cell_id = t.cell_id AND r.round_id = t.round_id AND r.barcode = t.barcode "
        "ORDER BY r.version DESC LIMIT 1) FROM tube t "
        "WHERE t.cell_id = %s AND t.round_id = %s AND t.barcode = ANY(%s)",
        (cell, round_id, sorted(signals)),
    )
    found: list[tuple[PositiveTube, list[int]]] = []
    for r in rows:
        tube, homes, released = PositiveTube(*r[:10]), r[10], r[11]
        stands = signals[tube.barcode] if released is None else released == POSITIVE
        if stands and sight.sees(tube.site_id, tube.lab_id):
            found.append((tube, homes))
    again = _rechecks(round_id, {h for _, homes in found for h in homes},
                      [t.barcode for t, _ in found])  # fmt: skip
    return [t for t, _ in found if t.barcode not in again]


def _rechecks(round_id: int, homes: Collection[int], barcodes: list[str]) -> set[str]:
    """Of these tubes, those that hold a called-back person's swab."""
    rows = fetch(
        "SELECT DISTINCT barcode FROM specimen WHERE cell_id = ANY(%s) AND round_id = %s "
        "AND barcode = ANY(%s) AND purpose = %s",
        (sorted(homes), round_id, barcodes, int(Purpose.RECHECK)),
    )
    return {r[0] for r in rows} if barcodes else set()


class Callbacks(NamedTuple):
    """Called-back persons of an area: running, past the deadline unsampled, sampled and waiting,
    closed as negative or positive, closed otherwise."""

    open: int = 0
    late: int = 0
    sampled: int = 0
    negative: int = 0
    positive: int = 0
    other: int = 0


def count_callbacks(
    round_id: int | None, cells: list[int], communities: list[int], *, at: datetime
) -> Callbacks:
    """The callbacks of people who live in these communities; of every round where none is named."""
    rows = fetch(
        "SELECT count(*) FILTER (WHERE state = ANY(%(running)s)), "
        "count(*) FILTER (WHERE state = %(open)s AND due_at < %(at)s), "
        "count(*) FILTER (WHERE state = %(sampled)s), "
        "count(*) FILTER (WHERE state = %(closed)s AND outcome = %(negative)s), "
        "count(*) FILTER (WHERE state = %(closed)s AND outcome = %(positive)s), "
        "count(*) FILTER (WHERE state = %(closed)s AND coalesce(outcome, 0) "
        "NOT IN (%(negative)s, %(positive)s)) FROM callback "
        "WHERE cell_id = ANY(%(cells)s) AND community_id = ANY(%(communities)s) "
        "AND (%(round)s::int8 IS NULL OR round_id = %(round)s) "
        "/* fan-out: the few callbacks of an area */",
        {
            "running": list(reporting.RUNNING), "open": reporting.OPEN, "at": at,
            "sampled": reporting.SAMPLED, "closed": reporting.CLOSED, "positive": POSITIVE,
            "negative": int(Outcome.NEGATIVE), "cells": cells, "communities": communities,
            "round": round_id,
        },
    )  # fmt: skip
    return Callbacks(*rows[0])
