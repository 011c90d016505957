"""Dry runs: past runs judged again by a proposed rule set. No run, call, tube or alert changes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec
from psycopg.types.json import Jsonb

from screening.accounts.audit import note
from screening.db import insert, new_id
from screening.errors import Problem
from screening.lab import queries
from screening.lab.judgement import dry_run
from screening.lab.judgement.dry_run import DAYS, MOST_DAYS, MOST_RUNS, Past
from screening.lab.judgement.judging import Judgement, judge
from screening.lab.plates import plate_plan
from screening.lab.queries import LabRow, RunRow, dry_runs
from screening.lab.queries.dry_runs import TrialRow
from screening.lab.readers.run import WellReading
from screening.lab.rules.rule_sets import RuleSet
from screening.lab.service import rule_sets
from screening.lab.service.rule_sets import AlreadyApproved, Version
from screening.tube.queries import list_tubes


class TooFarBack(Problem):
    status = 422
    code = "dry_run_too_far"
    zh = "试判范围为 1 至 {most} 天。"
    en = "A dry run looks back 1 to {most} days."


def make(rule_id: int, *, by: int, at: datetime, days: int = DAYS.value) -> TrialRow:
    """Judge the runs of the last `days` by a proposed version and keep what would have changed.

    Compared is what a run's own version says of the same readings and members today, so that
    every difference is the rules'. Raises AlreadyApproved, TooFarBack."""
    found = rule_sets.get_version(rule_id)
    if found.valid_from is not None:
        raise AlreadyApproved()
    if not 1 <= days <= MOST_DAYS.value:
        raise TooFarBack(most=MOST_DAYS.value)
    since = at - timedelta(days=days)
    versions = _peers(found)
    labs = dry_runs.all_labs()
    runs, left_out = dry_runs.runs_judged_by(
        list(versions), {x.cell_id for x in labs.values()}, since, MOST_RUNS.value
    )
    judged = _judged(found.rule, runs, labs, {i: v.rule for i, v in versions.items()})
    made = dry_run.report(judged, left_out=left_out)
    trial = TrialRow(
        new_id(),
        rule_id,
        rule_sets.replaced_by(found, at),
        by,
        at,
        since,
        msgspec.to_builtins(made),
    )
    insert("rule_trial", TrialRow._fields, [trial._replace(body=Jsonb(trial.body))])  # type: ignore[arg-type]
    note("rule_set_tried", "rule_set", rule_id, staff_id=by)
    return trial


def _peers(found: Version) -> dict[int, Version]:
    """The approved versions whose runs this one could have judged: its name's and its kit's."""
    kit = found.body["kit"]
    return {
        v.rule_id: v
        for v in rule_sets.list_versions()
        if v.valid_from is not None and (v.name == found.name or v.body["kit"] == kit)
    }


def _judged(
    proposed: RuleSet,
    runs: list[RunRow],
    labs: dict[int, LabRow],
    own: dict[int, RuleSet],
) -> Iterator[tuple[Past, Judgement, Judgement]]:
    for found in runs:
        plate = queries.get_plate(labs[found.lab_id], found.plate_id)
        wells = queries.list_wells(plate)
        tubes = list_tubes({w.barcode: w.key for w in wells.values()}.values())
        about = queries.contents(tubes, found.imported_at)
        plan = plate_plan.plan(plate.layout, {w: r.barcode for w, r in wells.items()}, about)
        readings = msgspec.convert(queries.get_readings(found), list[WellReading], strict=False)
        said = found.verdict.get("plate")
        old, new = (
            judge(rule, plan, readings, size=plate.size, code=plate.code, said=said)
            for rule in (own[found.rule_id], proposed)
        )
        past = Past(found.lab_id, found.run_id, plate.code, found.imported_at.isoformat())
        yield past, old, new
