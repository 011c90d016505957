"""Wells against tubes of one laboratory, with what is odd about them."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from screening.i18n import ZONE
from screening.lab import plate_plan, queries
from screening.lab.queries import LabRow
from screening.lab.queries.well_counts import list_days, list_runs_of
from screening.lab.service import rule_sets
from screening.lab.wells_audit import DayCount, RunCount


class Audit(NamedTuple):
    """`day`: whose runs are listed; each count stands with its flags."""

    lab: LabRow
    day: date
    days: list[tuple[DayCount, list[str]]]
    runs: list[tuple[RunCount, list[str]]]


def audit(lab_id: int, *, at: datetime, day: date | None = None) -> Audit:
    """The last days, and every run of one of them (the latest with results by default)."""
    lab = queries.get_lab(lab_id)
    days = list_days(lab, at)
    day = day or (days[0].day if days else at.astimezone(ZONE).date())
    runs = list_runs_of(lab, day)
    needed = {
        rule: plate_plan.wells_per_tube(rule_sets.get_version(rule).rule)
        for rule in {r.rule_id for r in runs}
    }
    return Audit(
        lab,
        day,
        [(d, d.flags(lab.capacity)) for d in days],
        [(r, r.flags(needed[r.rule_id])) for r in runs],
    )
