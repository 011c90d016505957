"""Label runs on pages: give out numbers, print them, take them back; patterns of foreign labels."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from screening import clock
from screening.accounts.guard import CITY, OWN_ROWS, current_actor, require
from screening.accounts.guard import site as at_site
from screening.accounts.roles import Actor, Role
from screening.errors import BadField, Fault, Faults, Problem
from screening.forms import refused, text
from screening.i18n import _, current_lang
from screening.places import queries as places
from screening.registry.check_digits import CHECKS
from screening.tube import label_queries as queries
from screening.tube import words
from screening.tube.api import BADGERS, KEEPERS, PRINTERS, RUN, SEERS
from screening.tube.codes import WORDS, grouped
from screening.tube.service import label_runs as service
from screening.tube.service import label_stock

bp = Blueprint("tube_pages", __name__)
PAGE = 100
PARTS = ("blank", "claimed", "returned", "void", "missing")


def number(name: str) -> int:
    """A whole number of the form. Raises Faults."""
    try:
        return int(text(name, 20).replace(",", ""))
    except ValueError:
        raise Faults([Fault(BadField(message=_("请填写数字")), field=name)]) from None


@bp.get("/label-runs")
@require(*SEERS, at=OWN_ROWS)
def label_runs() -> Any:
    """Label runs of the own scope, with their ledgers."""
    return render_template("tube/runs.html", **runs())


def runs() -> dict[str, Any]:
    actor = current_actor()
    after = request.args.get("after", 0, type=int)
    rows = queries.list_runs(actor.places(SEERS), after=after, limit=PAGE)
    held = queries.balances([r.run_id for r in rows])
    sites = places.list_sites(actor.places(PRINTERS)) if may_print(actor) else []
    return {
        "rows": [run_line(r, held.get(r.run_id)) for r in rows],
        "next": rows[-1].run_id if len(rows) == PAGE else None,
        "after": after,
        "patterns": queries.list_patterns() if may_print(actor) else [],
        "sites": sites,
        "site_options": [(s.site_id, f"{s.code} {s.name}") for s in sites],
        "kinds": [(k, kind_word(k)) for k in service.PRINTED],
        "most": service.MOST.value,
    }


def may_print(actor: Actor) -> bool:
    return bool(actor.places(PRINTERS))


def kind_word(kind: str) -> str:
    return WORDS[service.KINDS[kind]][current_lang() == "en"]


def run_line(r: queries.Run, held: queries.Balance | None) -> dict[str, Any]:
    line: dict[str, Any] = {
        "href": url_for(".run", run_id=r.run_id),
        "name": {"text": f"LR-{r.run_id}", "sub": _("练习") if r.practice else ""},
        "kind": kind_word(r.kind),
        "site": r.site_name,
        "count": r.count,
        "made_at": r.made_at,
        "foreign": _("外来标签") if r.pattern_id else _("本系统"),
    }
    return line | {p: getattr(held, p) if held else None for p in PARTS}


@bp.post("/label-runs")
@require(*PRINTERS, at=at_site())
def make_run() -> Any:
    """Give out the next numbers and issue them to a site."""
    me = current_actor().staff_id
    try:
        kind = text("kind") if text("kind") in service.PRINTED else "tube"
        found = service.make_run(
            kind, number("count"), int(text("site_id")), by=me, at=clock.now(),
            practice=request.form.get("practice") == "1",
        )  # fmt: skip
    except Problem as problem:
        return refused(problem, "tube/runs.html", **runs())
    flash(_("已分配 %(n)s 个号码。", n=found.count), "ok")
    return redirect(url_for(".run", run_id=found.run_id), 303)


@bp.post("/label-runs/foreign")
@require(*PRINTERS, at=at_site())
def register_stock() -> Any:
    """Register another maker's labels as a range or a list."""
    me, site_id = current_actor().staff_id, int(text("site_id"))
    try:
        lines = request.form.get("numbers", "").splitlines()
        pattern = number("pattern_id")
        if any(line.strip() for line in lines):
            found = label_stock.register_list(pattern, lines, site_id, by=me, at=clock.now())
        else:
            found = label_stock.register_range(
                pattern, text("first"), text("last"), site_id, by=me, at=clock.now()
            )
    except Problem as problem:
        return refused(problem, "tube/runs.html", **runs())
    flash(_("已登记 %(n)s 个外来标签。", n=found.count), "ok")
    return redirect(url_for(".run", run_id=found.run_id), 303)


@bp.get("/label-runs/<int:run_id>")
@require(*SEERS, at=RUN)
def run(run_id: int) -> Any:
    """One run: its ledger, where its labels went, print, take back."""
    return render_template("tube/run.html", **one(run_id))


def one(run_id: int) -> dict[str, Any]:
    actor, found = current_actor(), queries.get_run(run_id)
    part = request.args.get("part", "blank")
    part = part if part in PARTS else "blank"
    after = request.args.get("after", "")[:64]
    numbers = queries.list_numbers(run_id, after=after, limit=PAGE, where=part)
    own = found.pattern_id is None
    codes = service.numbers_of(found) if own else []
    return {
        "run": found,
        "kind": kind_word(found.kind),
        "ledger": queries.balances([run_id]).get(run_id),
        "moves": [{**m._asdict(), "what": move_word(m.what)} for m in queries.list_moves(run_id)],
        "part": part,
        "parts": PARTS,
        "numbers": [
            {"barcode": n.barcode, "state": words.LABEL_STATES[n.state][current_lang() == "en"]}
            for n in numbers
        ],
        "next": numbers[-1].barcode if len(numbers) == PAGE else None,
        "may_move": actor.may(KEEPERS, queries.place_of_run(run_id)) and found.kind == "tube",
        "may_print": actor.may(KEEPERS, queries.place_of_run(run_id)) and own,
        "may_badge": bool(found.site_id) and actor.may(BADGERS, queries.place_of_run(run_id)),
        "first": grouped(codes[0]) if codes else None,
        "last": grouped(codes[-1]) if codes else None,
    }


def move_word(what: str) -> str:
    said = {
        "returned": _("已退回"),
        "void": _("已作废的"),
        "missing": _("已遗失"),
        "found": _("已找回"),
    }
    return said.get(what, what)


@bp.post("/label-runs/<int:run_id>/returns")
@require(*KEEPERS, at=RUN)
def move_labels(run_id: int) -> Any:
    """Blank labels come back, are void or missing."""
    what = text("what") if text("what") in ("returned", "void", "missing", "found") else "returned"
    try:
        count = service.move(
            run_id, what, text("first"), text("last"), by=current_actor().staff_id, at=clock.now()
        )
    except Problem as problem:
        return refused(problem, "tube/run.html", **one(run_id))
    flash(_("%(n)s 个标签登记为%(what)s。", what=move_word(what), n=count), "ok")
    return redirect(url_for(".run", run_id=run_id), 303)


# --- patterns -----------------------------------------------------------------------------------


@bp.get("/code-patterns")
@require(Role.ADMINISTRATOR, at=CITY)
def list_patterns() -> Any:
    """How other makers' labels look."""
    return render_template("tube/patterns.html", **patterns())


def patterns() -> dict[str, Any]:
    rows = [
        {
            **r._asdict(),
            "kind": kind_word(r.kind),
            "state": {"tone": "ok", "text": _("在用")}
            if r.active
            else {"tone": "unknown", "text": _("已停用")},
            "act": r.pattern_id if r.active else None,
        }
        for r in queries.list_patterns(all_versions=True)
    ]
    return {
        "rows": rows,
        "kinds": [(k, kind_word(k)) for k in service.PRINTED],
        "checks": [("none", _("无")), *((c, c) for c in CHECKS if c != "none")],
    }


@bp.post("/code-patterns")
@require(Role.ADMINISTRATOR, at=CITY)
def save_pattern() -> Any:
    """A new pattern, or the next version of one."""
    try:
        length = number("length") if text("length") else None
        kind = text("kind") if text("kind") in service.PRINTED else "tube"
        check = text("check") if text("check") in CHECKS else None
        label_stock.save_pattern(
            text("name", 60), kind, text("regex", 100), length=length, check=check,
            by=current_actor().staff_id, at=clock.now(),
        )  # fmt: skip
    except Problem as problem:
        return refused(problem, "tube/patterns.html", **patterns())
    return redirect(url_for(".list_patterns"), 303)


@bp.post("/code-patterns/<int:pattern_id>/retire")
@require(Role.ADMINISTRATOR, at=CITY)
def retire_pattern(pattern_id: int) -> Any:
    """Labels of this version are no longer taken."""
    label_stock.retire_pattern(pattern_id)
    return redirect(url_for(".list_patterns"), 303)
