"""Interpretation rules: versions with their limits and sources, a proposal, an approval."""

from __future__ import annotations

import json
from typing import Any

from flask import flash, redirect, request, url_for

from screening import clock
from screening.accounts.guard import CITY, current_actor, require
from screening.accounts.roles import EVERYWHERE
from screening.errors import Fault, Problem
from screening.i18n import _, current_lang
from screening.lab.pages.frame import bp, me, shown, undo
from screening.lab.rule_sets import BadRuleSet
from screening.lab.scopes import APPROVERS, READERS, RULERS
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
        "own": actor.staff_id,
        "draft": json.dumps(chosen["body"], ensure_ascii=False, indent=2) if chosen else "",
    }


def version_view(v: Version, at: Any) -> dict[str, Any]:
    if v.valid_from is None:
        order, tone, state = 1, "look", _("待批准")
    elif v.in_force(at):
        order, tone, state = 0, "ok", _("生效中")
    elif v.valid_from > at:
        order, tone, state = 1, "unknown", _("将生效")
    else:
        order, tone, state = 2, "unknown", _("已被取代")
    cohorts = [f"{cohort_word(c)} < {ct:g}" for c, ct in v.rule.cohort_cutoffs.items()]
    return {
        **v._asdict(),
        "rule": v.rule,
        "cohorts": cohorts,
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


def parsed(draft: str) -> dict[str, Any]:
    """The JSON object that was typed. Raises BadRuleSet with the place of the mistake."""
    try:
        body = json.loads(draft)
    except json.JSONDecodeError as wrong:
        raise BadRuleSet(why=f"JSON {wrong.lineno}:{wrong.colno}") from None
    if not isinstance(body, dict):
        raise BadRuleSet(why="JSON {…}")
    return body


@bp.post("/lab/rule-sets/<int:rule_id>/approve")
@require(*APPROVERS)
def approve_rule_set(rule_id: int) -> Any:
    """Put a proposed version into force from now on."""
    service.approve(rule_id, by=me(), at=clock.now())
    flash(_("新版本已生效；已布的板仍按原版本判读。"), "ok")
    return redirect(url_for(".rule_sets"), 303)
