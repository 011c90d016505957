"""The hand-over desk at a site's door: seals and boxes counted, two names, temperature, laboratory."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from screening.accounts.guard import OWN_ROWS, require, site
from screening.accounts.queries import find_staff, find_staff_no, scopes_of
from screening.accounts.roles import Role
from screening.accounts.sessions import BadSignIn
from screening.errors import Fault, Faults, Problem
from screening.field.near import labs_near
from screening.field.pages.frame import (
    Here,
    answered,
    bp,
    degrees,
    here,
    number,
    own_sites,
    refused,
    state,
    told,
)
from screening.field.sign_in import who_of
from screening.forms import text
from screening.i18n import _
from screening.registry.service.rounds import labs_of
from screening.transport import checks
from screening.transport.desk_queries import BatchRow, find_seal, list_of_site
from screening.transport.rules import BatchStage
from screening.tube.answers import STOP, worst
from screening.tube.codes import CodeProblem
from screening.tube.labels import read_seal

GIVERS = (Role.PACKER, Role.SITE_SUPERVISOR)
PAGE = "field/hand_over.html"
MOST_SEALS = 50  # of one hand-over: what stands in the page's address


class NoSuchCourier(Problem):
    status = 422
    code = "no_such_courier"
    zh = "没有这个转运员工号，或此人现在没有转运员角色。"
    en = "There is no courier with this staff number, or the role is over."


class NoLabChosen(Problem):
    status = 422
    code = "no_lab_chosen"
    zh = "请选择送往的检测机构。"
    en = "Choose the laboratory the boxes go to."


@bp.get("/hand-over")
@require(*GIVERS, at=OWN_ROWS)
def hand_over() -> Any:
    """The sites where one may hand over; straight to the only one."""
    sites = own_sites(*GIVERS)
    if len(sites) == 1:
        return redirect(url_for(".hand_over_desk", site_id=sites[0].site_id), 303)
    return render_template("field/sites.html", sites=sites, to=".hand_over_desk", title=_("交接"))


@bp.get("/hand-over/<int:site_id>")
@require(*GIVERS, at=site())
def hand_over_desk(site_id: int) -> Any:
    """Sealed boxes of the site; those whose seals were scanned stand in the address."""
    return render_template(PAGE, **desk_of(here(site_id), scanned(request.args.get("seals", ""))))


def scanned(joined: str) -> list[str]:
    """Seals of an address or a form, in their one form; what is none is left out."""
    out = []
    for word in joined.split(",")[:MOST_SEALS]:
        try:
            out.append(read_seal(word))
        except CodeProblem:
            continue
    return list(dict.fromkeys(out))


def desk_of(h: Here, seals: list[str]) -> dict[str, Any]:
    waiting = list_of_site(h.at.site.cell_id, h.site.site_id, [BatchStage.SEALED])
    default = meant_for(h, seals, waiting)
    return {
        "h": h,
        "seals": seals,
        "joined": ",".join(seals),
        "waiting": [
            {
                "seal": b.seal, "box": b.box_code, "counted": b.counted, "since": b.since,
                "batch": b.wire_id,
                "state": {"tone": "ok", "text": _("已扫")}
                if b.seal in seals
                else {"tone": "unknown", "text": _("未扫")},
            }
            for b in waiting
        ],
        "labs": [(lab.lab_id, f"{lab.code} {lab.name}") for lab in labs_near(h.at.site.path, default)],
        "lab": default,
    }  # fmt: skip


def meant_for(h: Here, seals: list[str], waiting: list[BatchRow]) -> int | None:
    """The laboratory a dispatcher meant these boxes for, if they are all for one; else the
    round's own for this site."""
    meant = {b.lab_id for b in waiting if b.seal in seals}
    chosen = meant.pop() if len(meant) == 1 else None
    return chosen or (labs_of(h.at.round_id).get(h.site.site_id) if h.round else None)


@bp.post("/hand-over/<int:site_id>/scan")
@require(*GIVERS, at=site())
def scan_seal(site_id: int) -> Any:
    """One more seal of this hand-over."""
    h, seals = here(site_id), scanned(text("seals", 2000))
    answers = checks.check_hand_over([text("seal")], 1)
    if worst(answers) == STOP:
        return answered(PAGE, answers, **desk_of(h, seals))
    told([a for a in answers if a.tone == "look"])
    joined = ",".join(dict.fromkeys([*seals, read_seal(text("seal"))]))
    return redirect(url_for(".hand_over_desk", site_id=site_id, seals=joined), 303)


@bp.post("/hand-over/<int:site_id>")
@require(*GIVERS, at=site())
def give_over(site_id: int) -> Any:
    """The boxes go to a named courier, counted by both."""
    h, seals = here(site_id), scanned(text("seals", 2000))
    try:
        boxes, temperature = number("boxes"), degrees()
        courier, lab_id = courier_of(text("courier", 32)), lab_of(h, seals)
    except Problem as problem:
        return refused(problem, PAGE, **desk_of(h, seals))
    difference = text("difference") or None
    answers = checks.check_hand_over(seals, boxes, temperature=temperature, difference=difference)
    if worst(answers) == STOP:
        return answered(PAGE, answers, ask_difference=True, **desk_of(h, seals))
    entries = [
        {
            "kind": "hand_over", "seal": seal, "batch": wire_of(seal), "to": courier,
            "to_lab": lab_id, "boxes": boxes, "temperature": temperature,
            "difference": difference,
        }
        for seal in seals
    ]  # fmt: skip
    state(entries, round_id=h.at.round_id, site_id=site_id)
    told([a for a in answers if a.tone == "look"])
    flash(_("已交接 %(n)s 箱。", n=len(seals)), "ok")
    return redirect(url_for(".hand_over_desk", site_id=site_id), 303)


def wire_of(seal: str) -> str | None:
    batch = find_seal(seal)
    return batch.wire_id if batch and batch.wire_id else None


def courier_of(staff_no: str) -> int:
    """The courier with this number (typed), or of this badge. Raises Faults."""
    try:
        staff_id, number = who_of(staff_no, "")
    except BadSignIn:
        staff_id, number = None, ""
    found = find_staff(staff_id) if staff_id else find_staff_no(number)
    if found is None or not any(s.role is Role.COURIER for s in scopes_of(found.staff_id)):
        raise Faults([Fault(NoSuchCourier(), field="courier")])
    return found.staff_id


def lab_of(h: Here, seals: list[str]) -> int:
    """The laboratory chosen, one of those offered. Raises Faults."""
    waiting = list_of_site(h.at.site.cell_id, h.site.site_id, [BatchStage.SEALED])
    default = meant_for(h, seals, waiting)
    offered = {str(lab.lab_id): lab.lab_id for lab in labs_near(h.at.site.path, default)}
    if text("lab_id", 20) not in offered:
        raise Faults([Fault(NoLabChosen(), field="lab_id")])
    return offered[text("lab_id", 20)]
