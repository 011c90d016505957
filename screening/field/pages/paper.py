"""Paper entry: tube first, its lines, then the count; the sheet's time is the swabs' time.

A tube that is new is opened, filled and closed. One that is known already is completed: only the
missing lines are typed, and a supervisor confirms how many swabs are in it. A sheet that was
entered wrongly is taken back whole by the supervisor, and entered again."""

from __future__ import annotations

from typing import Any, NamedTuple

from flask import flash, redirect, render_template, request, url_for

from screening.accounts.guard import OWN_ROWS, current_actor, require, site
from screening.accounts.roles import Role
from screening.collection import checks
from screening.errors import NotFound, Problem
from screening.field import sheets
from screening.field.pages.frame import Here, bp, here, lang, own_sites, refused, state
from screening.field.pages.sampling_desk import place, tube_code, tube_here
from screening.forms import text
from screening.i18n import _, current_lang, dt
from screening.registry.rules import MODES as MODE_WORDS
from screening.tube import words
from screening.tube.answers import OK, STOP, worst
from screening.tube.codes import CodeProblem, grouped
from screening.tube.labels import read_tube
from screening.tube.rules import Stage

WRITERS = (Role.SAMPLER, Role.SITE_SUPERVISOR)
PAGE = "field/paper.html"
LINES = 20  # of a sheet: the largest tube that a specification knows (20-in-1, 2022-01)
KEPT = ("hour", "mode", "size")  # what the next sheet most probably says too


class NotTakenBack(Problem):
    status = 409
    code = "paper_not_taken_back"
    zh = "这一张已经装箱，或管内有现场扫码的人，不能整张撤销；请在采样页逐个更正。"
    en = "This tube is packed or holds scanned persons; correct it person by person instead."


class PaperLine(NamedTuple):
    row: int
    who: str
    name: str
    phone: str


@bp.get("/paper")
@require(*WRITERS, at=OWN_ROWS)
def paper() -> Any:
    """The sites whose sheets one may enter; straight to the only one."""
    sites = own_sites(*WRITERS)
    if len(sites) == 1:
        return redirect(url_for(".paper_desk", site_id=sites[0].site_id), 303)
    return render_template("field/sites.html", sites=sites, to=".paper_desk", title=_("纸单录入"))


@bp.get("/paper/<int:site_id>")
@require(*WRITERS, at=site())
def paper_desk(site_id: int) -> Any:
    """The form of one sheet, and what was entered today."""
    return render_template(PAGE, **desk_of(here(site_id)))


def desk_of(h: Here) -> dict[str, Any]:
    entered = sheets.entered_since(h.at, sheets.since_midnight(h.at.at))
    return {
        "h": h,
        "rule": checks.rule_at(h.at),
        "modes": [(m.value, (w.zh, w.en)[current_lang() == "en"]) for m, w in MODE_WORDS.items()],
        "lines": [PaperLine(i, *line_of(i)) for i in range(1, LINES + 1)],
        "form": {**{k: request.args.get(k, "")[:8] for k in KEPT},
                 "tube": request.args.get("tube", "")[:64], **request.form.to_dict()},
        "entered": [sheet_line(s) for s in entered],
        "persons": sum(s.members for s in entered),
        "supervisor": current_actor().may((Role.SITE_SUPERVISOR,), place(h)),
    }  # fmt: skip


def sheet_line(s: sheets.Sheet) -> dict[str, Any]:
    return {
        "tube": s.barcode,
        "entered_at": s.entered_at,
        "taken_at": s.taken_at,
        "members": s.members,
        "confirmed": s.confirmed,
        "state": words.STAGE_WORDS[Stage(s.stage)][lang()],
        "tone": "look" if s.confirmed != s.members else "",
        "undo": s.can_undo,
    }


def line_of(row: int) -> tuple[str, str, str]:
    return text(f"who{row}", 250), text(f"name{row}", 100), text(f"phone{row}", 20)


def lines_of_form() -> list[PaperLine]:
    rows = [PaperLine(i, *line_of(i)) for i in range(1, LINES + 1)]
    return [r for r in rows if r.who or r.name]


# --- while somebody types -----------------------------------------------------------------------


@bp.post("/paper/<int:site_id>/lines")
@require(*WRITERS, at=site())
def look_at_lines(site_id: int) -> Any:
    """What the desk would make of these lines and of this tube: names masked, each look audited.

    Nothing is written; the page shows it beside the line."""
    h, given = here(site_id), request.get_json(silent=True) or {}
    lines = given.get("lines")
    lines = lines if isinstance(lines, list) else []
    return {
        "tube": tube_told(h, str(given.get("tube") or "")[:64]),
        "lines": [line_told(h, line) for line in lines[:LINES] if isinstance(line, dict)],
    }


def line_told(h: Here, line: dict[str, Any]) -> dict[str, Any]:
    who, name, phone = (str(line.get(k) or "")[:100] for k in ("who", "name", "phone"))
    out: dict[str, Any] = {"row": line.get("row"), "name": "", "document": "", "key": ""}
    try:
        found = sheets.meant(h.at, who, name, phone, odd_too=bool(line.get("odd")))
    except Problem as p:
        return {**out, "tone": STOP, "text": p.sentence(current_lang())}
    if found.known:
        out |= {"name": found.known.name, "document": found.known.document}
    said = " ".join((a.zh, a.en)[lang()] for a in found.answers)
    return {**out, "tone": worst(found.answers) or OK, "text": said, "key": found.key}


def tube_told(h: Here, typed: str) -> dict[str, Any] | None:
    """Whether a sheet of this tube may be entered, and how many are on its list already."""
    if not typed:
        return None
    try:
        tube = read_tube(typed)
        row = tube_here(h, tube)
    except CodeProblem as p:
        return {"tone": STOP, "text": p.sentence(current_lang()), "members": 0, "keys": []}
    except NotFound:
        row = None
    keys = list(sheets.seats_of(row))
    if row is not None and not unwritten(row):
        said = _("已有 %(n)s 人的名单（%(when)s），只录缺的人；由负责人确认。", n=row["members"],
                 when=dt(row["opened_at"]))  # fmt: skip
        return {"tone": "look", "text": said, "members": row["members"], "keys": keys}
    answers = [a for a in checks.check_open(h.at, tube, "single", 1)
               if a.code in ("tube_used", "label_off", "foreign_label")]  # fmt: skip
    said = " ".join((a.zh, a.en)[lang()] for a in answers) or grouped(tube)
    return {"tone": worst(answers) or OK, "text": said, "members": 0, "keys": keys}


def unwritten(row: dict[str, Any]) -> bool:
    """A tube that stands open and empty: nobody's word but the sheet's is needed for it."""
    return row["stage"] == Stage.OPEN and row["members"] == 0


# --- taking back -----------------------------------------------------------------------------------


@bp.post("/paper/<int:site_id>/undo")
@require(Role.SITE_SUPERVISOR, at=site())
def undo_paper(site_id: int) -> Any:
    """Take a sheet back that was entered wrongly: everybody leaves the tube, which stays open."""
    h, tube = here(site_id), tube_code()
    row = tube_here(h, tube)
    if row is None:
        raise NotFound()
    since = sheets.since_midnight(h.at.at)
    sheet = next((s for s in sheets.entered_since(h.at, since) if s.barcode == tube), None)
    if sheet is None or not sheet.can_undo:
        return refused(NotTakenBack(), PAGE, **desk_of(h))
    entries = sheets.taking_back(row, text("reason") or _("纸单录错"))
    state(entries, round_id=row["round_id"], site_id=site_id)
    flash(
        _("管 %(tube)s 的 %(n)s 人已撤销，请重新录入。", tube=grouped(tube), n=sheet.members),
        "look",
    )
    return redirect(url_for(".paper_desk", site_id=site_id, tube=tube), 303)
