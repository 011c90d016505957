"""Inbound lists on the desk: sent in, looked at, taken over or put away."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import (
    flash,
    redirect,
    render_template,
    request,
    url_for,
)

from screening import clock
from screening.accounts.guard import OWN_ROWS, area, current_actor, require
from screening.errors import Problem
from screening.forms import refused
from screening.i18n import ZONE, _
from screening.inbound import queries, rules
from screening.inbound.api import faults_of, node_of, uploaded
from screening.inbound.pages.areas import sum_line
from screening.inbound.pages.frame import (
    PAGE,
    bp,
    full_name,
    item_line,
    own_areas,
    said,
    state_tabs,
    tops,
)
from screening.inbound.queries import Asked, ListRow
from screening.inbound.scopes import LIST, READERS, SENDERS
from screening.inbound.service import lists
from screening.inbound.service.lists import Told
from screening.inbound.showing import note_reads
from screening.places.rules import GRID


@bp.get("/inbound")
@require(*READERS, at=OWN_ROWS)
def home() -> Any:
    """Lists that came in for the own areas, and the form of a new one; where to begin."""
    return render_template("inbound/home.html", **home_view())


def home_view() -> dict[str, Any]:
    actor = current_actor()
    sends = bool(actor.roles & set(SENDERS))
    begin = tops(own_areas(READERS, GRID))
    now = clock.now()
    return {
        "sends": sends,
        "rows": [list_line(x) for x in queries.list_lists(actor.places(SENDERS))] if sends else [],
        "areas": [(n.area_id, full_name(n.area_id)) for n in own_areas(SENDERS)] if sends else [],
        "kinds": [(k, said(v) + f" · {v.hours.value} h") for k, v in rules.KINDS.items()],
        "begin": [sum_line(n.name, queries.roll_up(n, at=now).whole,
                           url_for(".in_area", area_id=n.area_id)) for n in begin[:50]],
    }  # fmt: skip


def list_line(held: ListRow) -> dict[str, Any]:
    checked = held.state == rules.ListState.CHECKED
    return {
        "title": held.title, "kind": said(rules.KINDS[held.kind]), "source": held.source,
        "area": full_name(held.area_id), "received_at": held.received_at, "due_at": held.due_at,
        "total": held.total, "faults": len({f[0] for f in held.faults}),
        "state": {"tone": "look", "text": _("已检查，待接收")} if checked
        else {"tone": "ok", "text": _("已接收")},
        "href": url_for(".show_list", list_id=held.list_id),
    }  # fmt: skip


@bp.post("/inbound")
@require(*SENDERS, at=area())
def upload_list() -> Any:
    """Keep a list and check it whole; nothing is taken over before somebody says so."""
    ask = request.form
    try:
        told = Told(
            ask.get("kind", ""), ask.get("title", "").strip()[:80], ask.get("source", "").strip()[:80],
            int(ask["area_id"]), received_at(ask.get("received_at", "")),
            ask.get("hours", type=int),
        )  # fmt: skip
        made = lists.upload(uploaded(), told, by=current_actor().staff_id, at=clock.now())
    except Problem as problem:
        return refused(problem, "inbound/home.html", **home_view())
    return redirect(url_for(".show_list", list_id=made), 303)


def received_at(text: str) -> datetime:
    try:
        given = datetime.fromisoformat(text) if text else None
    except ValueError:
        given = None
    now = clock.now()
    return min(given.replace(tzinfo=ZONE).astimezone(UTC), now) if given else now


@bp.get("/inbound/lists/<int:list_id>")
@require(*SENDERS, at=LIST)
def show_list(list_id: int) -> Any:
    """One list: before it is taken over every fault of every row, afterwards its lines."""
    held = queries.get_list(list_id)
    node = node_of(held.area_id)
    state = request.args.get("state", "")
    after = request.args.get("after", 0, type=int)
    found = queries.list_items(
        node, Asked(list_id=list_id, state=state), at=clock.now(), after=after, limit=PAGE
    )
    note_reads(found)
    here: dict[str, Any] = {"list_id": list_id, "state": state or None}
    return render_template(
        "inbound/list.html", held=held, kind=said(rules.KINDS[held.kind]),
        area=full_name(held.area_id), faults=faults_of(held),
        bad=len({f[0] for f in held.faults}), rows=[item_line(i) for i in found],
        states=state_tabs(".show_list", state, list_id=list_id),
        next=url_for(".show_list", after=found[-1].item_id, **here) if len(found) == PAGE else "",
        first=url_for(".show_list", **here) if after else "",
        checked=held.state == rules.ListState.CHECKED,
        discarded=held.state == rules.ListState.DISCARDED,
    )  # fmt: skip


@bp.post("/inbound/lists/<int:list_id>/start")
@require(*SENDERS, at=LIST)
def start_list(list_id: int) -> Any:
    """Take the rows without faults over."""
    n = lists.take_over(list_id, by=current_actor().staff_id, at=clock.now())
    flash(_("已接收 %(n)s 人，已分派到网格、社区或上一级。", n=n), "ok")
    return redirect(url_for(".show_list", list_id=list_id), 303)


@bp.post("/inbound/lists/<int:list_id>/discard")
@require(*SENDERS, at=LIST)
def discard_list(list_id: int) -> Any:
    """Throw a checked file away."""
    lists.discard(list_id)
    return redirect(url_for(".home"), 303)
