"""Laboratory reception: a box by its seal, its tubes one by one, what is missing or too much."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from screening import clock
from screening.accounts.guard import OWN_ROWS, current_actor, lab, require
from screening.accounts.roles import LAB_ROLES
from screening.errors import NotFound, Problem
from screening.field.pages.frame import answered, bp, degrees, lang, number, refused, state, told
from screening.forms import text
from screening.i18n import _
from screening.places import queries as places
from screening.transport import checks
from screening.transport import words as box_words
from screening.transport.desk_queries import (
    BatchRow,
    all_cells,
    find_seal,
    list_for_lab,
    list_inside,
    scanned,
)
from screening.transport.rules import BatchStage
from screening.tube.answers import STOP, worst
from screening.tube.codes import CodeProblem, grouped
from screening.tube.labels import read_seal, read_tube
from screening.tube.queries import find_keys, list_tubes
from screening.tube.rules import Stage

PAGE = "field/reception.html"


@bp.get("/reception")
@require(*LAB_ROLES, at=OWN_ROWS)
def reception() -> Any:
    """The laboratories one works in; straight to the only one."""
    labs = places.list_labs(current_actor().places(LAB_ROLES))
    if len(labs) == 1:
        return redirect(url_for(".reception_desk", lab_id=labs[0].lab_id), 303)
    return render_template(
        "field/sites.html", sites=labs, to=".reception_desk", title=_("实验室签收")
    )


@bp.get("/reception/<int:lab_id>")
@require(*LAB_ROLES, at=lab())
def reception_desk(lab_id: int) -> Any:
    """Boxes on the way, or the one that is being unpacked."""
    return render_template(PAGE, **desk_of(lab_id, request.args.get("seal", "")[:64]))


def desk_of(lab_id: int, seal: str = "") -> dict[str, Any]:
    batch = find_seal(seal) if seal else None
    inside = list_inside(batch) if batch else {}
    out = scanned(batch) if batch else []
    lying = list_tubes(find_keys(inside).values()) if inside else []
    rejected = {t["barcode"] for t in lying if t["stage"] == Stage.REJECTED}
    return {
        "lab": places.get_lab(lab_id),
        "seal": seal,
        "batch": batch,
        "lines": [
            {"tube": b, "state": {"tone": "look", "text": _("已退样")} if b in rejected
             else {"tone": "ok", "text": _("已签收")} if r
             else {"tone": "unknown", "text": _("未扫到")}}
            for b, r in sorted(inside.items(), key=lambda x: x[1])
        ],
        "received": sum(inside.values()),
        "missing": [b for b, r in inside.items() if not r],
        "extra": [b for b in out if b not in inside],
        "finished": bool(batch) and batch.stage >= BatchStage.DISCREPANT,  # type: ignore[union-attr]
        "coming": [box_line(lab_id, b) for b in list_for_lab(all_cells(), lab_id)],
        "last": last_read(request.args.get("last", "")[:64]),
        "awaits": request.values.get("awaits", "")[:10],
        "reasons": [(k, w[lang()]) for k, w in box_words.REJECTIONS.items()],
    }  # fmt: skip


def box_line(lab_id: int, b: BatchRow) -> dict[str, Any]:
    late = b.due_at is not None and b.due_at < clock.now()
    word = box_words.STAGES[BatchStage(b.stage)][lang()]
    return {
        "seal": b.seal,
        "state": {"tone": "look" if late else "ok", "text": word},
        "counted": b.counted,
        "received": b.received,
        "since": b.since,
        "due_at": b.due_at,
        "href": url_for(".reception_desk", lab_id=lab_id, seal=b.seal)
        if b.stage >= BatchStage.ARRIVED
        else "",
    }


def back(lab_id: int, seal: str = "", tube: str = "", awaits: str | None = None) -> Any:
    """The desk again; it shows how the last tube stands now, so a reload says nothing untrue."""
    to = url_for(
        ".reception_desk", lab_id=lab_id, seal=seal or None, last=tube or None, awaits=awaits
    )
    return redirect(to, 303)


def last_read(tube: str) -> dict[str, str] | None:
    """What the field shows of the last scan: a tube, or the seal of a box."""
    if tube and find_seal(tube):
        return {"tone": "ok", "text": tube, "message": _("已收箱")}
    rows = list_tubes(find_keys([tube]).values()) if tube else []
    if not rows:
        return None
    rejected = rows[0]["stage"] == Stage.REJECTED
    word = _("已退样") if rejected else _("已签收") if rows[0]["received_at"] else _("未扫到")
    return {"tone": "look" if rejected else "ok", "text": tube, "message": word}


def round_of(batch: BatchRow | None, tube: str = "") -> int:
    """The round an entry is about: the box's, else the tube's own, else none."""
    if batch is not None and batch.round_id:
        return batch.round_id
    key = find_keys([tube]).get(tube) if tube else None
    return key.round_id if key else 0


@bp.post("/reception/<int:lab_id>/arrive")
@require(*LAB_ROLES, at=lab())
def arrive(lab_id: int) -> Any:
    """A box is at the door: seal whole or broken, counted if one counts, its temperature."""
    try:
        n = number("n") if text("n") else None
        temperature = degrees()
    except Problem as problem:
        return refused(problem, PAGE, **desk_of(lab_id))
    answers = checks.check_arrive(text("seal"), n, temperature)
    if worst(answers) == STOP:
        return answered(PAGE, answers, **desk_of(lab_id))
    seal = read_seal(text("seal"))
    entry = {
        "kind": "arrive", "seal": seal, "intact": text("broken") != "1", "n": n,
        "temperature": temperature,
    }  # fmt: skip
    state([entry], round_id=round_of(find_seal(seal)), lab_id=lab_id)
    told([a for a in answers if a.tone == "look"])
    return back(lab_id, seal)


def seal_of_form() -> str:
    if not text("seal"):
        return ""
    try:
        return read_seal(text("seal"))
    except CodeProblem:
        raise NotFound() from None


@bp.post("/reception/<int:lab_id>/receive")
@require(*LAB_ROLES, at=lab())
def receive(lab_id: int) -> Any:
    """A tube is scanned on unpacking; whatever it is, it is taken."""
    seal = seal_of_form()
    answers = checks.check_receive(text("tube"), seal or None)
    if worst(answers) == STOP:
        return answered(PAGE, answers, **desk_of(lab_id, seal))
    tube = read_tube(text("tube"))
    entry = {"kind": "receive", "tube": tube, "seal": seal or None}
    batch = find_seal(seal) if seal else None
    state([entry], round_id=round_of(batch, tube), lab_id=lab_id)
    told([a for a in answers if a.tone == "look"])
    flash(_("已签收 %(tube)s。", tube=grouped(tube)), "ok")
    return back(lab_id, seal)


@bp.post("/reception/<int:lab_id>/reject")
@require(*LAB_ROLES, at=lab())
def reject(lab_id: int) -> Any:
    """A tube that cannot be tested: its persons must be swabbed again."""
    seal = seal_of_form()
    try:
        tube = read_tube(text("tube"))
    except CodeProblem as p:
        return answered(PAGE, [checks.refused(p)], **desk_of(lab_id, seal))
    reason = text("reason") if text("reason") in box_words.REJECTIONS else "other"
    entry = {"kind": "reject", "tube": tube, "reason": reason}
    batch = find_seal(seal) if seal else None
    state([entry], round_id=round_of(batch, tube), lab_id=lab_id)
    word = box_words.REJECTIONS[reason][lang()]
    flash(_("已退样 %(tube)s（%(why)s），管内人员需重采。", tube=grouped(tube), why=word), "look")
    return back(lab_id, seal)


@bp.post("/reception/<int:lab_id>/finish")
@require(*LAB_ROLES, at=lab())
def finish(lab_id: int) -> Any:
    """Unpacking is finished: what is not scanned now is missing."""
    seal = seal_of_form()
    batch = find_seal(seal)
    if not seal or batch is None:
        raise NotFound()
    missing = [b for b, r in list_inside(batch).items() if not r]
    state([{"kind": "unpacked", "seal": seal}], round_id=round_of(batch), lab_id=lab_id)
    if missing:
        flash(_("清点完毕，缺 %(n)s 管，已通知采样点。", n=len(missing)), "look")
    else:
        flash(_("清点完毕，全部签收。"), "ok")
    return back(lab_id)
