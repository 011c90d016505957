"""Rounds: list, form, one round and what may be done with it."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for

from screening import clock
from screening.accounts.guard import OWN_ROWS, current_actor, require
from screening.accounts.roles import EVERYBODY
from screening.errors import NotAllowed, Problem
from screening.i18n import _
from screening.places import queries as places
from screening.registry import desk_queries as desk
from screening.registry import rules
from screening.registry.api.rounds import check_areas
from screening.registry.pages.choices import area_name, area_tree, words
from screening.registry.pages.frame import bp, needed_moment, refused, text, typed, word
from screening.registry.queries import RoundPolicy, get_policy
from screening.registry.rules import COHORTS, LIMITS, MODES, STATE_WORDS, ZONE_KINDS, PoolRule
from screening.registry.scopes import AROUND_AREAS, ROUND, ROUND_MAKERS
from screening.registry.service import rounds
from screening.registry.service.rounds import Draft

TONES = {"sampling": "ok", "finishing": "look", "closing": "look"}
NOBODY = ""  # the choice “no rule of its own” for a cohort


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


@bp.get("/rounds/new")
@require(*ROUND_MAKERS, at=OWN_ROWS)
def new_round() -> Any:
    """The form of a new round, with the guide's own rules filled in."""
    return render_template("registry/round_form.html", old=None, **form_view())


@bp.get("/rounds/<int:round_id>/clone")
@require(*ROUND_MAKERS, at=ROUND)
def clone_form(round_id: int) -> Any:
    """The form of a new round after an old one: the same rules, a scope no wider."""
    old = get_policy(round_id)
    return render_template("registry/round_form.html", old=old, **form_view(filled_from(old)))


@bp.get("/rounds/<int:round_id>/edit")
@require(*ROUND_MAKERS, at=ROUND)
def edit_form(round_id: int) -> Any:
    """The form of a draft as it stands."""
    old = get_policy(round_id)
    filled = filled_from(old) | {
        "starts_at": typed(old.starts_at), "ends_at": typed(old.ends_at), "drill": old.drill
    }  # fmt: skip
    return render_template("registry/round_form.html", old=None, editing=old, **form_view(filled))


@bp.post("/rounds/<int:round_id>/edit")
@require(*ROUND_MAKERS, at=ROUND)
def edit_round(round_id: int) -> Any:
    """Replace the settings of a draft."""
    try:
        given = form_draft()
        check_areas(given.area_ids)
        rounds.edit(round_id, given)
    except NotAllowed:
        raise
    except Problem as problem:
        editing = get_policy(round_id)
        return refused(
            problem, "registry/round_form.html", old=None, editing=editing, **form_view()
        )
    return redirect(url_for(".show_round", round_id=round_id), 303)


def filled_from(old: RoundPolicy) -> dict[str, Any]:
    """What a form shows of a round."""
    scope = desk.round_scope(old.round_id)
    return {
        "name": old.name,
        "kind": old.kind,
        "area_ids": {a for a, _name in scope.areas},
        "cohorts": old.cohorts,
        "labs": {site: lab for site, _name, lab in scope.sites},
        "limits": old.limits,
        "pool_rules": old.pool_rules,
    }


def form_view(filled: dict[str, Any] | None = None) -> dict[str, Any]:
    """What the form offers, and what stands in it."""
    held = current_actor().places(ROUND_MAKERS)
    given = filled or form_given()
    chosen = given.get("pool_rules") or rules.DEFAULT_POOL_RULES
    by_zone = {r.zone: r for r in chosen if r.zone}
    by_cohort = {r.cohort: r for r in chosen if r.cohort}
    return {
        "form": {"name": text("name"), "starts_at": text("starts_at", 30),
                 "ends_at": text("ends_at", 30), "kind": "mass"} | given,
        "tree": area_tree(ROUND_MAKERS),
        "sites": places.list_sites(held, limit=500),
        "labs": [(r.lab_id, r.name) for r in places.list_labs(held, limit=500)],
        "cohorts": words(COHORTS),
        "modes": words(MODES),
        "limits": [
            {"key": k, "label": word(v), "source": v.source,
             "minutes": given.get("limits", {}).get(k, v.minutes)}
            for k, v in LIMITS.items()
        ],
        "zones": [
            {"key": k, "label": word(v), "rule": by_zone.get(k, v)}
            for k, v in ZONE_KINDS.items()
        ],
        "cohort_rules": [
            {"key": k, "label": label, "rule": by_cohort.get(k)}
            for k, label in words(COHORTS) if k != rules.GENERAL
        ],
        "everybody": next((r for r in chosen if not r.zone and not r.cohort), rules.OTHERWISE),
    }  # fmt: skip


def form_given() -> dict[str, Any]:
    """What was ticked and typed, so that a refused form comes back as it was."""
    if not request.form:
        return {}
    return {
        "area_ids": set(ids("area_ids")),
        "cohorts": set(request.form.getlist("cohorts")),
        "labs": form_sites(),
        "limits": form_limits(),
        "pool_rules": form_rules(),
        "kind": text("kind", 10),
    }


def ids(name: str) -> list[int]:
    return [int(v) for v in request.form.getlist(name) if v.isdecimal()]


def form_sites() -> dict[int, int | None]:
    return {s: request.form.get(f"lab.{s}", type=int) for s in ids("sites")}


def form_limits() -> dict[str, int]:
    found = {k: request.form.get(f"limit.{k}", type=int) for k in LIMITS}
    return {k: v for k, v in found.items() if v is not None}


def form_rules() -> list[PoolRule]:
    """The pool rules of the form: one a zone kind, those cohorts that have one, one for all."""
    found = [rule_of(f"cohort.{c}", cohort=c) for c in COHORTS]
    found += [rule_of(f"zone.{z}", zone=z) for z in ZONE_KINDS]
    found.append(rule_of("everybody"))
    return [r for r in found if r is not None]


def rule_of(field: str, zone: str | None = None, cohort: str | None = None) -> PoolRule | None:
    mode = text(f"{field}.mode", 20)
    if mode not in MODES:
        return None
    single = mode == rules.Mode.SINGLE
    capacity = 1 if single else request.form.get(f"{field}.capacity", 0, type=int)
    source = default_source(rules.Mode(mode), capacity, zone, cohort)
    return PoolRule(rules.Mode(mode), capacity, source, zone, cohort)


def default_source(mode: rules.Mode, capacity: int, zone: str | None, cohort: str | None) -> str:
    """The guide's name while the rule is the guide's; else the round's maker answers for it."""
    for r in rules.DEFAULT_POOL_RULES:
        if (r.mode, r.capacity, r.zone, r.cohort) == (mode, capacity, zone, cohort):
            return r.source
    return current_actor().staff_no


def form_draft() -> Draft:
    """Raises Faults for times that cannot be read."""
    return Draft(
        name=text("name", 60),
        starts_at=needed_moment("starts_at"),
        ends_at=needed_moment("ends_at"),
        area_ids=ids("area_ids"),
        kind="cohort" if text("kind", 10) == "cohort" else "mass",
        cohorts=request.form.getlist("cohorts"),
        sites=form_sites(),
        limits=form_limits(),
        pool_rules=form_rules(),
        drill=request.form.get("drill") == "1",
    )


@bp.post("/rounds")
@require(*ROUND_MAKERS, at=AROUND_AREAS)
def draft_round() -> Any:
    """A new round in state draft."""
    try:
        made = rounds.draft(form_draft(), by=current_actor())
    except Problem as problem:
        return refused(problem, "registry/round_form.html", old=None, **form_view())
    return redirect(url_for(".show_round", round_id=made), 303)


@bp.post("/rounds/<int:round_id>/clone")
@require(*ROUND_MAKERS, at=ROUND)
def clone_round(round_id: int) -> Any:
    """A new draft after an old round."""
    try:
        made = rounds.clone(round_id, form_draft(), by=current_actor())
    except Problem as problem:
        old = get_policy(round_id)
        return refused(problem, "registry/round_form.html", old=old, **form_view())
    return redirect(url_for(".show_round", round_id=made), 303)


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


def done(round_id: int, act: Any) -> Any:
    """Do `act`, then show the round; or show it with the reason why not."""
    try:
        act()
    except Problem as problem:
        return refused(problem, "registry/round.html", **round_view(round_id))
    return redirect(url_for(".show_round", round_id=round_id), 303)


@bp.post("/rounds/<int:round_id>/approve")
@require(*ROUND_MAKERS, at=ROUND)
def approve_round(round_id: int) -> Any:
    """draft → scheduled."""
    return done(round_id, lambda: rounds.approve(round_id, by=current_actor()))


@bp.post("/rounds/<int:round_id>/start")
@require(*ROUND_MAKERS, at=ROUND)
def start_round(round_id: int) -> Any:
    """scheduled → sampling."""
    return done(round_id, lambda: rounds.start(round_id, at=clock.now()))


@bp.post("/rounds/<int:round_id>/extend")
@require(*ROUND_MAKERS, at=ROUND)
def extend_round(round_id: int) -> Any:
    """More time while sampling goes on."""
    return done(round_id, lambda: rounds.extend(round_id, ends_at=needed_moment("ends_at")))


@bp.post("/rounds/<int:round_id>/stop")
@require(*ROUND_MAKERS, at=ROUND)
def stop_round(round_id: int) -> Any:
    """sampling → finishing."""
    return done(round_id, lambda: rounds.stop(round_id, at=clock.now()))


@bp.post("/rounds/<int:round_id>/cancel")
@require(*ROUND_MAKERS, at=ROUND)
def cancel_round(round_id: int) -> Any:
    """The draft or scheduled round is given up."""
    return done(round_id, lambda: rounds.cancel(round_id))
