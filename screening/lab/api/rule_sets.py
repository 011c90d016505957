"""Rule sets over HTTP: proposed, tried on past runs, approved."""

from __future__ import annotations

from typing import Any

from screening import clock
from screening.accounts.guard import CITY, current_actor, require
from screening.lab import queries
from screening.lab.api.frame import bp, me
from screening.lab.judgement import dry_run
from screening.lab.queries import dry_runs as trials
from screening.lab.queries.dry_runs import TrialRow
from screening.lab.schemas import rule_sets as s
from screening.lab.scopes import (
    APPROVERS,
    READERS,
    RULERS,
)
from screening.lab.service import dry_runs, rule_sets
from screening.openapi import gives, takes


@bp.get("/rule-sets")
@require(*READERS)
@gives(s.RuleVersionSchema, many=True)
def list_rule_sets() -> Any:
    """Every version of every rule set, proposed ones too."""
    return rule_sets.list_versions()


@bp.post("/rule-sets")
@require(*RULERS, at=CITY)
@takes(s.ProposalSchema)
@gives(s.RuleVersionSchema, 201)
def propose_rule_set(args: dict[str, Any]) -> Any:
    """Propose the next version; it does nothing until somebody else approves it."""
    return rule_sets.propose(args["body"], by=me(), at=clock.now())


@bp.post("/rule-sets/<int:rule_id>/approve")
@require(*APPROVERS)
@takes(s.ApprovalSchema)
@gives(s.RuleVersionSchema)
def approve_rule_set(rule_id: int, args: dict[str, Any]) -> Any:
    """Put a proposed version into force, now or later; never one's own, and only on a dry run."""
    return rule_sets.approve(rule_id, by=me(), at=clock.now(), **args)


@bp.post("/rule-sets/<int:rule_id>/dry-runs")
@require(*RULERS, *APPROVERS)
@takes(s.DryRunInSchema)
@gives(s.DryRunSchema, 201)
def make_dry_run(rule_id: int, args: dict[str, Any]) -> Any:
    """Judge the runs of the last days by a proposed version: what would have changed. No result,
    tube or alert is touched; tubes are listed of one's own laboratories, the counts are of all."""
    return told(dry_runs.make(rule_id, by=me(), at=clock.now(), **args))


@bp.get("/rule-sets/<int:rule_id>/dry-runs")
@require(*RULERS, *APPROVERS)
@gives(s.DryRunSchema, many=True)
def list_dry_runs(rule_id: int) -> Any:
    """The dry runs of a version, newest first."""
    rule_sets.get_version(rule_id)
    return [told(t) for t in trials.list_trials(rule_id)]


def told(trial: TrialRow) -> dict[str, Any]:
    labs = {x.lab_id for x in queries.list_labs(current_actor().places((*RULERS, *APPROVERS)))}
    return {**trial._asdict(), **dry_run.only_of(trial.report, labs)}
