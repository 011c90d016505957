"""The sampling desk: its site, its tubes opened, closed, opened again."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from screening.accounts.guard import OWN_ROWS, require, site
from screening.accounts.roles import Role
from screening.collection import checks
from screening.errors import NotFound, Problem
from screening.field import desk
from screening.field.pages.frame import answered, bp, here, number, own_sites, refused, state, told
from screening.field.pages.sampling_desk import PAGE, SAMPLERS, back, desk_of, tube_code, tube_here
from screening.forms import text
from screening.i18n import _
from screening.tube.answers import STOP, worst
from screening.tube.codes import grouped
from screening.tube.labels import read_tube
from screening.tube.queries import list_lines
from screening.tube.rules import Stage, Verb


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
