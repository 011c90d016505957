"""Exports on the desk: the own files with their progress, and the form that asks for one."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, make_response, redirect, render_template, request, url_for

from screening import clock
from screening.accounts.guard import OWN_ROWS, current_actor, require
from screening.accounts.roles import Actor
from screening.db import db
from screening.errors import Problem
from screening.exports import queries, rules, service
from screening.exports.api import AREA, TAKERS
from screening.exports.kinds import LISTINGS
from screening.exports.queries import ExportRow
from screening.i18n import _, current_lang, dt
from screening.places import queries as places
from screening.places.rules import COMMUNITY

bp = Blueprint("exports_pages", __name__)
PAGE = 20


@bp.get("/exports", endpoint="list")
@require(*TAKERS, at=OWN_ROWS)
def list_exports() -> Any:
    """The files that somebody asked for."""
    return render_template("exports/list.html", **list_page(current_actor()))


def list_page(actor: Actor) -> dict[str, Any]:
    before = request.args.get("before", type=int)
    rows = queries.list_own(actor.staff_id, before=before, limit=PAGE)
    broken, names = queries.broken(rows), queries.names_of_rounds(r.round_id for r in rows)
    n, used = queries.count_opened(actor.staff_id, service.midnight(clock.real_now()))
    lang = current_lang()
    kinds = [x for x in LISTINGS.values() if actor.roles & set(x.roles)]
    return {
        "jobs": [job_of(r, broken, names) for r in rows],
        "kinds": [(x.name, x.en if lang == "en" else x.zh) for x in kinds],
        "areas": _areas(actor),
        "rounds": queries.list_rounds(_paths(actor)),
        "formats": [(f, f.upper()) for f in rules.FORMATS],
        "reasons": [("", "—"), *((k, w[lang == "en"]) for k, w in rules.REASONS.items())],
        "may_open": any(actor.roles & set(x.openers) for x in kinds),
        "left": (max(rules.OPEN_FILES.value - n, 0), max(rules.OPEN_ROWS.value - used, 0)),
        "hours": rules.KEPT_HOURS.value,
        "form": request.values,
        "next": url_for(".list", before=rows[-1].export_id) if len(rows) == PAGE else "",
    }  # fmt: skip


def _paths(actor: Actor) -> tuple[str, ...]:
    held = actor.places(TAKERS)
    return tuple("/" if p.kind == "all" else p.path for p in held if p.kind in ("all", "area"))


def _areas(actor: Actor) -> list[tuple[int, str]]:
    """Areas of the own scope down to communities, in code order."""
    paths = _paths(actor)
    nodes = [
        n for n in places.TREE.get().by_id.values()
        if n.level <= COMMUNITY and paths and n.path.startswith(paths)
    ]  # fmt: skip
    top = min((n.level for n in nodes), default=0)
    most = sorted(nodes, key=lambda n: n.path)
    return [(n.area_id, "　" * (n.level - top) + n.name) for n in most]


STATES = {
    rules.WAITING: "waiting", rules.RUNNING: "running", rules.DONE: "done",
    rules.CANCELLED: "cancelled", rules.GONE: "cancelled",
}  # fmt: skip


def job_of(r: ExportRow, broken: set[int], names: dict[int, str]) -> dict[str, Any]:
    """A file as the bar that every long work shows."""
    node, listing = places.find_area(r.area_id), LISTINGS.get(r.kind)
    words = (listing.zh, listing.en)[current_lang() == "en"] if listing else r.kind
    state = "failed" if r.export_id in broken else STATES.get(r.state, "failed")
    over = r.expires_at <= clock.real_now()
    return {
        "id": r.export_id,
        "title": f"{node.name if node else ''} {words} {r.format.upper()}",
        "what": " · ".join(filter(None, (names.get(r.round_id), dt(r.made_at)))),
        "state": state,
        "done": r.done,
        "total": r.total,
        "note": note_of(r),
        "cancel_href": url_for(".cancel", export_id=r.export_id),
        "result_href": url_for("exports_api.fetch_export", export_id=r.export_id)
        if r.state == rules.DONE and not over else "",
        "sentence": _("超过每日未遮蔽导出的上限，没有生成。") if r.state == rules.LIMITED else "",
        "poll": url_for(".show", export_id=r.export_id),
    }  # fmt: skip


def note_of(r: ExportRow) -> str:
    if r.state == rules.GONE:
        return _("已过期删除")
    words = [_("未遮蔽") if r.unmasked else _("已遮蔽")]
    if r.state == rules.DONE and not r.total:
        words.insert(0, _("%(n)s 行", n=0))
    if r.state == rules.DONE:
        size = r.size / 1024
        words.append(f"{size:,.0f} KB" if size < 1024 else f"{size / 1024:,.1f} MB")
    return " · ".join(words)


@bp.get("/exports/<int:export_id>")
@require(*TAKERS, at=OWN_ROWS)
def show(export_id: int) -> Any:
    """One file and how far it is; what the bar asks again."""
    row = queries.get_own(export_id, current_actor().staff_id)
    names = queries.names_of_rounds([row.round_id])
    return render_template("exports/one.html", job=job_of(row, queries.broken([row]), names))


@bp.post("/exports")
@require(*TAKERS, at=AREA)
def ask() -> Any:
    """Have a list made as a file."""
    form, actor = request.form, current_actor()
    try:
        service.ask(
            form.get("kind", ""), form.get("area_id", 0, type=int),
            form.get("round_id", 0, type=int), form.get("format", "csv"), by=actor,
            lang=current_lang(), unmasked=form.get("unmasked") == "1", reason=form.get("reason"),
        )  # fmt: skip
    except Problem as problem:
        g.failed = True
        db.session.rollback()
        page = render_template(
            "exports/list.html", sentence=problem.sentence(current_lang()), **list_page(actor)
        )
        return make_response(page, problem.status)
    return redirect(url_for(".list"), 303)


@bp.post("/exports/<int:export_id>/cancel")
@require(*TAKERS, at=OWN_ROWS)
def cancel(export_id: int) -> Any:
    """Stop a file that is being made."""
    service.cancel(export_id, by=current_actor())
    return redirect(url_for(".list"), 303)
