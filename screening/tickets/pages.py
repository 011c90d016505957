"""Pages of the tickets desk: what waits, alike ones together, one ticket with both sides."""

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
from screening.accounts import queries as accounts
from screening.accounts.guard import OWN_ROWS, current_actor, require
from screening.db import db
from screening.errors import Faults, NotFound, Problem
from screening.i18n import _, current_lang
from screening.openapi import load
from screening.tickets import desk, queries
from screening.tickets.api import OWN_TICKETS, find, own_ticket
from screening.tickets.rules import CLOSED, KINDS, NOTED, OPEN, SOLUTIONS, SOLVED, Weight
from screening.tickets.schemas import TicketsWantedSchema
from screening.tickets.solving import FROM_PAPER, choices

bp = Blueprint("tickets_pages", __name__)

TONES = {Weight.HOLD: "stop", Weight.ASK: "look", Weight.NOTE: "unknown"}
_wanted = TicketsWantedSchema()


def kind_word(kind: str) -> str:
    known = KINDS[kind]
    return known.en if current_lang() == "en" else known.zh


def solution_word(code: str | None) -> str:
    return SOLUTIONS[code][1 if current_lang() == "en" else 0] if code else ""


def state_words() -> dict[str, tuple[str, str]]:
    return {
        OPEN: ("look", _("待处理")), SOLVED: ("unknown", _("待他人复核")),
        CLOSED: ("ok", _("已关闭")), NOTED: ("unknown", _("仅记录")),
    }  # fmt: skip


@bp.get("/tickets", endpoint="desk")
@require(*desk.READERS, at=OWN_ROWS)
def list_tickets() -> Any:
    """What waits, the most urgent first, and how much of each kind waits where."""
    return render_template("tickets/list.html", **listed())


def listed() -> dict[str, Any]:
    asked = {k: v for k, v in request.args.items() if v}
    if request.method == "POST":
        asked = {}
    args = _asked()
    rows = find(args)
    more: dict[str, Any] = {**asked, "after": rows[-1].cursor} if len(rows) == args["limit"] else {}
    alike = {(r.kind, r.site_id) for r in rows}
    one = next(iter(alike))[0] if len(alike) == 1 and args.get("kind") else None
    return {
        "rows": lines(rows),
        "asked": asked,
        "next": url_for(".desk", **more) if more else "",
        "groups": groups(),
        "kinds": [(k, kind_word(k)) for k in KINDS],
        "states": [(k, v[1]) for k, v in state_words().items()],
        "solutions": [(c, solution_word(c)) for c in choices(one)] if one else [],
        "from_paper": one in FROM_PAPER,
        "waits": waits(rows),
        "may_solve": bool(current_actor().roles & set(desk.SOLVERS)),
        "back": request.full_path if request.method == "GET" else url_for(".desk"),
    }


def _asked() -> dict[str, Any]:
    if request.method == "POST":
        return {"limit": 100}
    return load(_wanted, "query")


def lines(rows: Sequence[queries.TicketRow]) -> list[dict[str, Any]]:
    now = clock.now()
    sites = queries.site_names(r.site_id for r in rows)
    labs = queries.lab_names(r.lab_id for r in rows)
    names = accounts.names_of(r.owner_id for r in rows)
    return [line(r, sites, labs, names, now) for r in rows]


def line(
    row: queries.TicketRow,
    sites: dict[int, str],
    labs: dict[int, str],
    names: dict[int, tuple[str, str]],
    now: datetime,
) -> dict[str, Any]:
    number, name = names.get(row.owner_id or 0, ("", ""))
    late = row.due_at is not None and row.due_at < now and row.state == OPEN
    tone, word = state_words()[row.state]
    places = [sites.get(row.site_id or 0), labs.get(row.lab_id or 0)]
    return {
        "key": f"{row.cell_id}-{row.ticket_id}",
        "href": url_for(".ticket", cell=row.cell_id, ticket_id=row.ticket_id),
        "kind": {"tone": TONES[Weight(row.weight)], "text": kind_word(row.kind)},
        "subject": {"text": row.subject_id, "sub": subject_word(row.subject)},
        "place": " · ".join(p for p in places if p),
        "age": now - row.opened_at,
        "due": {"text": row.due_at, "sub": _("已超时") if late else ""},
        "owner": {"text": name, "sub": number} if name else "",
        "state": {"tone": tone, "text": word, "sub": solution_word(row.solution)},
        "known": (row.sides or {}).get("known"),
        "tone": "stop" if late else "",
    }


def subject_word(subject: str) -> str:
    words = {
        "tube": _("试管"), "person": _("人员"), "batch": _("转运批次"), "device": _("设备"),
        "entry": _("日志条目"), "plate": _("检测板"),
    }  # fmt: skip
    return words.get(subject, subject)


def waits(rows: Sequence[queries.TicketRow]) -> dict[str, bool]:
    """Whether there is something to solve, and something to check."""
    return {state: any(r.state == state for r in rows) for state in (OPEN, SOLVED)}


def side_word(key: str) -> str:
    """What a side of a contradiction is called; a code that has no word stays as it is."""
    words = {
        "confirmed": _("封管时人数"), "known": _("系统中人数"), "n": _("纸质人数"),
        "size": _("规定人数"), "site": _("采样点"), "sites": _("采样点"), "lab": _("检测机构"),
        "devices": _("设备"), "device": _("设备"), "person": _("人员编号"),
        "specimens": _("样本编号"), "counted": _("点数"), "expected": _("应有数"),
        "missing": _("缺少"), "extra": _("多出"), "added": _("新增样本"), "removed": _("移出样本"),
        "version": _("版本"), "tube": _("试管"), "tubes": _("试管"), "batches": _("转运批次"),
        "sealed": _("封箱点数"), "minutes": _("超时分钟"), "temperature": _("温度"),
        "journal": _("日志"), "from": _("起始号"), "outcome": _("结果"), "callback": _("复采任务"),
    }  # fmt: skip
    return words.get(key, key)


def groups() -> list[dict[str, Any]]:
    """Alike ones: kind and site, with the oldest; each leads to its own list."""
    counts = queries.list_counts(desk.reach(current_actor()))
    sites = queries.site_names(c.site_id for c in counts)
    now = clock.now()
    out = []
    for c in counts:
        weight = KINDS[c.kind].weight
        out.append({
            "href": url_for(".desk", kind=c.kind, site_id=c.site_id or None,
                            state=NOTED if weight is Weight.NOTE else None),
            "kind": {"tone": TONES[weight], "text": kind_word(c.kind)},
            "site": sites.get(c.site_id, ""),
            "n": c.n,
            "oldest": now - c.oldest if c.oldest else None,
        })  # fmt: skip
    return out


@bp.get("/tickets/<int:cell>/<int:ticket_id>")
@require(*desk.READERS, at=OWN_TICKETS)
def ticket(cell: int, ticket_id: int) -> Any:
    """One ticket: what contradicts what, who has it, how it was solved."""
    row = own_ticket(cell, ticket_id)
    actor = current_actor()
    names = accounts.names_of([row.owner_id, row.solved_by, row.checked_by])
    who = {k: "{1} {0}".format(*v) for k, v in names.items()}
    return render_template(
        "tickets/ticket.html", t=row, line=lines([row])[0], who=who,
        kind=kind_word(row.kind), solution=solution_word(row.solution),
        sides=[(side_word(k), v) for k, v in sorted((row.sides or {}).items())],
        solutions=[(c, solution_word(c)) for c in choices(row.kind)],
        from_paper=row.kind in FROM_PAPER, back=request.path, waits=waits([row]),
        may_solve=bool(actor.roles & set(desk.SOLVERS)), oneself=row.solved_by == actor.staff_id,
    )  # fmt: skip


@bp.post("/tickets/act")
@require(*desk.SOLVERS, at=OWN_TICKETS)
def act() -> Any:
    """Take, solve, agree or send back the ticked tickets."""
    actor, at = current_actor(), clock.now()
    keys = [_key(word) for word in request.form.getlist("t")]
    note = request.form.get("note", "").strip()
    doing = request.form.get("act")
    if not keys:
        flash(_("请先勾选要处理的差异单。"), "look")
        return redirect(_back(), 303)
    try:
        if doing == "take":
            desk.take(keys, by=actor, at=at)
        elif doing == "give_back":
            desk.give_back(keys, by=actor, at=at)
        elif doing == "solve":
            counts = {k: request.form.get(f"n-{k[0]}-{k[1]}", type=int) for k in keys}
            desk.solve(counts, request.form.get("solution", ""), note, by=actor, at=at)
        elif doing in ("agree", "refuse"):
            desk.check(keys, agree=doing == "agree", note=note, by=actor, at=at)
        else:
            raise NotFound()
    except Problem as problem:
        if problem.status in (403, 404):
            raise
        return _refused(problem)
    flash(_("已记录 %(n)s 张。", n=len(keys)), "ok")
    return redirect(_back(), 303)


def _key(word: str) -> desk.Key:
    cell, _dash, ticket_id = word.partition("-")
    if not (cell.isdigit() and ticket_id.isdigit()):
        raise NotFound()
    return int(cell), int(ticket_id)


def _back() -> str:
    """Where the form stood; only a path of this desk."""
    back = request.form.get("back", "")
    return back if back.startswith("/tickets") else url_for(".desk")


def _refused(problem: Problem) -> Response:
    g.failed = True
    db.session.rollback()
    faults = problem.faults if isinstance(problem, Faults) else []
    page = render_template(
        "tickets/list.html", sentence=problem.sentence(current_lang()), faults=faults, **listed()
    )
    return make_response(page, problem.status)
