"""Pages of inbound lists: send one in, check it, who answers for whom, one line, sums."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import (
    Blueprint,
    Response,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)

from screening import clock
from screening.accounts import audit
from screening.accounts.guard import OWN_ROWS, area, current_actor, require
from screening.accounts.queries.staff import names_of
from screening.db import db
from screening.errors import Faults, Problem
from screening.i18n import ZONE, _, current_lang
from screening.inbound import queries, rules
from screening.inbound.api import faults_of, node_of, uploaded
from screening.inbound.queries import Asked, ItemRow, ListRow, Sum
from screening.inbound.scopes import ITEM, LIST, READERS, REGISTRARS, SENDERS, WORKERS
from screening.inbound.service import items, lists
from screening.inbound.service.lists import Told
from screening.inbound.showing import line, note_reads
from screening.places import queries as places
from screening.places.queries import Node
from screening.places.rules import COMMUNITY, GRID

bp = Blueprint("inbound_pages", __name__)
PAGE = 100


def said(word: Any) -> str:
    zh, en = (word.zh, word.en) if hasattr(word, "zh") else word
    return en if current_lang() == "en" else zh


def own_areas(roles: Any, deepest: int = COMMUNITY) -> list[Node]:
    """The living areas over which one of `roles` is held, from the top down, in code order."""
    held = current_actor().places(roles)
    everywhere = any(p.kind == "all" for p in held)
    paths = tuple(p.path for p in held)
    nodes = [n for n in places.TREE.get().by_id.values()
             if n.level <= deepest and (everywhere or n.path.startswith(paths))]  # fmt: skip
    return sorted(nodes, key=lambda n: (n.level, n.code))


def tops(nodes: list[Node]) -> list[Node]:
    ids = {n.area_id for n in nodes}
    return [n for n in nodes if n.parent_id not in ids]


def full_name(area_id: int) -> str:
    node = places.find_area(area_id)
    if node is None:
        return ""
    return " / ".join([*(n.name for n in places.line_above(node) if n.level > 1), node.name])


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
            int(ask["area_id"]), _received(ask.get("received_at", "")),
            ask.get("hours", type=int),
        )  # fmt: skip
        made = lists.upload(uploaded(), told, by=current_actor().staff_id, at=clock.now())
    except Problem as problem:
        return refused(problem, "inbound/home.html", **home_view())
    return redirect(url_for(".show_list", list_id=made), 303)


def _received(text: str) -> datetime:
    try:
        given = datetime.fromisoformat(text) if text else None
    except ValueError:
        given = None
    now = clock.now()
    return min(given.replace(tzinfo=ZONE).astimezone(UTC), now) if given else now


def refused(problem: Problem, template: str, **values: Any) -> Response:
    """The same page with what is wrong; nothing of the try is kept."""
    g.failed = True
    db.session.rollback()
    faults = problem.faults if isinstance(problem, Faults) else []
    sentence = problem.sentence(current_lang())
    page = render_template(template, faults=faults, sentence=sentence, **values)
    return make_response(page, problem.status)


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


def state_words() -> dict[str, str]:
    return {"": _("全部"), "untaken": _("未签收"), "open": _("未办结"), "late": _("超时"),
            "raised": _("超时上报"), "unmatched": _("未匹配"), "done": _("已办结")}  # fmt: skip


def state_tabs(endpoint: str, state: str, **here: Any) -> list[dict[str, Any]]:
    return [
        {
            "label": label,
            "active": key == state,
            "href": url_for(endpoint, state=key or None, **here),
        }
        for key, label in state_words().items()
    ]


def item_line(i: ItemRow) -> dict[str, Any]:
    """A line of a list as a row of a table."""
    shown = line(i)
    return {
        "name": shown["name"] or "—", "phone": shown["phone"], "document": shown["document"],
        "kind": said(rules.KINDS[i.kind]), "area": full_name(i.area_id),
        "employer": i.employer or "", "matched": said(rules.MATCHES[i.matched]),
        "due_at": {"text": i.due_at, "sort": i.due_at.isoformat(),
                   "sub": _("已超时") if shown["late"] else ""},
        "state": standing(i), "tone": "stop" if shown["late"] and not i.done_at else "",
        "href": url_for(".show_item", item_id=i.item_id),
    }  # fmt: skip


def standing(i: ItemRow) -> dict[str, str]:
    outcome = said(rules.OUTCOMES[i.outcome]) if i.outcome else ""
    if i.done_at:
        return {"tone": "ok", "text": outcome}
    up = places.find_area(i.raised_to) if i.raised_to else None
    sub = _("已上报 %(area)s", area=up.name) if up else ""
    text = outcome or (_("已签收") if i.taken_at else _("未签收"))
    return {"tone": "look" if i.taken_at else "unknown", "text": text, "sub": sub}


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


# --- by area --------------------------------------------------------------------------------------


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


# --- one line -------------------------------------------------------------------------------------


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
