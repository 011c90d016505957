"""The sampling desk: open a tube, scan persons into it, undo, mark, move, close."""

from __future__ import annotations

from typing import Any

import msgspec
from flask import flash, redirect, render_template, request, url_for

from screening.accounts.guard import OWN_ROWS, current_actor, require, site
from screening.accounts.roles import Role
from screening.collection import checks
from screening.errors import NotAllowed, NotFound, Problem
from screening.field import check, desk
from screening.field.pages.frame import (
    Here,
    answered,
    bp,
    here,
    number,
    own_sites,
    refused,
    state,
    text,
    told,
)
from screening.i18n import _, current_lang
from screening.registry.document_kinds import WORDS as DOCUMENTS
from screening.registry.document_kinds import DocType
from screening.registry.rules import MODES as MODE_WORDS
from screening.transport.tracing import Member, list_masked, void_words
from screening.tube import words
from screening.tube.answers import STOP, Answer, worst
from screening.tube.codes import CodeProblem, grouped
from screening.tube.labels import read_tube
from screening.tube.open_tubes import list_open
from screening.tube.queries import find_keys, get_tube
from screening.tube.rules import MARKS, NOT_IN_TUBE, Stage, Verb, Void

SAMPLERS = (Role.SAMPLER, Role.SITE_SUPERVISOR)
PAGE = "field/sampling.html"


@bp.get("/sampling")
@require(*SAMPLERS, at=OWN_ROWS)
def sampling() -> Any:
    """The sites where one may sample; straight to the only one."""
    sites = own_sites(*SAMPLERS)
    if len(sites) == 1:
        return redirect(url_for(".sampling_desk", site_id=sites[0].site_id), 303)
    return render_template(
        "field/sites.html", sites=sites, to=".sampling_desk", title=_("采样"),
    )  # fmt: skip


@bp.get("/sampling/<int:site_id>")
@require(*SAMPLERS, at=site())
def sampling_desk(site_id: int) -> Any:
    """The desk: no tube, or the one in hand."""
    return render_template(PAGE, **desk_of(here(site_id), request.args.get("tube", "")[:64]))


def desk_of(h: Here, barcode: str = "") -> dict[str, Any]:
    rule = checks.rule_at(h.at)
    row = tube_here(h, barcode) if barcode else None
    return {
        "h": h,
        "tube": row and tube_view(row),
        "open_tubes": [
            {**t, "mode": mode_word(t["mode"]), "href": url_for(".sampling_desk", site_id=h.site.site_id,
                                                              tube=t["barcode"])}
            for t in list_open(h.at.site.cell_id, h.site.site_id, [h.at.round_id, 0])
            if t["barcode"] != barcode
        ],
        "modes": [(m.value, (w.zh, w.en)[current_lang() == "en"]) for m, w in MODE_WORDS.items()],
        "rule": rule,
        "documents": [
            (k.value, w[current_lang() == "en"])
            for k, w in DOCUMENTS.items() if k is not DocType.NONE
        ],
        "supervisor": current_actor().may((Role.SITE_SUPERVISOR,), place(h)),
        "marks": [(k, words.VOIDS[v][current_lang() == "en"]) for k, v in MARKS.items()],
    }  # fmt: skip


def place(h: Here) -> Any:
    from screening.places.queries import place_of_site

    return place_of_site(h.site.site_id)


def mode_word(mode: int) -> str:
    return words.MODES[mode][current_lang() == "en"] if mode else ""  # type: ignore[index]


def tube_here(h: Here, barcode: str) -> dict[str, Any] | None:
    """A tube opened at this site; None for one that no journal has opened. Raises NotFound."""
    key = find_keys([barcode]).get(barcode)
    if key is None:
        return None
    row = get_tube(key)
    if row["site_id"] != h.site.site_id:
        raise NotFound()
    return {**row, "key": key}


def tube_view(row: dict[str, Any]) -> dict[str, Any]:
    members = list_masked(row["key"], row["home_cells"])
    inside = [m for m in members if Void(m.void) not in NOT_IN_TUBE]
    return {
        **row,
        "number": grouped(row["barcode"]),
        "mode_word": mode_word(row["mode"]),
        "open": row["stage"] == Stage.OPEN,
        "full": bool(row["pool_size"]) and len(inside) >= row["pool_size"],
        "stage_word": words.STAGE_WORDS[Stage(row["stage"])][current_lang() == "en"],
        "can_reopen": row["stage"] == Stage.CLOSED,
        "inside": len(inside),
        "people": [member_line(m) for m in reversed(members)],
    }


def member_line(m: Member) -> dict[str, Any]:
    word = void_words(m.void)[current_lang() == "en"]
    return {
        **m._asdict(),
        "live": not m.void,
        "state": {"tone": "ok" if not m.void else "unknown", "text": word},
    }


def back(site_id: int, tube: str = "") -> Any:
    return redirect(url_for(".sampling_desk", site_id=site_id, tube=tube or None), 303)


# --- tubes ----------------------------------------------------------------------------------


@bp.post("/sampling/<int:site_id>/open")
@require(*SAMPLERS, at=site())
def open_tube(site_id: int) -> Any:
    """Open a tube, or go on with one that is open here."""
    h = here(site_id)
    try:
        mode = text("mode") if text("mode") in checks.RANK else "pooled"
        size = 1 if mode == "single" else max(1, number("size", 100))
    except Problem as problem:
        return refused(problem, PAGE, **desk_of(h))
    answers = checks.check_open(h.at, text("tube"), mode, size)
    codes = {a.code for a in answers}
    if worst(answers) == STOP and "tube_open_here" not in codes:
        return answered(PAGE, answers, **desk_of(h))
    tube = read_tube(text("tube"))
    if "tube_open_here" in codes:
        entry: dict[str, Any] = {"kind": "join", "tube": tube}
    else:
        entry = {"kind": "open", "tube": tube, "mode": mode, "size": size}
    state([entry], round_id=h.at.round_id, site_id=site_id)
    told([a for a in answers if a.tone == "look"])
    return back(site_id, tube)


@bp.post("/sampling/<int:site_id>/close")
@require(*SAMPLERS, at=site())
def close_tube(site_id: int) -> Any:
    """Close with the number of swabs that the sampler counted."""
    h, tube = here(site_id), tube_code()
    try:
        n = number("n")
    except Problem as problem:
        return refused(problem, PAGE, **desk_of(h, tube))
    answers = checks.check_close(h.at, tube, n)
    confirmed = text("confirmed") == "1"  # counted twice: the count is the truth, the list waits
    stops = [a for a in answers if a.tone == STOP]
    if stops and not (confirmed and all(a.code == "count_differs" for a in stops)):
        return answered(PAGE, answers, counted=n, **desk_of(h, tube))
    entries: list[dict[str, Any]] = []
    if any(a.code == "over_count" for a in answers):
        entries.append({"kind": "over", "tube": tube, "n": n})
    state([*entries, {"kind": "close", "tube": tube, "n": n}],
          round_id=h.at.round_id, site_id=site_id)  # fmt: skip
    flash(_("管 %(tube)s 已封，%(n)s 人。", tube=grouped(tube), n=n), "ok")
    return back(site_id)


@bp.post("/sampling/<int:site_id>/reopen")
@require(Role.SITE_SUPERVISOR, at=site())
def reopen_tube(site_id: int) -> Any:
    """A closed tube that is not packed is opened again, with a reason."""
    from screening.tube.queries import list_lines

    h, tube = here(site_id), tube_code()
    row = tube_here(h, tube)
    if row is None or row["stage"] != Stage.CLOSED:
        raise NotFound()
    lines = list_lines(row["cell_id"], row["round_id"], [tube])[tube]
    close = max((ln for ln in lines if ln.verb == Verb.CLOSE), key=lambda ln: ln.order)
    entry = {
        "kind": "reopen", "tube": tube, "ref": desk.ref_of(close.line_id),
        "reason": text("reason") or _("未注明"),
    }  # fmt: skip
    state([entry], round_id=row["round_id"], site_id=site_id)
    return back(site_id, tube)


def tube_code() -> str:
    """The tube a form is about. Raises NotFound for what is none."""
    try:
        return read_tube(text("tube"))
    except CodeProblem:
        raise NotFound() from None


# --- persons --------------------------------------------------------------------------------

WHO_FIELDS = ("text", "doc_type", "doc_number", "doc_country", "name", "phone")


@bp.post("/sampling/<int:site_id>/bind")
@require(*SAMPLERS, at=site())
def bind(site_id: int) -> Any:
    """A person goes into the tube; the answer reads the name back with the seat."""
    h, tube = here(site_id), tube_code()
    given = {f: text(f, 250) for f in WHO_FIELDS}
    try:
        who = check.who_of(given)
    except Problem as p:
        return answered(PAGE, [checks.refused(p)], **desk_of(h, tube))
    seen, reason = text("seen") == "1", text("reason")
    answers, known = checks.check_bind(h.at, tube, who, reason=reason or None, seen=seen)
    if worst(answers) == STOP:
        return answered(PAGE, answers, given=given, ask=asks(answers), **desk_of(h, tube))
    row = tube_here(h, tube)
    assert row is not None
    entry: dict[str, Any] = {
        "kind": "bind", "tube": tube, "seat": checks.next_seat(row),
        "who": {k: v for k, v in msgspec.to_builtins(who).items() if v is not None},
        "reason": reason or None,
    }  # fmt: skip
    if known is not None and known.row.lane == checks.RESULT_LANE:
        entry["purpose"] = "recheck"
    state([entry], round_id=row["round_id"], site_id=site_id)
    told(answers)
    return back(site_id, tube)


def asks(answers: list[Answer]) -> str:
    """What would let the act go on: a reason, or a second person who has seen the document."""
    stops = [a for a in answers if a.tone == STOP]
    if all(a.details.get("reason_allowed") for a in stops):
        return "reason"
    return "seen" if all(a.code.startswith("document_") for a in stops) else ""


def swab(h: Here, tube: str) -> tuple[dict[str, Any], Member]:
    """The tube and the swab a form is about. Raises NotFound; NotAllowed where a closed tube needs
    the supervisor (edge case 22)."""
    row = tube_here(h, tube)
    if row is None:
        raise NotFound()
    members = list_masked(row["key"], row["home_cells"])
    found = [m for m in members if str(m.specimen_id) == text("swab", 20) and not m.void]
    if not found:
        raise NotFound()
    if row["stage"] != Stage.OPEN and not current_actor().may((Role.SITE_SUPERVISOR,), place(h)):
        raise NotAllowed()
    return row, found[0]


@bp.post("/sampling/<int:site_id>/undo")
@require(*SAMPLERS, at=site())
def undo(site_id: int) -> Any:
    """Take a person out of the tube again."""
    h, tube = here(site_id), tube_code()
    row, one = swab(h, tube)
    entry = {
        "kind": "unbind", "tube": tube, "ref": desk.ref_of(one.specimen_id),
        "reason": text("reason") or _("撤销此人"),
    }  # fmt: skip
    state([entry], round_id=row["round_id"], site_id=site_id)
    flash(_("第 %(seat)s 个已撤销。", seat=one.seat), "ok")
    return back(site_id, tube)


@bp.post("/sampling/<int:site_id>/mark")
@require(*SAMPLERS, at=site())
def mark(site_id: int) -> Any:
    """Not swabbed, spilled, broken, other: that person must be swabbed again."""
    h, tube = here(site_id), tube_code()
    row, one = swab(h, tube)
    what = text("what") if text("what") in MARKS else "other"
    entry = {"kind": "mark", "tube": tube, "ref": desk.ref_of(one.specimen_id), "what": what}
    state([entry], round_id=row["round_id"], site_id=site_id)
    flash(_("第 %(seat)s 个已标记，需重采。", seat=one.seat), "look")
    return back(site_id, tube)


@bp.post("/sampling/<int:site_id>/move")
@require(*SAMPLERS, at=site())
def move(site_id: int) -> Any:
    """A person's swab lies in another open tube of this site."""
    from screening.registry.person_codes import make_resident_code

    h, tube = here(site_id), tube_code()
    row, one = swab(h, tube)
    try:
        to = read_tube(text("to"))
    except CodeProblem as p:
        return answered(PAGE, [checks.refused(p)], **desk_of(h, tube))
    target = checks.open_tube(h.at, to)
    if isinstance(target, Answer):
        return answered(PAGE, [target], **desk_of(h, tube))
    entry = {
        "kind": "move", "tube": tube, "ref": desk.ref_of(one.specimen_id), "to": to,
        "seat": checks.next_seat(target),
        "who": {"code": make_resident_code(one.home_cell, one.person_id)},
        "reason": text("reason") or _("拭子在另一管"),
    }  # fmt: skip
    state([entry], round_id=row["round_id"], site_id=site_id)
    flash(_("已移到管 %(tube)s。", tube=grouped(to)), "ok")
    return back(site_id, tube)
