"""The rounds of the own areas, and the plan of one."""

from __future__ import annotations

from typing import Any

from flask import render_template, url_for

from screening.accounts.guard import OWN_ROWS, current_actor, require
from screening.accounts.roles import EVERYBODY
from screening.i18n import _
from screening.places import queries as places
from screening.registry import desk_queries as desk
from screening.registry import rules
from screening.registry.pages.choices import area_name
from screening.registry.pages.frame import bp, typed, word
from screening.registry.queries import RoundPolicy, get_policy
from screening.registry.rules import COHORTS, LIMITS, MODES, STATE_WORDS, ZONE_KINDS, PoolRule
from screening.registry.scopes import ROUND, ROUND_MAKERS

TONES = {"sampling": "ok", "finishing": "look", "closing": "look"}


@bp.get("/rounds")
@require(*EVERYBODY, at=OWN_ROWS)
def list_rounds() -> Any:
    """Rounds that concern the own scope, newest first."""
    actor = current_actor()
    rows = [round_line(p) for p in desk.list_rounds(actor.places(EVERYBODY))]
    return render_template(
        "registry/rounds.html", rows=rows, may_make=bool(actor.places(ROUND_MAKERS))
    )


def round_line(policy: RoundPolicy) -> dict[str, Any]:
    kind = _("重点人群") if policy.kind == "cohort" else _("区域筛查")
    mine = current_actor().may(ROUND_MAKERS, desk.place_of_round(policy.round_id))
    return {
        "name": {"text": policy.name, "sub": _("演练") if policy.drill else ""},
        "kind": kind,
        "state": badge(policy),
        "starts_at": policy.starts_at,
        "ends_at": policy.ends_at,
        "started_at": policy.started_at,
        "href": url_for(".show_round", round_id=policy.round_id) if mine else "",
    }


def badge(policy: RoundPolicy) -> dict[str, str]:
    return {
        "tone": TONES.get(policy.state, "unknown"),
        "text": word(STATE_WORDS[rules.RoundState(policy.state)]),
    }


@bp.get("/rounds/<int:round_id>/plan")
@require(*ROUND_MAKERS, at=ROUND)
def show_round(round_id: int) -> Any:
    """One round: scope, rules, limits, and what may be done with it now."""
    return render_template("registry/round.html", **round_view(round_id))


def round_view(round_id: int) -> dict[str, Any]:
    policy = get_policy(round_id)
    scope = desk.round_scope(round_id)
    lab_names = {r.lab_id: r.name for r in places.list_labs([places.EVERYWHERE], limit=500)}
    return {
        "round": policy,
        "state": badge(policy),
        "areas": [area_name(a) for a, _name in scope.areas],
        "sites": [
            {"name": name, "lab": lab_names.get(lab or 0, "")} for _site, name, lab in scope.sites
        ],
        "cohorts": [word(COHORTS[c]) for c in sorted(policy.cohorts)],
        "limits": [
            {"stage": word(v), "minutes": policy.limits[k], "source": v.source}
            for k, v in LIMITS.items()
        ],
        "rules": [rule_line(r) for r in policy.pool_rules],
        "may": {act: rules.may(policy.state, act) for act in rules.ACTS},
        "end_typed": typed(policy.ends_at),
    }


def rule_line(rule: PoolRule) -> dict[str, Any]:
    whom = _("所有其他人员")
    if rule.cohort:
        whom = word(COHORTS[rule.cohort])
    elif rule.zone:
        whom = word(ZONE_KINDS[rule.zone])
    return {
        "whom": whom,
        "mode": word(MODES[rule.mode]),
        "capacity": rule.capacity,
        "source": rule.source,
    }
