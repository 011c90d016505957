"""The form with which somebody found at the door is written down."""

from __future__ import annotations

from typing import Any

from flask import flash, g, make_response, redirect, render_template, request, url_for

from screening import clock
from screening.accounts.guard import area, require
from screening.coverage.missed_rules import RESIDENCE
from screening.db import db
from screening.errors import Faults
from screening.i18n import _, current_lang
from screening.places import queries as places
from screening.places.queries import Node
from screening.places.rules import BUILDING, COMMUNITY, GRID
from screening.registry.documents import WORDS
from screening.registry.residence import RESIDENCES, UNSAID
from screening.reminders import found, queries
from screening.reminders.api import CALLERS
from screening.reminders.found import Told
from screening.reminders.pages.frame import begin, bp
from screening.reminders.rules.doors import natural


@bp.get("/day/<int:area_id>/found")
@require(*CALLERS, at=area("area_id"))
def found_form(area_id: int) -> Any:
    """The form for somebody who was found at the door."""
    node = queries.get_node(area_id)
    if node.level < COMMUNITY:
        return begin(".found_form", queries.communities_of(node))
    return render_template("reminders/found.html", **view(node))


def view(node: Node) -> dict[str, Any]:
    (community,) = queries.communities_of(node)
    top = node if node.level != COMMUNITY else community
    buildings = [n for n in places.TREE.get().by_id.values()
                 if n.level == BUILDING and n.path.startswith(top.path)]  # fmt: skip
    lang = 1 if current_lang() == "en" else 0
    return {
        "node": node, "community": community, "said": request.form,
        "types": [(k.value, w[lang]) for k, w in WORDS.items()],
        "residences": [("", UNSAID[lang]), *((r.name.lower(), w[lang]) for r, w in RESIDENCES.items())],
        "buildings": [("", _("未标明楼栋"))] + [
            (n.area_id, n.name) for n in sorted(buildings, key=lambda n: natural(n.name))
        ],
    }  # fmt: skip


@bp.post("/day/<int:area_id>/found")
@require(*CALLERS, at=area("area_id"))
def add_found(area_id: int) -> Any:
    """Write down somebody who was found at the door, with the usual checks; sent twice it is one."""
    node = queries.get_node(area_id)
    (community,) = queries.communities_of(node)
    try:
        grid = node.area_id if node.level == GRID else None
        made = found.add(told(), community, at=clock.now(), grid=grid)
    except Faults as problem:
        g.failed = True
        db.session.rollback()
        page = render_template("reminders/found.html", faults=problem.faults, **view(node))
        return make_response(page, problem.status)
    flash(*what_became(made))
    return redirect(url_for(".found_form", area_id=area_id), 303)


def told() -> Told:
    def text(name: str) -> str:
        return request.form.get(name, "").strip()[:200]

    return Told(
        text("name"), text("doc_type"), text("number"), text("country"), text("birth"),
        text("phone"), request.form.get("building", type=int), text("unit"), text("room"),
        text("cannot_walk") == "1", RESIDENCE.get(text("residence")),
    )  # fmt: skip


def what_became(made: found.Found) -> tuple[str, str]:
    """The sentence and tone that tell what became of the person."""
    if made.elsewhere:
        return _("名册里已有此人，登记在别的社区；已算在那里，要改住址请找登记处迁移。"), "look"
    if made.known:
        return _("名册里已有此人，没有重复登记。"), "ok"
    return _("已登记，从现在起算入应检。"), "ok"
