"""Homes, the round in one view, readiness: everybody sees the own places only."""

from __future__ import annotations

from tests.access import Case
from tests.access_cases.coverage import counted

CASES = [
    Case("dashboard_pages.home", inside=lambda w: {"query_string": {"round": counted(w)}}),
    Case("dashboard_pages.round_overview",
         inside=lambda w: {"query_string": {"round": counted(w)}}),
    Case("dashboard_pages.readiness", inside=lambda w: {"query_string": {"round": counted(w)}},
         inside_marker=lambda w: [w.a.site.name]),
]  # fmt: skip
