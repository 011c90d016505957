"""Interpretation rules: versions with their limits and sources, a proposal, an approval."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from flask import flash, redirect, request, url_for

from screening import clock
from screening.accounts.guard import CITY, current_actor, require
from screening.accounts.roles import EVERYWHERE
from screening.errors import Fault, Problem
from screening.forms import undo
from screening.i18n import _, current_lang
from screening.lab import words
from screening.lab.judgement.dry_run import DAYS, MOST_DAYS, field_changes, only_of
from screening.lab.pages.frame import bp, me, outcome_badge, said, shown, state_badge
from screening.lab.queries import dry_runs as trials
from screening.lab.queries import list_labs
from screening.lab.queries.dry_runs import TrialRow
from screening.lab.rules import rule_form
from screening.lab.rules.rule_sets import BadRuleSet, to_dict
from screening.lab.scopes import APPROVERS, READERS, RULERS
from screening.lab.service import dry_runs
from screening.lab.service import rule_sets as service
from screening.lab.service.rule_sets import Version
from screening.registry.rules import COHORTS


@bp.get("/lab/rule-sets")
@require(*READERS)
def rule_sets() -> Any:
    """Every version; what is in force first."""
    return shown("lab/rule_sets.html", **rules_view())


def rules_view() -> dict[str, Any]:
    actor, at = current_actor(), clock.now()
    found = [version_view(v, at) for v in service.list_versions()]
    found.sort(key=lambda v: (v["order"], v["name"], -v["version"]))
    base = request.args.get("base", type=int)
    chosen = next((v for v in found if v["rule_id"] == base), found[0] if found else None)
    return {
        "versions": found,
        "may_propose": actor.may(RULERS, EVERYWHERE),
        "may_approve": bool(actor.roles & set(APPROVERS)),
        "may_try": bool(actor.roles & {*RULERS, *APPROVERS}),
        "own": actor.staff_id,
        "draft": json.dumps(chosen["body"], ensure_ascii=False, indent=2) if chosen else "",
    }


def version_view(v: Version, at: Any) -> dict[str, Any]:
    if v.valid_from is None:
        order, tone, state = 1, "look", _("待批准")
    elif v.in_force(at):
        order, tone, state = 0, "ok", _("生效中")
    elif v.valid_from > at and (v.valid_to is None or v.valid_to > v.valid_from):
        order, tone, state = 1, "unknown", _("将生效")
    else:
        order, tone, state = 2, "unknown", _("已被取代")
    controls = v.rule.controls
    clean = _("无任何信号") if controls.clean_from is None else f"≥ {controls.clean_from:g}"
    cohorts = [f"{cohort_word(c)} < {ct:g}" for c, ct in v.rule.cohort_cutoffs.items()]
    return {
        **v._asdict(),
        "rule": v.rule,
        "cohorts": cohorts,
        "positive_control": f"≤ {controls.positive_max_ct:g}",
        "negative_control": clean,
        "order": order,
        "tone": tone,
        "state": state,
    }


def cohort_word(code: str) -> str:
    word = COHORTS.get(code)
    if word is None:
        return code
    return word.en if current_lang() == "en" else word.zh


@bp.post("/lab/rule-sets")
@require(*RULERS, at=CITY)
def propose_rule_set() -> Any:
    """The next version, from its text; somebody else approves it."""
    draft = request.form.get("body", "")[:40_000]
    try:
        service.propose(parsed(draft), by=me(), at=clock.now())
    except Problem as problem:
        sentence, _none = undo(problem)
        values = rules_view() | {"draft": draft}
        faults = [Fault(problem, field="body")]
        return shown(
            "lab/rule_sets.html", problem.status, sentence=sentence, faults=faults, **values
        )
    flash(_("已提出新版本，等待另一人批准。"), "ok")
    return redirect(url_for(".rule_sets"), 303)


@bp.get("/lab/rule-sets/<int:rule_id>/draft")
@require(*RULERS, at=CITY)
def draft_rule_set(rule_id: int) -> Any:
    """A version's numbers as fields, to propose the next one from."""
    base = service.get_version(rule_id)
    return shown("lab/rule_draft.html", **draft_view(base))


def draft_view(base: Version) -> dict[str, Any]:
    body = to_dict(base.rule)
    cohorts = [{"path": f"cohort_cutoffs.{c}", "word": cohort_word(c)} for c in COHORTS]
    return {"base": base, "values": rule_form.values(body, COHORTS), "cohorts": cohorts}


@bp.post("/lab/rule-sets/<int:rule_id>/draft")
@require(*RULERS, at=CITY)
def propose_draft(rule_id: int) -> Any:
    """The next version, from the fields; what follows is its dry run."""
    base = service.get_version(rule_id)
    typed = {k: v[:4_000] for k, v in request.form.items()}
    try:
        body = rule_form.read(to_dict(base.rule), typed, COHORTS)
        made = service.propose(body, by=me(), at=clock.now())
    except Problem as problem:
        sentence, faults = undo(problem)
        view = draft_view(base)
        view["values"] |= {k: v for k, v in typed.items() if k in view["values"]}
        return shown(
            "lab/rule_draft.html", problem.status, sentence=sentence, faults=faults, **view
        )
    flash(_("已提出新版本，等待另一人批准。"), "ok")
    return redirect(url_for(".dry_run_page", rule_id=made.rule_id), 303)


def parsed(draft: str) -> dict[str, Any]:
    """The JSON object that was typed. Raises BadRuleSet with the place of the mistake."""
    try:
        body = json.loads(draft)
    except json.JSONDecodeError as wrong:
        raise BadRuleSet(why=f"JSON {wrong.lineno}:{wrong.colno}") from None
    except (ValueError, RecursionError):  # a number of thousands of digits, brackets without end
        raise BadRuleSet(why="JSON") from None
    if not isinstance(body, dict):
        raise BadRuleSet(why="JSON {…}")
    return body


@bp.get("/lab/rule-sets/<int:rule_id>/dry-run")
@require(*RULERS, *APPROVERS)
def dry_run_page(rule_id: int) -> Any:
    """What a proposed version would change: in its numbers, and in past results."""
    return shown("lab/dry_run.html", **dry_run_view(rule_id))


@bp.post("/lab/rule-sets/<int:rule_id>/dry-run")
@require(*RULERS, *APPROVERS)
def make_dry_run(rule_id: int) -> Any:
    """Judge past runs by it; nothing of them changes."""
    days = request.form.get("days", type=int)
    try:
        dry_runs.make(rule_id, by=me(), at=clock.now(), days=DAYS.value if days is None else days)
    except dry_runs.TooFarBack as problem:
        sentence, _none = undo(problem)
        values = dry_run_view(rule_id) | {"days": days, "sentence": sentence}
        faults = [Fault(problem, field="days")]
        return shown("lab/dry_run.html", problem.status, faults=faults, **values)
    return redirect(url_for(".dry_run_page", rule_id=rule_id), 303)


def dry_run_view(rule_id: int) -> dict[str, Any]:
    actor, at = current_actor(), clock.now()
    found = service.get_version(rule_id)
    base_id = service.replaced_by(found, at)
    base = service.get_version(base_id) if base_id and base_id != rule_id else None
    trial = next(iter(trials.list_trials(rule_id)), None)
    labs = {x.lab_id: x.name for x in list_labs(actor.places((*RULERS, *APPROVERS)))}
    may = bool(actor.roles & set(APPROVERS)) and found.made_by != actor.staff_id
    return {
        "version": version_view(found, at),
        "base": base,
        "fields": [f._asdict() for f in field_changes(base.body if base else {}, found.body)],
        "trial": trial,
        "report": trial_view(trial, labs) if trial else None,
        "fresh": trial is not None and service.is_fresh(found, trial.trial_id, at),
        "may_approve": may and found.valid_from is None,
        "days": DAYS.value,
        "most_days": MOST_DAYS.value,
    }


def trial_view(trial: TrialRow, labs: dict[int, str]) -> dict[str, Any]:
    found = only_of(trial.report, labs)
    lines = [
        {
            "lab": labs[ln.lab_id],
            "plate": ln.plate,
            "well": ln.well,
            "barcode": ln.barcode,
            "old": outcome_word(ln.old),
            "new": outcome_word(ln.new),
            "cts": " ".join(f"{t} {ct:g}" for t, ct in ln.cts.items() if ct is not None),
            "why": "；".join(said(words.REASONS, r) for r in ln.reasons),
            "at": datetime.fromisoformat(ln.at),
            "href": url_for(".run", lab_id=ln.lab_id, run_id=ln.run_id),
        }
        for ln in found["lines"]
    ]
    plates = [
        {
            "lab": labs[p.lab_id],
            "plate": p.plate,
            "old": state_badge(words.RUN_STATES, p.old),
            "new": state_badge(words.RUN_STATES, p.new),
            "tubes": p.tubes,
            "why": "；".join(
                said({**words.CONTROL_FAULTS, **words.DIFFERENCES}, f) for f in p.faults
            ),
            "href": url_for(".run", lab_id=p.lab_id, run_id=p.run_id),
        }
        for p in found["plates"]
    ]
    elsewhere = found["changed"] - len(found["lines"])
    return {**found, "lines": lines, "plates": plates, "elsewhere": elsewhere}


def outcome_word(outcome: int | None) -> dict[str, Any]:
    if outcome is None:
        return {"tone": "unknown", "text": _("不判读"), "sort": 0}
    return outcome_badge(outcome)


@bp.post("/lab/rule-sets/<int:rule_id>/approve")
@require(*APPROVERS)
def approve_rule_set(rule_id: int) -> Any:
    """Put a proposed version into force from now on, on the dry run that was looked at."""
    trial = request.form.get("trial_id", type=int)
    service.approve(rule_id, by=me(), at=clock.now(), trial_id=trial)
    flash(_("新版本已生效；已上机的板仍按原版本判读。"), "ok")
    return redirect(url_for(".rule_sets"), 303)
