"""Homes, the round in one view, the command page: everybody sees the own places only."""

from __future__ import annotations

from tests.access import Case, Side, World
from tests.access_cases.coverage import counted, page


def tubes(w: World, side: Side) -> dict:
    asked = page(w, side)
    return {**asked, "values": {**asked["values"], "what": "tubes_collected"}}


CASES = [
    Case("dashboard_pages.home", inside=lambda w: {"query_string": {"round": counted(w)}}),
    Case("dashboard_pages.round_overview",
         inside=lambda w: {"query_string": {"round": counted(w)}}),
    Case("dashboard_pages.readiness", inside=lambda w: {"query_string": {"round": counted(w)}},
         inside_marker=lambda w: [w.a.site.name]),
    Case("dashboard_pages.command", inside=lambda w: {"query_string": {"round": counted(w)}}),
    Case("dashboard_pages.command_area", inside=lambda w: page(w, w.a),
         outside=lambda w: page(w, w.b), inside_marker=lambda w: [w.a.community.name]),
    Case("dashboard_pages.command_now", inside=lambda w: page(w, w.a),
         outside=lambda w: page(w, w.b)),
    Case("dashboard_pages.command_tubes", inside=lambda w: tubes(w, w.a),
         outside=lambda w: tubes(w, w.b)),
    Case("dashboard_pages.command_devices", inside=lambda w: page(w, w.a),
         outside=lambda w: page(w, w.b)),
]  # fmt: skip
