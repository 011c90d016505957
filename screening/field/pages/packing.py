"""The packing desk: open a box, scan tubes, type the count, compare, seal."""

from __future__ import annotations

import secrets
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from screening.accounts.guard import OWN_ROWS, require, site
from screening.accounts.roles import Role
from screening.errors import NotFound, Problem
from screening.field import desk
from screening.field.pages.frame import (
    Here,
    answered,
    bp,
    here,
    lang,
    number,
    own_sites,
    refused,
    spoken,
    state,
    told,
)
from screening.forms import text
from screening.i18n import _
from screening.transport import checks
from screening.transport import words as box_words
from screening.transport.desk_queries import (
    BatchRow,
    find_batch,
    list_inside,
    list_of_site,
    pack_lines,
    seal_line,
)
from screening.transport.rules import BatchStage
from screening.tube.answers import STOP, worst
from screening.tube.codes import CodeProblem, grouped
from screening.tube.labels import read_box, read_seal, read_tube

PACKERS = (Role.PACKER, Role.SITE_SUPERVISOR)
PAGE = "field/packing.html"


@bp.get("/packing")
@require(*PACKERS, at=OWN_ROWS)
def packing() -> Any:
    """The sites where one may pack; straight to the only one."""
    sites = own_sites(*PACKERS)
    if len(sites) == 1:
        return redirect(url_for(".packing_desk", site_id=sites[0].site_id), 303)
    return render_template("field/sites.html", sites=sites, to=".packing_desk", title=_("装箱"))


@bp.get("/packing/<int:site_id>")
@require(*PACKERS, at=site())
def packing_desk(site_id: int) -> Any:
    """The desk: choose or open a box, or fill the one in hand. `n` is the count as typed: only
    then is the system's own count shown."""
    h, wire = here(site_id), request.args.get("batch", "")[:48]
    n = request.args.get("n", type=int)
    return render_template(PAGE, **desk_of(h, wire, n))


def desk_of(h: Here, wire: str = "", n: int | None = None) -> dict[str, Any]:
    open_boxes = list_of_site(h.at.site.cell_id, h.site.site_id, [BatchStage.OPEN])
    sealed = list_of_site(h.at.site.cell_id, h.site.site_id, [BatchStage.SEALED])
    batch = own_batch(h, wire) if wire else None
    return {
        "h": h,
        "batch": batch,
        "counted": n,
        "compared": spoken(checks.check_seal(wire, None, n)) if batch and n is not None else [],
        "inside": sorted(list_inside(batch)) if batch and n is not None else [],
        "not_scanned": checks.not_scanned(batch) if batch and n is not None else [],
        "off": n - len(list_inside(batch)) if batch and n is not None else 0,
        "open_boxes": [box_line(h, b) for b in open_boxes if b.wire_id != wire],
        "sealed": [box_line(h, b) for b in sealed],
        "reasons": [(k, w[lang()]) for k, w in box_words.DIFFERENCES.items()],
    }


def box_line(h: Here, b: BatchRow) -> dict[str, Any]:
    return {
        "box": b.box_code,
        "seal": b.seal,
        "since": b.since,
        "batch": b.wire_id,
        "href": url_for(".packing_desk", site_id=h.site.site_id, batch=b.wire_id),
    }


def own_batch(h: Here, wire: str) -> BatchRow:
    """A trip that this site opened. Raises NotFound."""
    try:
        batch = find_batch(wire)
    except ValueError:
        batch = None
    if batch is None or batch.site_id != h.site.site_id:
        raise NotFound()
    return batch


def back(site_id: int, wire: str = "", n: int | None = None) -> Any:
    return redirect(url_for(".packing_desk", site_id=site_id, batch=wire or None, n=n), 303)


@bp.post("/packing/<int:site_id>/box")
@require(*PACKERS, at=site())
def open_box(site_id: int) -> Any:
    """Start a trip of a box."""
    h = here(site_id)
    answers = checks.check_box_open(h.at.site.cell_id, text("box"))
    if worst(answers) == STOP:
        return answered(PAGE, answers, **desk_of(h))
    wire = f"{h.at.site.cell_id}-{secrets.token_hex(16)}"
    entry = {"kind": "box_open", "batch": wire, "box": read_box(text("box"))}
    state([entry], round_id=h.at.round_id, site_id=site_id)
    return back(site_id, wire)


@bp.post("/packing/<int:site_id>/pack")
@require(*PACKERS, at=site())
def pack(site_id: int) -> Any:
    """Put a tube into the box."""
    h = here(site_id)
    batch = own_batch(h, text("batch"))
    answers = checks.check_pack(batch.wire_id, text("tube"))
    if worst(answers) == STOP:
        return answered(PAGE, answers, **desk_of(h, batch.wire_id))
    tube = read_tube(text("tube"))
    entry = {"kind": "pack", "batch": batch.wire_id, "box": batch.box_code, "tube": tube}
    state([entry], round_id=h.at.round_id, site_id=site_id)
    told([a for a in answers if a.tone == "look"])
    flash(_("已装入 %(tube)s。", tube=grouped(tube)), "ok")
    return back(site_id, batch.wire_id)


@bp.post("/packing/<int:site_id>/unpack")
@require(*PACKERS, at=site())
def unpack(site_id: int) -> Any:
    """Take a tube out of the box again."""
    h = here(site_id)
    batch = own_batch(h, text("batch"))
    try:
        tube = read_tube(text("tube"))
    except CodeProblem as p:
        return answered(PAGE, [checks.refused(p)], **desk_of(h, batch.wire_id))
    line = pack_lines(batch).get(tube)
    if line is None:
        raise NotFound()
    entry = {
        "kind": "unpack", "batch": batch.wire_id, "tube": tube, "ref": desk.ref_of(line),
        "reason": text("reason") or _("从箱中取出"),
    }  # fmt: skip
    state([entry], round_id=h.at.round_id, site_id=site_id)
    flash(_("已取出 %(tube)s。", tube=grouped(tube)), "ok")
    return back(site_id, batch.wire_id)


@bp.post("/packing/<int:site_id>/count")
@require(*PACKERS, at=site())
def count(site_id: int) -> Any:
    """The count, typed before the system's is shown."""
    h = here(site_id)
    batch = own_batch(h, text("batch"))
    try:
        n = number("n")
    except Problem as problem:
        return refused(problem, PAGE, **desk_of(h, batch.wire_id))
    return back(site_id, batch.wire_id, n)


@bp.post("/packing/<int:site_id>/seal")
@require(*PACKERS, at=site())
def seal(site_id: int) -> Any:
    """Seal the box with the typed count; a difference needs its reasons, one by one."""
    h = here(site_id)
    batch = own_batch(h, text("batch"))
    try:
        n = number("n")
        why = differences(len(list_inside(batch)), n)
    except Problem as problem:
        return refused(problem, PAGE, **desk_of(h, batch.wire_id))
    answers = checks.check_seal(batch.wire_id, text("seal"), n, why)
    if worst(answers) == STOP:
        return answered(PAGE, answers, **desk_of(h, batch.wire_id, n))
    entry = {
        "kind": "seal", "batch": batch.wire_id, "box": batch.box_code,
        "seal": read_seal(text("seal")), "n": n, "differences": why,
    }  # fmt: skip
    state([entry], round_id=h.at.round_id, site_id=site_id)
    flash(_("已封箱，%(n)s 管。", n=n), "ok")
    return redirect(url_for("transport_pages.box", batch=batch.wire_id), 303)


def differences(known: int, n: int) -> list[dict[str, Any]]:
    """Coded reasons of the form: `why.<code>` holds how many tubes it explains."""
    sign = 1 if n > known else -1
    out = []
    for code in box_words.DIFFERENCES:
        if text(f"why.{code}", 4):
            how_many = number(f"why.{code}")
            if how_many:
                out.append({"code": code, "n": sign * how_many})
    return out


@bp.post("/packing/<int:site_id>/unseal")
@require(*PACKERS, at=site())
def unseal(site_id: int) -> Any:
    """Open a sealed box again before it is handed over."""
    h = here(site_id)
    batch = own_batch(h, text("batch"))
    line = seal_line(batch)
    if batch.stage != BatchStage.SEALED or line is None:
        raise NotFound()
    entry = {
        "kind": "unseal", "batch": batch.wire_id, "ref": desk.ref_of(line),
        "reason": text("reason") or _("重新清点"),
    }  # fmt: skip
    state([entry], round_id=h.at.round_id, site_id=site_id)
    return back(site_id, batch.wire_id)
