"""Reading what was added to a round after it began: exemptions by code and by whom, and when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from screening.coverage.missed_rules import jumps
from screening.coverage.queries import cells_of, communities_under
from screening.db import fetch
from screening.places.queries import Node
from screening.registry.queries import RoundPolicy


class Grant(NamedTuple):
    """Exemptions granted within one hour after the start: their code and who granted them
    (None: the system, for somebody awaiting a re-check). `ended`: of them, those taken back."""

    code: str
    made_by: int | None
    hour: datetime
    granted: int
    ended: int


def list_grants(node: Node, policy: RoundPolicy, *, at: datetime) -> list[Grant]:
    """Grants that count for the round, made after it began, for people of the area."""
    if policy.started_at is None:
        return []
    rows = fetch(
        "SELECT code, made_by, date_trunc('hour', made_at), count(*), "
        "count(*) FILTER (WHERE ended_at <= %(at)s) FROM exemption "
        "WHERE cell_id = ANY(%(cells)s) AND community_id = ANY(%(communities)s) "
        "AND round_id IN (0, %(round)s) AND made_at > %(start)s AND made_at <= %(at)s "
        "GROUP BY 1, 2, 3 ORDER BY 1, 2, 3 /* fan-out: an area's sum over its cells */",
        {
            "cells": cells_of(node),
            "communities": [n.area_id for n in communities_under(node)],
            "round": policy.round_id, "start": policy.started_at, "at": at,
        },
    )  # fmt: skip
    return [Grant(*r) for r in rows]


class Granted(NamedTuple):
    """Grants of one code, or of one person; `jump` is the hour that stands out, if any."""

    key: str | int | None
    granted: int
    ended: int
    parts: dict[str, int]  # by code (of a person) or by staff id as text (of a code)
    jump: datetime | None
    jump_of: int


def by_code(grants: Iterable[Grant]) -> list[Granted]:
    return _sum(grants, "code", "made_by")


def by_whom(grants: Iterable[Grant]) -> list[Granted]:
    return _sum(grants, "made_by", "code")


def _sum(grants: Iterable[Grant], key: str, part: str) -> list[Granted]:
    grants = list(grants)
    out = []
    for value in dict.fromkeys(getattr(g, key) for g in grants):
        own = [g for g in grants if getattr(g, key) == value]
        hours: Counter[datetime] = Counter()
        parts: Counter[str] = Counter()
        for g in own:
            hours[g.hour] += g.granted
            parts[str(getattr(g, part) or "")] += g.granted
        found = max(jumps(hours), key=lambda h: hours[h], default=None)
        out.append(
            Granted(
                value, sum(hours.values()), sum(g.ended for g in own), dict(parts.most_common()),
                found, hours[found] if found else 0,
            )
        )  # fmt: skip
    return sorted(out, key=lambda g: (-g.granted, str(g.key)))


def staff_of(grants: Collection[Grant]) -> set[int]:
    return {g.made_by for g in grants if g.made_by}
