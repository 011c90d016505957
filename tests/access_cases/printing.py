"""The print desk and what is fetched from it; what the paper desk asks and takes back."""

from __future__ import annotations

from screening import clock
from screening.field import service
from screening.tube.codes import Kind
from tests import devices
from tests.access import Case, Side
from tests.access_cases.field import at_site, fresh
from tests.access_cases.tube import both_runs, run_of


def site_of(side: Side) -> dict:
    return {"values": {"site_id": side.site.site_id}}


def entered(side: Side) -> dict:
    """A sheet that somebody entered today."""
    phone, tube = devices.phone(site=side.site), fresh(Kind.TUBE)
    phone.write("open", tube=tube, mode="pooled", size=10)
    phone.write("bind", tube=tube, seat=1, who={"name": "甲"}, reason="paper")
    phone.write("close", tube=tube, n=1)
    assert not service.ingest(phone.batch(), received_at=clock.now()).parked
    return at_site(side, tube=tube)


def typed(side: Side) -> dict:
    return {**site_of(side), "json": {"tube": "", "lines": [{"row": 1, "who": "甲 31002X"}]}}


def community(side: Side) -> dict:
    return {"values": {"community_id": side.community.area_id}}


def ticked(side: Side) -> dict:
    from tests import world

    found = world.people(side.community, 2)
    return {**community(side), "data": {"person": [p for _, p, _ in found], "building": 0}}


def look(endpoint: str, request) -> Case:
    return Case(endpoint, inside=lambda w: request(w.a), outside=lambda w: request(w.b))


CASES = [
    Case("field_pages.print_desk", inside=both_runs),
    look("field_pages.print_labels", run_of),
    look("field_pages.label_picture", run_of),
    look("field_pages.print_site", site_of),
    look("field_pages.paper_sheets", site_of),
    Case("field_pages.card_places", inside_marker=lambda w: [w.a.community.name]),
    look("field_pages.card_desk", community),
    Case("field_pages.print_cards", "POST", ok=200,
         inside=lambda w: ticked(w.a), outside=lambda w: ticked(w.b)),
    Case("field_pages.look_at_lines", "POST", ok=200,
         inside=lambda w: typed(w.a), outside=lambda w: typed(w.b)),
    Case("field_pages.undo_paper", "POST", ok=303,
         inside=lambda w: entered(w.a), outside=lambda w: entered(w.b)),
]  # fmt: skip
