"""Figures of persons: coverage, exemptions, key groups, reminders."""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import cached_property
from typing import Any

from screening.bulletins.gathering.frame import ALL_CELLS, Frame
from screening.bulletins.rules import HOUR
from screening.coverage import equation
from screening.coverage.groups import rows_of_groups
from screening.coverage.queries import children_of, coverage_of
from screening.coverage.rules import MISSED, CoverageRow, total
from screening.db import by_cell, fetch
from screening.figures.queries.groups import list_groups
from screening.places.rules import COMMUNITY
from screening.registry.queries import stores_of
from screening.registry.rules import EXEMPTIONS
from screening.reminders.queries import LEFT
from screening.reminders.rules import SAMPLED_WITHIN


class People:
    """What is counted once and stands in several blocks."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame

    @cached_property
    def parts(self) -> dict[str, CoverageRow]:
        """The equation of each area below; counted when a block first asks."""
        return self._count()

    @cached_property
    def whole(self) -> CoverageRow:
        return total(self.frame.node.area_id, self.parts.values())

    @cached_property
    def swabs(self) -> list[tuple[int | None, int, int, bool, int, int, list[int] | None]]:
        return self._swabs()

    def _count(self) -> dict[str, CoverageRow]:
        """The equation of each area below, counted from persons at the cut-off."""
        f = self.frame
        if f.node.level >= COMMUNITY:
            found = children_of(f.node.area_id, f.round_id, at=f.at)
            rows = {n.name: r for n, r in found}
            if len(rows) == len(found) and rows:
                return rows
            return {f.node.name: coverage_of(f.node.area_id, f.round_id, at=f.at)}
        groups: dict[str, list[CoverageRow]] = defaultdict(list)
        for cell, group in by_cell(sorted(stores_of(f.communities.values()))):
            for row in equation.count_communities(cell, f.round_id, [c for _, c in group], at=f.at):
                groups[f.part(f.communities[row.area_id].path)].append(row)
        return {name: total(0, groups[name]) for name in f.names if name in groups}

    def _swabs(self) -> list[tuple[int | None, int, int, bool, int, int, list[int] | None]]:
        """(site, community, void, of record, swabs, in the last hour, samplers of that hour)."""
        f = self.frame
        return fetch(
            "SELECT site_id, community_id, void, of_record, count(*), "
            "count(*) FILTER (WHERE at > %(since)s), "
            "array_agg(DISTINCT staff_id) FILTER (WHERE at > %(since)s) FROM specimen "
            "WHERE cell_id = ANY(%(cells)s) AND round_id = %(round)s "
            f"AND (site_id = ANY(%(sites)s) OR community_id = ANY(%(homes)s)) GROUP BY 1, 2, 3, 4 {ALL_CELLS}",
            {
                "since": f.at - HOUR, "cells": f.every_cell, "round": f.round_id,
                "sites": list(f.sites), "homes": list(f.communities),
            },
        )  # fmt: skip


def coverage(p: People) -> list[dict[str, Any]]:
    f = p.frame
    reminded, outside = _reminded(f), _outside(p)
    rows = []
    for name, r in p.parts.items():
        rows.append({
            "area": name, "registered": r.registered, "residents": r.residents,
            "floating": r.floating, "unsaid": r.unsaid, "register": r.register, "exempt": r.exempt, "due": r.due,
            "reached": r.reached, "rate": [r.reached, r.due], "missed": r.missed,
            "reminded": reminded.get(name, 0), "outside": outside.get(name, 0), "added": r.added,
            **{part: getattr(r, part) for part in MISSED},
        })  # fmt: skip
    return rows


def _outside(p: People) -> Counter[str]:
    """Persons from elsewhere, by where they were sampled; they count once, at home."""
    out: Counter[str] = Counter()
    for site, community, _void, of_record, n, *_rest in p.swabs:
        if of_record and site in p.frame.sites and community not in p.frame.communities:
            out[p.frame.part_of_site(site)] += n
    return out


def _reminded(f: Frame) -> Counter[str]:
    """Persons who are named in a message that went out, by where they live."""
    out: Counter[str] = Counter()
    for community, state, persons, _came in _messages(f):
        if state in SENT:
            out[f.part(f.communities[community].path)] += persons
    return out


SENT = ("sent", "delivered")
_MESSAGES = (
    "SELECT m.community_id, m.state, count(*), count(*) FILTER (WHERE EXISTS (SELECT FROM specimen s "
    "WHERE s.cell_id = (p.who ->> 0)::int8 AND s.round_id = %(round)s "
    "AND s.person_id = (p.who ->> 1)::int8 AND s.void = 0 AND s.at > m.sent_at "
    "AND s.at <= m.sent_at + %(within)s)) "
    "FROM wave w JOIN wave_message m ON m.wave_id = w.wave_id "
    "CROSS JOIN LATERAL jsonb_array_elements(m.persons) AS p (who) "
    "WHERE w.round_id = %(round)s AND m.cell_id = ANY(%(cells)s) "
    f"AND m.community_id = ANY(%(homes)s) GROUP BY 1, 2 {ALL_CELLS}"
)


def _messages(f: Frame) -> list[tuple[int, str, int, int]]:
    """(community, state, persons named, of them sampled within SAMPLED_WITHIN of the message)."""
    return fetch(
        _MESSAGES,
        {"round": f.round_id, "cells": f.cells, "homes": list(f.communities),
         "within": SAMPLED_WITHIN},
    )  # fmt: skip


def reminders(p: People) -> list[dict[str, Any]]:
    f = p.frame
    keys = ("asked", "sent", "delivered", "failed", "open", "came")
    rows = [
        (name, {"asked": r.missed}) for name, r in p.parts.items() if f.node.level < COMMUNITY
    ] or [(f.node.name, {"asked": p.whole.missed})]
    for community, state, persons, came in _messages(f):
        numbers = {"came": came if state in LEFT else 0}
        numbers["sent"] = persons if state in SENT else 0
        numbers["delivered"] = persons if state == "delivered" else 0
        numbers["failed"] = persons if state in ("failed", "bounced") else 0
        known = (*SENT, "failed", "bounced", "dropped")
        numbers["open"] = persons if state not in known else 0
        rows.append((f.part(f.communities[community].path), numbers))
    return f.by_part(rows, keys)


def exempt(p: People) -> list[dict[str, Any]]:
    return [{"code": f"exempt.{code}", "n": n} for code, n in p.whole.exempt_by.items()]


def exempt_word(code: str) -> tuple[str, str] | None:
    word = EXEMPTIONS.get(code)
    return (word.zh, word.en) if word else None


def groups(p: People) -> list[dict[str, Any]]:
    """Key groups by industry and employer; late are the missed once the round's window is over."""
    f = p.frame
    found = rows_of_groups(f.node, f.communities.values(), f.round_id, at=f.at)
    over = f.at > f.policy.ends_at
    return [
        {
            "group": f"cohort.{key}", "employer": employer, "every": "once", "due": r.due,
            "reached": r.reached, "rate": [r.reached, r.due], "late": r.missed if over else 0,
        }
        for (key, employer), r in sorted(found.items()) if key
    ]  # fmt: skip


def due(f: Frame) -> list[dict[str, Any]]:
    """Key groups by how often they are asked for, on the day of the cut-off: any round's swab
    counts. A rhythm stands in both languages, as it was worded then."""
    return [
        {
            "group": f"cohort.{g.cohort}", "employer": g.employer, "rhythm": list(g.rhythm[:2]),
            "due": g.due, "done": g.done, "rate": [g.done, g.due], "late": g.late,
        }
        for g in list_groups(f.node.area_id, f.at)
    ]  # fmt: skip
