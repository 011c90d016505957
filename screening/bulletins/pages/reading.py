"""One bulletin: read, taken away, corrected; the people of a 专报 opened for a reason."""

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
from screening.accounts.audit import note, note_read_person
from screening.accounts.guard import current_actor, require
from screening.accounts.queries import names_of
from screening.bulletins import near, paper, queries, rules, service
from screening.bulletins.api import file_of
from screening.bulletins.pages.frame import bp, lang, refused
from screening.bulletins.printers import FORMS
from screening.bulletins.queries import Held
from screening.bulletins.rules import Kind
from screening.bulletins.scopes import (
    BULLETIN,
    MAKERS,
    OPENERS,
    READERS,
    check,
)
from screening.db import by_cell
from screening.errors import Problem
from screening.exports import service as exports
from screening.i18n import _
from screening.places import queries as places
from screening.registry.keys import RoundPurged


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
        n = sum(len(b["rows"]) for b in blocks or [])
        exports.take_open("bulletin", bulletin_id, n, by=current_actor())
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
        return refused(problem, "bulletins/show.html", lambda: show_page(held))
    flash(_("已补充；原文不变。"), "ok")
    return redirect(url_for(".show", bulletin_id=bulletin_id), 303)
