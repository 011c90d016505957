"""Wells against tubes of one laboratory, with what is odd about them."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from screening.accounts.audit import note
from screening.db import insert
from screening.errors import Problem
from screening.i18n import ZONE
from screening.lab import queries
from screening.lab.plates import plate_plan
from screening.lab.plates.wells_audit import DayCount, RunCount
from screening.lab.queries import LabRow
from screening.lab.queries.well_counts import DAYS, list_days, list_runs_of
from screening.lab.service import rule_sets

MOST = 10_000_000  # house; no laboratory runs more in a day


class Audit(NamedTuple):
    """`day`: whose runs are listed; each count stands with its flags."""

    lab: LabRow
    day: date
    days: list[tuple[DayCount, list[str]]]
    runs: list[tuple[RunCount, list[str]]]


class BadUse(Problem):
    status = 422
    code = "bad_use"
    zh = "请填写过去 {days} 天内的日期，以及不小于零的孔数和试剂人份。"
    en = "Give a day of the last {days}, and numbers of wells and reactions not below zero."


def tell(lab_id: int, *, day: date, wells: int, reactions: int, by: int, at: datetime) -> None:
    """Put on record what was used on a day; what was told before stays beside it. Raises BadUse."""
    lab = queries.get_lab(lab_id)
    age = (at.astimezone(ZONE).date() - day).days
    if not 0 <= age < DAYS or not 0 <= wells <= MOST or not 0 <= reactions <= MOST:
        raise BadUse(days=DAYS)
    columns = ("cell_id", "lab_id", "day", "told_at", "told_by", "wells", "reactions")
    insert("lab_use", columns, [(lab.cell_id, lab_id, day, at, by, wells, reactions)])
    note("lab_use_told", "lab", lab_id, cell=lab.cell_id, staff_id=by)


def days_of(lab: LabRow, *, at: datetime) -> list[tuple[DayCount, list[str]]]:
    """The last days of a laboratory, each with what is odd about it."""
    return [(d, d.flags(lab.capacity)) for d in list_days(lab, at)]


def audit(lab_id: int, *, at: datetime, day: date | None = None) -> Audit:
    """The last days, and every run of one of them (the latest with results by default)."""
    lab = queries.get_lab(lab_id)
    days = days_of(lab, at=at)
    day = day or (days[0][0].day if days else at.astimezone(ZONE).date())
    runs = list_runs_of(lab, day)
    needed = {
        rule: plate_plan.wells_per_tube(rule_sets.get_version(rule).rule)
        for rule in {r.rule_id for r in runs}
    }
    return Audit(
        lab,
        day,
        days,
        [(r, r.flags(needed[r.rule_id])) for r in runs],
    )
