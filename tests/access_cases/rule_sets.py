"""Dry runs of proposed rule sets: who may try one."""

from __future__ import annotations

from tests.access import Case
from tests.access_cases.lab import proposed

NO_PLACE = "a rule set belongs to no place; tubes are listed of one's own laboratories only"


def by_form(w) -> dict:
    return {"values": proposed(w)["values"], "data": {"days": "3"}}


def by_json(w) -> dict:
    return {"values": proposed(w)["values"], "json": {"days": 3}}


def read(w) -> dict:
    return {"values": proposed(w)["values"]}


CASES = [
    Case("lab_api.make_dry_run", "POST", ok=201, inside=by_json, reason=NO_PLACE),
    Case("lab_api.list_dry_runs", inside=read, reason=NO_PLACE),
    Case("lab_pages.make_dry_run", "POST", ok=303, inside=by_form, reason=NO_PLACE),
    Case("lab_pages.dry_run_page", inside=read, reason=NO_PLACE),
]
