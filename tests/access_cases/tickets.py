"""Tickets: who may see, solve and check which."""

from __future__ import annotations

from screening import clock
from screening.db import run
from screening.tickets.service import Finding, open_all, ticket_id
from tests import make
from tests.access import Case, Side, World


def opened(side: Side, *, solved: bool = False) -> tuple[int, int]:
    """A late box of the side's site and laboratory."""
    subject = str(make.number())
    site, lab, now = side.site, side.lab, clock.now()
    open_all([Finding(site.cell_id, 0, "late_box", subject, now, site.site_id, lab.lab_id)], at=now)
    key = site.cell_id, ticket_id("late_box", subject, 0)
    if solved:
        run(
            "UPDATE ticket SET state = 'solved', solution = 'accepted', solved_by = 1 "
            "WHERE cell_id = %s AND ticket_id = %s",
            key,
        )
    return key


def both(w: World) -> dict:
    w.once("late boxes", lambda: [opened(w.a), opened(w.b)])
    return {}


def one(side: Side) -> dict:
    cell, ticket = opened(side)
    return {"values": {"cell": cell, "ticket_id": ticket}}


def keys(side: Side, *, solved: bool = False, **body) -> dict:
    cell, ticket = opened(side, solved=solved)
    return {"json": {"tickets": [{"cell_id": cell, "ticket_id": ticket}], **body}}


def form(side: Side) -> dict:
    cell, ticket = opened(side)
    return {"data": {"t": f"{cell}-{ticket}", "act": "take"}}


CASES = [
    Case("tickets_api.list_tickets", inside=both, inside_marker=lambda w: [str(w.a.site.site_id)],
         outside_marker=lambda w: [str(w.b.site.site_id)]),
    Case("tickets_api.list_counts", inside=both,
         outside_marker=lambda w: [str(w.b.site.site_id)]),
    Case("tickets_api.get_ticket", inside=lambda w: one(w.a), outside=lambda w: one(w.b)),
    Case("tickets_api.take", "POST", ok=204,
         inside=lambda w: keys(w.a), outside=lambda w: keys(w.b)),
    Case("tickets_api.give_back", "POST", ok=204,
         inside=lambda w: keys_taken(w.a, w), outside=lambda w: keys(w.b)),
    Case("tickets_api.solve", "POST", ok=204,
         inside=lambda w: keys(w.a, solution="accepted"),
         outside=lambda w: keys(w.b, solution="accepted")),
    Case("tickets_api.check", "POST", ok=204,
         inside=lambda w: keys(w.a, solved=True, agree=True),
         outside=lambda w: keys(w.b, solved=True, agree=True)),
    Case("tickets_pages.desk", inside=both, inside_marker=lambda w: [w.a.site.name]),
    Case("tickets_pages.ticket", inside=lambda w: one(w.a), outside=lambda w: one(w.b)),
    Case("tickets_pages.act", "POST", ok=303,
         inside=lambda w: form(w.a), outside=lambda w: form(w.b)),
]  # fmt: skip


def keys_taken(side: Side, w: World) -> dict:
    kw = keys(side)
    key = kw["json"]["tickets"][0]
    run(
        "UPDATE ticket SET owner_id = %s WHERE cell_id = %s AND ticket_id = %s",
        (w.acting.staff_id if w.acting else 1, key["cell_id"], key["ticket_id"]),
    )
    return kw
