"""Lines of inbound lists by area, with their sums."""

from __future__ import annotations

from typing import Any

from flask import (
    render_template,
    request,
    url_for,
)

from screening import clock
from screening.accounts.guard import area, current_actor, require
from screening.i18n import _
from screening.inbound import queries, rules
from screening.inbound.api import node_of
from screening.inbound.pages.frame import PAGE, bp, item_line, said, state_tabs
from screening.inbound.queries import Asked, Sum
from screening.inbound.scopes import READERS
from screening.inbound.showing import note_reads
from screening.places import queries as places
from screening.places.queries import Node


@bp.get("/inbound/areas/<int:area_id>")
@require(*READERS, at=area("area_id"))
def in_area(area_id: int) -> Any:
    """Sums of an area by kind, area below and employer, and the lines for which it answers."""
    node, now = node_of(area_id), clock.now()
    kind, state = (request.args.get(k, "") for k in ("kind", "state"))
    firm = request.args.get("employer", "")
    after = request.args.get("after", 0, type=int)
    sums = queries.roll_up(node, at=now, kind=kind)
    asked = Asked(kind=kind, employer=firm, state=state or "open")
    found = queries.list_items(node, asked, at=now, after=after, limit=PAGE)
    note_reads(found)
    here: dict[str, Any] = {"area_id": area_id, "kind": kind or None, "state": state or None,
                            "employer": firm or None}  # fmt: skip
    return render_template(
        "inbound/area.html", node=node, sums=sums, as_of=now, kind=kind, state=state or "open",
        trail=trail(node), rows=[item_line(i) for i in found],
        kinds=[sum_line(said(rules.KINDS[k]), s, url_for(".in_area", area_id=area_id, kind=k))
               for k, s in sums.by_kind.items()],
        below=[sum_line(n.name if n.area_id != node.area_id else _("尚未下派"), s,
                        url_for(".in_area", area_id=n.area_id, kind=kind or None)
                        if n.area_id != node.area_id else "") for n, s in sums.below],
        employers=[sum_line(e, s, url_for(".in_area", area_id=area_id, employer=e,
                                          kind=kind or None)) for e, s in sums.by_employer],
        states=state_tabs(".in_area", state or "open", area_id=area_id, kind=kind or None,
                          employer=firm or None),
        next=url_for(".in_area", after=found[-1].item_id, **here) if len(found) == PAGE else "",
        first=url_for(".in_area", **here) if after else "",
    )  # fmt: skip


def sum_line(name: str, s: Sum, href: str) -> dict[str, Any]:
    return {"name": name, "href": href, **s._asdict(), "tone": "stop" if s.late else "",
            "in_time": (s.done - s.done_late, s.done + s.late)}  # fmt: skip


def trail(node: Node) -> list[tuple[str, str]]:
    """The areas above, as far as the actor reaches."""
    held = [p.path for p in current_actor().places(READERS)]
    return [(_("协查名单"), url_for(".home"))] + [
        (n.name, url_for(".in_area", area_id=n.area_id))
        for n in places.line_above(node) if any(n.path.startswith(p) for p in held)
    ]  # fmt: skip
