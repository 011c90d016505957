"""Before a round: sites and communities that still lack something."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import render_template, request

from screening import clock
from screening.accounts.doors import door
from screening.accounts.guard import OWN_ROWS, current_actor, require
from screening.accounts.roles import Role
from screening.dashboard import queries
from screening.dashboard.pages.frame import bp, chosen, head
from screening.i18n import _
from screening.places import queries as places
from screening.places.queries import Node
from screening.registry import desk_queries as desk
from screening.registry.queries import RoundPolicy

PREPARERS = (Role.SITE_SUPERVISOR, Role.DISTRICT_HEAD, Role.DISPATCHER, Role.ADMINISTRATOR)


@bp.get("/readiness")
@require(*PREPARERS, at=OWN_ROWS)
def readiness() -> Any:
    """Before a round: sites and communities that still lack something."""
    held, at = current_actor().places(PREPARERS), clock.now()
    rounds = desk.list_rounds(held)
    policy = chosen(rounds) if request.args.get("round") else _next(rounds)
    if policy is None:
        return render_template("dashboard/readiness.html", **head(None, rounds))
    rows = queries.list_ready(policy, held, at=at)
    return render_template(
        "dashboard/readiness.html",
        **head(policy, rounds),
        as_of=at,
        hours=queries.HEARD_HOURS.value,
        rows=[ready_line(r) for r in rows if r.lacks],
        sites=len(rows),
        lacking={
            "devices": sum(1 for r in rows if not r.heard),
            "labels": sum(1 for r in rows if not r.labels),
            "lab": sum(1 for r in rows if not r.lab_id),
            "responsible": sum(1 for r in rows if not r.site.responsible_id),
        },
        communities=[
            {"name": n.name, "code": n.code, "above": _above(n)}
            for n in queries.list_without_site(policy, held)
        ],
        sites_href=door("registry_pages.list_sites"),
    )


def _next(rounds: Sequence[RoundPolicy]) -> RoundPolicy | None:
    """The newest round that has not begun, else the newest."""
    coming = [p for p in rounds if p.started_at is None]
    return next(iter(coming or rounds), None)


def ready_line(r: queries.Ready) -> dict[str, Any]:
    return {
        "name": r.site.name,
        "href": door("registry_pages.show_site", site_id=r.site.site_id),
        "area": r.site.area_name,
        "devices": _mark(bool(r.heard), f"{r.heard} / {r.devices}", _("没有设备上线")),
        "labels": _mark(r.labels, _("有"), _("没有空白标签")),
        "lab": _mark(bool(r.lab_id), _("已定"), _("没有实验室")),
        "responsible": _mark(bool(r.site.responsible_id), _("已定"), _("没有负责人")),
        "lacks": r.lacks,
    }


def _mark(has: bool, good: str, lacking: str) -> dict[str, str]:
    return {"tone": "ok", "text": good} if has else {"tone": "look", "text": lacking}


def _above(node: Node) -> str:
    line = places.line_above(node)
    return line[-1].name if line else ""
