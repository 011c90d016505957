"""One line of an inbound list: what is known, what was done, given onward, registered."""

from __future__ import annotations

from typing import Any

from flask import (
    flash,
    redirect,
    render_template,
    request,
    url_for,
)

from screening import clock
from screening.accounts import audit
from screening.accounts.guard import current_actor, require
from screening.accounts.queries.staff import names_of
from screening.i18n import _
from screening.inbound import queries, rules
from screening.inbound.api import node_of
from screening.inbound.pages.frame import bp, full_name, item_line, own_areas, said
from screening.inbound.scopes import ITEM, READERS, REGISTRARS, SENDERS, WORKERS
from screening.inbound.service import items
from screening.inbound.showing import line, note_reads
from screening.places import queries as places
from screening.places.rules import COMMUNITY, GRID


@bp.get("/inbound/items/<int:item_id>")
@require(*READERS, at=ITEM)
def show_item(item_id: int) -> Any:
    """One person of a list: what was told, who answers, what was done; the read is audited."""
    return render_template("inbound/item.html", **item_view(item_id))


def item_view(item_id: int) -> dict[str, Any]:
    i = queries.get_item(item_id)
    note_reads([i])
    actor = current_actor()
    node = node_of(i.area_id)
    there = places.place_of_area(i.area_id)
    acts = queries.list_acts(item_id)
    names = names_of({a.made_by for a in acts if a.made_by})
    lines = [
        {"at": a.at, "title": act_title(a), "who": " ".join(names.get(a.made_by or 0, ())),
         "where": full_name(a.area_id) if a.area_id else "",
         "tone": {"raise": "stop", "undo": "look"}.get(a.act, "")}
        for a in acts
    ]  # fmt: skip
    person = (i.person_cell, i.person_id) if i.person_id is not None else None
    return {
        "i": i, "shown": line(i), "row": item_line(i), "node": node, "area": full_name(i.area_id),
        "lines": lines, "outcomes": [(k, said(o)) for k, o in rules.OUTCOMES.items()],
        "may_work": actor.may(WORKERS, there), "may_assign": actor.may(SENDERS, there),
        "may_register": person is None and node.level >= COMMUNITY and bool(i.details.name)
        and actor.may(REGISTRARS, there),
        "person": person if person and actor.may(REGISTRARS, there) else None,
        "areas": [(n.area_id, full_name(n.area_id)) for n in own_areas(SENDERS, GRID)]
        if actor.may(SENDERS, there) else [],
    }  # fmt: skip


def act_title(a: queries.ActRow) -> str:
    what = said(rules.ACTS[a.act])
    return f"{what}：{said(rules.OUTCOMES[a.outcome])}" if a.outcome else what


@bp.post("/inbound/items/<int:item_id>/act")
@require(*WORKERS, at=ITEM)
def act_item(item_id: int) -> Any:
    """Receive a line, or say what came of it."""
    by, now, what = current_actor().staff_id, clock.now(), request.form.get("do", "")
    if what == "take":
        items.take(item_id, by=by, at=now)
    else:
        items.dispose(item_id, what, by=by, at=now)
    flash(_("已记录。"), "ok")
    return redirect(url_for(".show_item", item_id=item_id), 303)


@bp.post("/inbound/items/<int:item_id>/assign")
@require(*SENDERS, at=ITEM)
def assign_item(item_id: int) -> Any:
    """Another area answers from now on, perhaps through an employer."""
    there = request.form.get("to_area_id", 0, type=int)
    firm = request.form.get("employer", "").strip()[:200]
    items.assign(item_id, there, employer=firm, by=current_actor().staff_id, at=clock.now())
    flash(_("已分派。"), "ok")
    if not current_actor().may(READERS, places.place_of_area(there)):
        return redirect(url_for(".home"), 303)
    return redirect(url_for(".show_item", item_id=item_id), 303)


@bp.post("/inbound/items/<int:item_id>/register")
@require(*REGISTRARS, at=ITEM)
def register_item(item_id: int) -> Any:
    """Write an unmatched person down in the community that answers."""
    node = node_of(queries.get_item(item_id).area_id)
    line_up = [n for n in (*places.line_above(node), node) if n.level == COMMUNITY]
    if not line_up:
        raise places.NoSuchPlace()
    by, now = current_actor().staff_id, clock.now()
    items.register(item_id, line_up[0].area_id, by=by, at=now)
    audit.note("inbound_read", "inbound_item", item_id)
    flash(_("已登记入册。"), "ok")
    return redirect(url_for(".show_item", item_id=item_id), 303)
