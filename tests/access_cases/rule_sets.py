"""Rule sets drafted and tried on past runs: who may."""

from __future__ import annotations

from screening.lab.rules import rule_form
from screening.lab.rules.rule_sets import GENERAL, to_dict
from screening.registry.rules import COHORTS
from tests.access import Case
from tests.access_cases.lab import proposed, rule

NO_PLACE = "a rule set belongs to no place; tubes are listed of one's own laboratories only"


def by_form(w) -> dict:
    return {"values": proposed(w)["values"], "data": {"days": "3"}}


def by_json(w) -> dict:
    return {"values": proposed(w)["values"], "json": {"days": 3}}


def read(w) -> dict:
    return {"values": proposed(w)["values"]}


def draft(w) -> dict:
    return {"values": {"rule_id": rule()}}


def drafted(w) -> dict:
    body = to_dict(GENERAL)
    return {"values": {"rule_id": rule()}, "data": rule_form.values(body, COHORTS)}


CASES = [
    Case("lab_pages.draft_rule_set", inside=draft),
    Case("lab_pages.propose_draft", "POST", ok=303, inside=drafted),
    Case("lab_api.make_dry_run", "POST", ok=201, inside=by_json, reason=NO_PLACE),
    Case("lab_api.list_dry_runs", inside=read, reason=NO_PLACE),
    Case("lab_pages.make_dry_run", "POST", ok=303, inside=by_form, reason=NO_PLACE),
    Case("lab_pages.dry_run_page", inside=read, reason=NO_PLACE),
]
