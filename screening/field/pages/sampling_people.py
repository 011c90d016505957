"""The sampling desk: persons scanned into the tube, undone, marked, moved."""

from __future__ import annotations

from typing import Any

import msgspec
from flask import flash

from screening.accounts.guard import current_actor, require, site
from screening.accounts.roles import Role
from screening.collection import checks
from screening.errors import NotAllowed, NotFound, Problem
from screening.field import check, desk
from screening.field.pages.frame import Here, answered, bp, here, state, told
from screening.field.pages.sampling_desk import (
    PAGE,
    SAMPLERS,
    back,
    desk_of,
    place,
    tube_code,
    tube_here,
)
from screening.forms import text
from screening.i18n import _
from screening.registry.person_codes import make_resident_code
from screening.transport.tracing import Member, list_masked
from screening.tube.answers import STOP, Answer, worst
from screening.tube.answers import refused as unreadable
from screening.tube.codes import CodeProblem, grouped
from screening.tube.labels import read_tube
from screening.tube.rules import MARKS, Stage

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
        return answered(PAGE, [unreadable(p)], **desk_of(h, tube))
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
    h, tube = here(site_id), tube_code()
    row, one = swab(h, tube)
    try:
        to = read_tube(text("to"))
    except CodeProblem as p:
        return answered(PAGE, [unreadable(p)], **desk_of(h, tube))
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
