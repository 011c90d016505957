"""The print desk and what is fetched from it."""

from __future__ import annotations

from tests.access import Case, Side
from tests.access_cases.tube import both_runs, run_of


def site_of(side: Side) -> dict:
    return {"values": {"site_id": side.site.site_id}}


def look(endpoint: str, request) -> Case:
    return Case(endpoint, inside=lambda w: request(w.a), outside=lambda w: request(w.b))


CASES = [
    Case("field_pages.print_desk", inside=both_runs),
    look("field_pages.print_labels", run_of),
    look("field_pages.label_picture", run_of),
    look("field_pages.print_site", site_of),
    look("field_pages.paper_sheets", site_of),
]
