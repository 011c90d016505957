"""The form of a round: what it is filled with, and what it says."""

from __future__ import annotations

from typing import Any

from flask import request

from screening.accounts.guard import current_actor
from screening.forms import text
from screening.places import queries as places
from screening.registry import desk_queries as desk
from screening.registry import rules
from screening.registry.pages.choices import area_tree, words
from screening.registry.pages.frame import needed_moment, word
from screening.registry.queries import RoundPolicy
from screening.registry.rules import COHORTS, LIMITS, MODES, ZONE_KINDS, PoolRule
from screening.registry.scopes import ROUND_MAKERS
from screening.registry.service.rounds import Draft


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
