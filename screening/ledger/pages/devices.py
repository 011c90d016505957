"""What the balance has not heard: each device's last number and time."""

from __future__ import annotations

from typing import Any

from flask import render_template

from screening.accounts.guard import OWN_ROWS, require
from screening.i18n import _
from screening.ledger import queries
from screening.ledger.api import SEERS, own_sight
from screening.ledger.pages.frame import bp, frame, lang
from screening.ledger.parts import WHY
from screening.registry.queries import get_policy


@bp.get("/ledger/<int:round_id>/devices")
@require(*SEERS, at=OWN_ROWS)
def list_devices(round_id: int) -> Any:
    """What was heard of each device: last number and time, closing number, gaps; and the silent."""
    policy, sight = get_policy(round_id), own_sight(SEERS)
    heard = queries.list_devices(round_id, sight)
    silent = queries.list_silent(round_id, sight)
    places = [(d.site_id, d.lab_id) for d in heard] + [(d.site_id, None) for d in silent]
    sites, labs = queries.names_of_places(places)
    return render_template(
        "ledger/devices.html",
        **frame(policy, []),
        rows=[device_line(d, sites, labs) for d in heard],
        silent=[
            {"name": d.name, "place": sites.get(d.site_id, "—"), "last": d.last,
             "heard_at": d.heard_at}
            for d in silent
        ],
    )  # fmt: skip


def device_line(d: queries.DeviceLine, sites: dict, labs: dict) -> dict[str, Any]:
    if d.why is not None:
        state = {"tone": "look", "text": WHY[d.why][lang()]}
    elif d.state == "lost":
        state = {"tone": "unknown", "text": _("已署名报失")}
    else:
        state = {"tone": "ok", "text": _("已到齐")}
    return {
        "name": d.name,
        "place": sites.get(d.site_id) or labs.get(d.lab_id) or "—",
        "state": state,
        "last": d.last,
        "closed_at": d.closed_at,
        "held": d.held,
        "last_at": d.last_at,
        "heard_at": d.heard_at,
    }
