"""Reading for the worker: what is marked, what time alone changed, and whom that concerns."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from screening.coverage.queries import communities_of
from screening.db import fetch
from screening.places import queries as places
from screening.registry.queries import RoundPolicy, persons_by_cell, stores_of
from screening.registry.rules import GENERAL


def stores_in(policy: RoundPolicy) -> list[tuple[int, int]]:
    """(cell, community) wherever people of a round's communities are stored."""
    by_id = places.TREE.get().by_id
    return stores_of(by_id[i] for _cell, i in communities_of(policy))


def followed(
    cell: int, communities: Collection[int], *, since: datetime | None
) -> set[tuple[int, int]]:
    """(cell, community) where people of these communities count now: those merged into others,
    and those who moved on after `since`. What is told of their swabs is marked where they were."""
    rows = fetch(
        "SELECT DISTINCT coalesce(into_cell, cell_id), coalesce(into_id, person_id) "
        "FROM person_move WHERE cell_id = %s AND from_community = ANY(%s) "
        "AND (into_id IS NOT NULL OR at >= %s)",
        (cell, list(communities), since),
    )
    return {(c, row.community_id) for (c, _), row in persons_by_cell(rows).items()}


class Mark(NamedTuple):
    cell_id: int
    round_id: int
    community_id: int
    mark_id: int


def list_marks(limit: int) -> list[Mark]:
    """Marks that wait. Only these are deleted afterwards: what comes later is a mark of its own."""
    rows = fetch(
        "SELECT cell_id, round_id, community_id, mark_id FROM dirty WHERE cell_id = ANY(%s) "
        "LIMIT %s /* fan-out: the worker empties the list of every cell */",
        ([0, *places.cells_under("/")], limit),
    )
    return [Mark(*r) for r in rows]


def list_aged(round_ids: Sequence[int], *, at: datetime) -> list[tuple[int, int]]:
    """(cell, round) in which a tube became late since the rollup was counted."""
    cells = places.cells_under("/")
    counted = dict(
        ((r[0], r[1]), r[2])
        for r in fetch(
            "SELECT cell_id, round_id, max(as_of) FROM stage_count WHERE cell_id = ANY(%s) "
            "AND round_id = ANY(%s) GROUP BY cell_id, round_id /* fan-out: worker */",
            (cells, list(round_ids)),
        )
    )
    rows = fetch(
        "SELECT cell_id, round_id, max(due_at) FROM tube WHERE cell_id = ANY(%s) "
        "AND round_id = ANY(%s) AND due_at <= %s GROUP BY cell_id, round_id /* fan-out: worker */",
        (cells, list(round_ids), at),
    )
    return [(c, r) for c, r, due in rows if (c, r) not in counted or due > counted[c, r]]


def list_passed(policy: RoundPolicy, *, at: datetime) -> set[tuple[int, int]]:
    """(cell, community) whose numbers changed by time alone since they were counted: a promise ran
    out, or somebody's time in a cohort began or ended. (Exemptions are ended by their own job.)"""
    counted = (
        "JOIN person p USING (cell_id, person_id) JOIN coverage c ON c.cell_id = p.cell_id "
        "AND c.area_id = p.community_id AND c.round_id = %(round)s WHERE k.cell_id = ANY(%(cells)s)"
    )
    asked = {
        "cells": places.cells_under("/"),
        "round": policy.round_id,
        "at": at,
        "everybody": GENERAL in policy.cohorts,
        "cohorts": sorted(policy.cohorts),
    }
    found = fetch(
        f"SELECT DISTINCT p.cell_id, p.community_id FROM contact k {counted} "
        "AND k.round_id = %(round)s AND k.until <= %(at)s AND k.until > c.as_of /* fan-out: worker */",
        asked,
    )
    if policy.cohorts:
        found += fetch(
            f"SELECT DISTINCT p.cell_id, p.community_id FROM person_cohort k {counted} "
            "AND (%(everybody)s OR k.cohort = ANY(%(cohorts)s)) "
            "AND (k.valid_from <= %(at)s AND k.valid_from > c.as_of "
            "OR k.valid_to <= %(at)s AND k.valid_to > c.as_of) /* fan-out: worker */",
            asked,
        )
    return {(cell, community) for cell, community in found}


def list_signed_unfrozen() -> list[tuple[int, datetime]]:
    """Rounds that were signed off and whose numbers of that moment are not kept yet."""
    rows = fetch(
        "SELECT r.round_id, r.signed_at FROM round r WHERE r.signed_at IS NOT NULL "
        "AND NOT EXISTS (SELECT 1 FROM coverage_cut c WHERE c.round_id = r.round_id "
        "AND c.cut_off = r.signed_at) ORDER BY r.round_id"
    )
    return [(r[0], r[1]) for r in rows]
