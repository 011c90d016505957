"""Merging and taking apart: find the other row, compare side by side, say why, a second person."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from screening import clock
from screening.accounts.guard import OWN_ROWS, current_actor, require
from screening.accounts.queries.staff import names_of
from screening.errors import Problem
from screening.forms import refused, text
from screening.i18n import _
from screening.registry import search as finding
from screening.registry import timeline
from screening.registry.documents import WORDS
from screening.registry.pages.choices import area_name
from screening.registry.pages.frame import bp, word
from screening.registry.pages.persons import flag_words, person_line
from screening.registry.rules import COHORTS
from screening.registry.scopes import BOTH_PERSONS, MERGE, PERSON, REGISTRARS
from screening.registry.seals import DOC_TYPES
from screening.registry.search import Found, Wanted
from screening.registry.service import merging
from screening.registry.service.merging import MergeRow


def state_of(m: MergeRow) -> dict[str, str]:
    words = {
        merging.WAITING: ("look", _("等另一人确认")), merging.DONE: ("ok", _("已合并")),
        merging.REFUSED: ("unknown", _("未同意")), merging.UNDONE: ("unknown", _("已撤销")),
    }  # fmt: skip
    tone, said = words[m.state]
    return {"tone": tone, "text": said}


def merge_line(m: MergeRow) -> dict[str, Any]:
    names = names_of({m.asked_by, m.decided_by, m.undone_by} - {None})

    def who(staff: int | None) -> str:
        return " ".join(names.get(staff or 0, ()))

    compare = url_for(
        ".compare_persons", cell=m.twin_cell, person_id=m.twin_id, into_cell=m.into_cell,
        into_id=m.into_id,
    )  # fmt: skip
    return {
        "asked_at": m.asked_at, "reason": m.reason, "state": state_of(m), "asked": who(m.asked_by),
        "decided": who(m.decided_by), "undone": who(m.undone_by), "why": m.undone_why or "",
        "compare": {"text": _("并排查看"), "href": compare}, "href": compare,
    }  # fmt: skip


@bp.get("/persons/merges")
@require(*REGISTRARS, at=OWN_ROWS)
def list_merges() -> Any:
    """Merges of the own areas that wait for a second person."""
    waiting = merging.list_waiting(current_actor().places(REGISTRARS))
    return render_template("registry/merges.html", rows=[merge_line(m) for m in waiting])


@bp.get("/persons/<int:cell>/<int:person_id>/merge")
@require(*REGISTRARS, at=PERSON)
def merge_form(cell: int, person_id: int) -> Any:
    """The form with which the other row of the same person is found."""
    return render_template("registry/merge_find.html", **find_view(cell, person_id))


def find_view(cell: int, person_id: int) -> dict[str, Any]:
    return {
        "p": finding.get_person(cell, person_id),
        "types": [(k.value, word(v)) for k, v in WORDS.items() if k != "none"],
        "merges": [merge_line(m) for m in merging.merges_of(cell, person_id)],
    }


@bp.post("/persons/<int:cell>/<int:person_id>/merge")
@require(*REGISTRARS, at=PERSON)
def find_twin(cell: int, person_id: int) -> Any:
    """Rows of the own areas that may be the same person, by document or telephone."""
    fields = ("doc_type", "number", "country", "phone")
    wanted = Wanted(**{f: text(f, 60) or None for f in fields})
    try:
        found = {
            (p.cell_id, p.person_id): p
            for place in current_actor().places(REGISTRARS)
            for p in finding.search(wanted, place)
        }
    except Problem as problem:
        return refused(problem, "registry/merge_find.html", **find_view(cell, person_id))
    found.pop((cell, person_id), None)
    rows = [
        {**person_line(p), "href": url_for(
            ".compare_persons", cell=cell, person_id=person_id, into_cell=p.cell_id,
            into_id=p.person_id)}
        for p in found.values()
    ]  # fmt: skip
    return render_template("registry/merge_find.html", rows=rows, **find_view(cell, person_id))


AT_BOTH = "/persons/<int:cell>/<int:person_id>/merge/<int:into_cell>/<int:into_id>"


@bp.get(AT_BOTH)
@require(*REGISTRARS, at=BOTH_PERSONS)
def compare_persons(cell: int, person_id: int, into_cell: int, into_id: int) -> Any:
    """Two rows side by side: what differs, what either has on the chain, and the next step."""
    return render_template(
        "registry/merge.html", **compare_view((cell, person_id), (into_cell, into_id))
    )


def compare_view(twin: merging.Pair, into: merging.Pair) -> dict[str, Any]:
    a, b = finding.get_person(*twin), finding.get_person(*into)
    lines = [timeline.lines_of(*twin), timeline.lines_of(*into)]
    mine = current_actor().staff_id
    held = [m for m in merging.merges_of(*twin) if {m.twin, m.into} == {twin, into}]
    live = next((m for m in held if m.state in (merging.WAITING, merging.DONE)), None)
    both = all(any(line.link for line in side) for side in lines)
    return {
        "a": a, "b": b, "lines": lines, "both": both, "live": live,
        "rows": [
            {"label": label, "a": x or "—", "b": y or "—", "differs": x != y}
            for label, x, y in zip(labels(), facts(a), facts(b), strict=True)
        ],
        "asked_by_me": live is not None and live.asked_by == mine,
        "history": [merge_line(m) for m in held],
    }  # fmt: skip


def labels() -> tuple[str, ...]:
    return (
        _("姓名"), _("证件类型"), _("证件"), _("电话"), _("出生年份"), _("社区"), _("住址"),
        _("人群"), _("单位"), _("标记"), _("登记时间"),
    )  # fmt: skip


def facts(p: Found) -> tuple[str, ...]:
    """What the register says of a row, masked, in the order of the labels."""
    group = word(COHORTS[p.key_group]) if p.key_group else ""
    return (
        p.details.name, word(WORDS[DOC_TYPES[p.doc_type]]), p.document, p.phone,
        (p.details.birth or "")[:4], area_name(p.community_id),
        " ".join(filter(None, (p.details.unit, p.details.room))), group, p.employer or "",
        "、".join(flag_words(p.flags)), f"{p.created_at:%Y-%m-%d}",
    )  # fmt: skip


@bp.post(AT_BOTH)
@require(*REGISTRARS, at=BOTH_PERSONS)
def ask_merge(cell: int, person_id: int, into_cell: int, into_id: int) -> Any:
    """Say that both rows are one human being, with a reason."""
    twin, into = (cell, person_id), (into_cell, into_id)
    try:
        made = merging.ask(
            twin, into, text("reason", 500), by=current_actor().staff_id, at=clock.now()
        )
    except Problem as problem:
        return refused(problem, "registry/merge.html", **compare_view(twin, into))
    done = made.state == merging.DONE
    flash(_("已合并，覆盖只算一次。") if done else _("两条登记都有采样，已交另一人确认。"),
          "ok" if done else "look")  # fmt: skip
    return _compared(made)


def _compared(m: MergeRow) -> Any:
    return redirect(url_for(
        ".compare_persons", cell=m.twin_cell, person_id=m.twin_id, into_cell=m.into_cell,
        into_id=m.into_id,
    ), 303)  # fmt: skip


@bp.post("/persons/merges/<int:merge_id>/decide")
@require(*REGISTRARS, at=MERGE)
def decide_merge(merge_id: int) -> Any:
    """A second person confirms, or anybody of the area says no."""
    yes = request.form.get("do") == "yes"
    merging.decide(merge_id, yes=yes, by=current_actor().staff_id, at=clock.now())
    flash(_("已合并，覆盖只算一次。") if yes else _("没有合并，两条登记各算各的。"), "ok")
    return _compared(merging.get_merge(merge_id))


@bp.post("/persons/merges/<int:merge_id>/undo")
@require(*REGISTRARS, at=MERGE)
def undo_merge(merge_id: int) -> Any:
    """They are two human beings after all, with a reason."""
    row = merging.get_merge(merge_id)
    try:
        merging.undo(merge_id, text("reason", 500), by=current_actor().staff_id, at=clock.now())
    except Problem as problem:
        return refused(problem, "registry/merge.html", **compare_view(row.twin, row.into))
    flash(_("已撤销合并，两条登记各算各的；采样都在原来的人名下。"), "ok")
    return _compared(row)
