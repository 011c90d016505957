"""Bulletins on the desk: the list, asking for one, reading, correcting, the people near a tube."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
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
from screening.accounts.audit import note, note_read_person
from screening.accounts.guard import OWN_ROWS, current_actor, require
from screening.accounts.queries import names_of
from screening.accounts.roles import Actor
from screening.bulletins import near, paper, queries, rules, service
from screening.bulletins.api import file_of
from screening.bulletins.printers import FORMS
from screening.bulletins.queries import Held
from screening.bulletins.rules import Kind
from screening.bulletins.scopes import (
    AREA,
    BULLETIN,
    MAKERS,
    OPENERS,
    READERS,
    TUBE,
    check,
    kinds_for,
)
from screening.db import by_cell, db
from screening.errors import Problem
from screening.i18n import ZONE, _, current_lang
from screening.places import queries as places
from screening.places.queries import Node
from screening.places.rules import COMMUNITY, Place
from screening.registry import desk_queries as desk
from screening.registry.keys import RoundPurged
from screening.registry.queries import RoundPolicy, find_policy

bp = Blueprint("bulletins_pages", __name__)
PAGE = 50


def lang() -> int:
    return 1 if current_lang() == "en" else 0


@bp.get("/bulletins", endpoint="list")
@require(*READERS, at=OWN_ROWS)
def list_bulletins() -> Any:
    """Reports of the own areas, those that are being made, and the form that asks for one."""
    return render_template("bulletins/list.html", **list_page())


def list_page() -> dict[str, Any]:
    actor = current_actor()
    held = actor.places(READERS)
    rounds = [p for p in desk.list_rounds(held) if p.started_at is not None]
    policy = _chosen(rounds)
    before = request.args.get("before", type=int)
    found = queries.list_bulletins(
        held, round_id=policy.round_id if policy else None, kinds=kinds_for(actor), before=before,
        limit=PAGE,
    )  # fmt: skip
    makes = actor.places(MAKERS)
    areas = _areas(makes, policy) if policy else []
    more: dict[str, Any] = {"round": policy.round_id} if policy else {}
    return {
        "policy": policy,
        "round_choices": [{"id": p.round_id, "name": p.name} for p in rounds],
        "current_round": {"id": policy.round_id, "name": policy.name} if policy else None,
        "rows": [line(r) for r in found],
        "next": url_for(".list", before=found[-1].bulletin_id, **more)
        if len(found) == PAGE
        else "",
        "first": url_for(".list", **more) if before else "",
        "areas": areas,
        "kinds": [(str(k), rules.KINDS[k][lang()]) for k in (Kind.DAILY, Kind.CLOSING)],
        "may_open": bool(actor.roles & set(OPENERS)),
        "asked": [_asked(a) for a in queries.list_asked(_ids(held)[:5000])],
        "form": request.form,
    }


def _chosen(rounds: Sequence[RoundPolicy]) -> RoundPolicy | None:
    asked = request.args.get("round", type=int) or request.form.get("round_id", type=int)
    return next((p for p in rounds if p.round_id == asked), rounds[0] if rounds else None)


def _ids(held: Sequence[Place]) -> list[int]:
    nodes = [n for n in places.TREE.get().by_id.values() if n.level <= COMMUNITY]
    return [n.area_id for n in sorted(nodes, key=lambda n: n.level) if _within(n, held)]


def _within(node: Node, held: Sequence[Place]) -> bool:
    return any(p.kind == "all" or (p.kind == "area" and node.path.startswith(p.path)) for p in held)


def _areas(held: Sequence[Place], policy: RoundPolicy) -> list[tuple[int, str]]:
    """Areas of the own scope that the round touches, from the top down, in code order."""
    nodes = [
        n for n in places.TREE.get().by_id.values()
        if n.level <= COMMUNITY and _within(n, held)
        and any(n.path.startswith(p) or p.startswith(n.path) for p in policy.area_paths)
    ]  # fmt: skip
    top = min((n.level for n in nodes), default=0)
    most = sorted(nodes, key=lambda n: n.path)
    return [(n.area_id, "　" * (n.level - top) + n.name) for n in most]


def line(r: queries.BulletinRow) -> dict[str, Any]:
    node, policy = places.find_area(r.area_id), find_policy(r.round_id)
    return {
        "href": url_for(".show", bulletin_id=r.bulletin_id),
        "kind": rules.KINDS[Kind(r.kind)][lang()] + (f" {r.subject}" if r.subject else ""),
        "number": r.number,
        "area": node.name if node else "",
        "round": policy.name if policy else "",
        "cut_off": r.cut_off,
    }


def _asked(a: queries.Asked) -> dict[str, Any]:
    node = places.find_area(a.area_id)
    title = f"{node.name if node else ''} {rules.KINDS[Kind(a.kind)][lang()]}"
    state = "failed" if a.failed else "waiting"
    return {"id": a.job_id, "title": title, "state": state, "done": 0, "total": 0,
            "note": _("到 %(at)s 冻结", at=paper.dt(a.due_at)) if a.due_at > clock.real_now() else ""}  # fmt: skip


@bp.post("/bulletins")
@require(*MAKERS, at=AREA)
def ask() -> Any:
    """Have a report frozen, now or at a later moment."""
    now = clock.now()
    try:
        kind = Kind(request.form.get("kind", "daily"))
        service.ask(
            Kind.DAILY if kind == Kind.POOL else kind, request.form.get("round_id", 0, type=int),
            request.form.get("area_id", 0, type=int), by=current_actor().staff_id, at=now,
            cut_off=_typed(request.form.get("cut_off", "")),
        )  # fmt: skip
    except Problem as problem:
        return _refused(problem, "bulletins/list.html", list_page)
    flash(_("已交给后台，冻结后列在下面。"), "ok")
    return redirect(url_for(".list", round=request.form.get("round_id", type=int)), 303)


def _typed(text: str) -> datetime | None:
    """The wall clock that a form gives; nothing for now."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZONE)
    except ValueError:
        return None


def _refused(problem: Problem, template: str, page: Any) -> Response:
    g.failed = True
    db.session.rollback()
    text = render_template(template, sentence=problem.sentence(current_lang()), **page())
    return make_response(text, problem.status)


# --- one bulletin -------------------------------------------------------------------------------


@bp.get("/bulletins/<int:bulletin_id>")
@require(*READERS, at=BULLETIN)
def show(bulletin_id: int) -> Any:
    """One report as it was frozen; people in it are masked."""
    held = check(current_actor(), queries.get_bulletin(bulletin_id))
    return render_template("bulletins/show.html", **show_page(held))


def show_page(held: Held, reason: str | None = None) -> dict[str, Any]:
    personal, purged = _people(held, reason)
    told = paper.paper(held, personal)
    node = places.find_area(held.row.area_id)
    by = held.row.made_by
    return {
        "held": held,
        "paper": told,
        "grids": [grid(t) for t in told.tables if t.rows],
        "forms": list(FORMS),
        "pool": held.row.kind == Kind.POOL,
        "opened": reason is not None,
        "purged": purged,
        "reasons": [(k, w[lang()]) for k, w in rules.REASONS.items()],
        "reason": reason,
        "made_by": names_of([by])[by][0] if by and by in names_of([by]) else "",
        "may_add": bool(node) and current_actor().may(MAKERS, places.place_of_area(held.row.area_id)),
        "printer": current_actor().staff_no,
    }  # fmt: skip


def grid(t: paper.Table) -> dict[str, Any]:
    """A table of the report as the screen's tables take it; its sum is the last line."""
    columns = [
        {"key": f"c{i}", "label": head, "kind": _SCREEN.get(kind, "text")}
        for i, (head, kind) in enumerate(zip(t.heads, t.kinds, strict=True))
    ]
    lines = [_line(t, row, row) for row in t.rows]
    if t.total:
        last = _line(t, t.total, [])
        if t.total[0] is None:
            last["c0"] = {"text": _("合计"), "sort": "~"}
        lines.append(last)
    return {"key": t.key, "title": t.title, "columns": columns, "lines": lines}


_SCREEN = {"num": "num", "code": "code"}


def _line(t: paper.Table, row: list[Any], whole: list[Any]) -> dict[str, Any]:
    return {
        f"c{i}": {
            "text": value if kind == "num" else paper.shown(kind, value, whole or None),
            "sort": _sort(kind, value),
        }
        for i, (kind, value) in enumerate(zip(t.kinds, row, strict=True))
    }


def _sort(kind: str, value: Any) -> Any:
    if kind == "rate":
        return value[0] / value[1] if value and value[1] else -1
    return value if kind in ("num", "age") and value is not None else ""


def _people(held: Held, reason: str | None) -> tuple[list[dict[str, Any]] | None, bool]:
    """The personal blocks, masked unless a reason was given; whoever is shown is audited."""
    if held.sealed is None:
        return None, False
    try:
        people = service.open_sealed(held)
    except RoundPurged:
        return None, True
    for cell, group in by_cell([tuple(p) for p in people["people"]]):
        note_read_person(cell, [p for _, p in group], why="special_report")
    if reason is None:
        return paper.masked(people["blocks"]), False
    note("near_opened", "bulletin", held.row.bulletin_id, detail={"reason": reason})
    return people["blocks"], False


@bp.post("/bulletins/<int:bulletin_id>/people")
@require(*OPENERS, at=BULLETIN)
def open_people(bulletin_id: int) -> Any:
    """A 专报 with names, phones and doors: on screen, or as a file (`form`)."""
    held = check(current_actor(), queries.get_bulletin(bulletin_id))
    reason = near.check_reason(request.form.get("reason", ""))
    form = request.form.get("form", "")
    if form:
        blocks, _purged = _people(held, reason)
        mark = f"{current_actor().staff_no} {paper.dt(clock.real_now())}"
        return file_of(held, form, blocks, mark=mark)
    return render_template("bulletins/show.html", **show_page(held, reason))


@bp.get("/bulletins/<int:bulletin_id>/<form>")
@require(*READERS, at=BULLETIN)
def download(bulletin_id: int, form: str) -> Any:
    """The report as a file; people in it are masked."""
    held = check(current_actor(), queries.get_bulletin(bulletin_id))
    blocks, _purged = _people(held, None)
    return file_of(held, form, blocks)


@bp.post("/bulletins/<int:bulletin_id>/addenda")
@require(*MAKERS, at=BULLETIN)
def add(bulletin_id: int) -> Any:
    """Correct a report by an addendum."""
    held = check(current_actor(), queries.get_bulletin(bulletin_id))
    try:
        service.add(bulletin_id, request.form.get("text", ""), by=current_actor(), at=clock.now())
    except Problem as problem:
        return _refused(problem, "bulletins/show.html", lambda: show_page(held))
    flash(_("已补充；原文不变。"), "ok")
    return redirect(url_for(".show", bulletin_id=bulletin_id), 303)


# --- people near a tube -------------------------------------------------------------------------


@bp.get("/bulletins/near")
@require(*OPENERS, at=OWN_ROWS)
def near_form() -> Any:
    """The form that opens the people around a positive tube."""
    return render_template("bulletins/near.html", **near_page(current_actor()))


def near_page(_actor: Actor) -> dict[str, Any]:
    return {
        "tube": request.values.get("tube", "")[:40],
        "reasons": [(k, w[lang()]) for k, w in rules.REASONS.items()],
        "minutes": rules.NEAR_MINUTES.value,
    }


@bp.post("/bulletins/near")
@require(*OPENERS, at=TUBE)
def make_near(**_values: Any) -> Any:
    """Freeze the 专报 of a tube: members, neighbours, people at the same site."""
    barcode, actor = request.form.get("tube", "").strip(), current_actor()
    try:
        number = near.make(barcode, request.form.get("reason", ""), by=actor, at=clock.now())
    except Problem as problem:
        return _refused(problem, "bulletins/near.html", lambda: near_page(actor))
    return redirect(url_for(".show", bulletin_id=number), 303)
