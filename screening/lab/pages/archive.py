"""The archive of a laboratory: tubes into places, found again, and thrown away when they may be."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for

from screening import clock
from screening.accounts.guard import current_actor, require
from screening.accounts.queries import names_of
from screening.errors import Problem
from screening.forms import text as form
from screening.forms import undo
from screening.i18n import _, current_lang
from screening.lab import queries
from screening.lab.pages.frame import bp, me, outcome_badge, shown, signature
from screening.lab.queries.archive import (
    StayRow,
    held_of,
    list_asked,
    list_box,
    list_boxes,
)
from screening.lab.scopes import BENCH, LAB, READERS
from screening.lab.service import archive as service
from screening.lab.watch import retention
from screening.lab.watch.retention import Fate, Held
from screening.places import queries as places
from screening.tube.rules import Stage
from screening.tube.words import STAGE_WORDS


@bp.get("/lab/<int:lab_id>/archive")
@require(*READERS, at=LAB)
def archive(lab_id: int) -> Any:
    """The boxes in use, one box place by place, one tube with all its places."""
    values = archive_view(lab_id, request.args.get("rack", ""), request.args.get("box", ""))
    text = request.args.get("tube", "").strip()[:80]
    if text:
        try:
            values["found"] = seen_view(service.look(lab_id, text, at=clock.now()))
        except Problem as problem:
            values["missing"] = problem.sentence(current_lang())
    return shown("lab/archive.html", **values)


@bp.post("/lab/<int:lab_id>/archive")
@require(*BENCH, at=LAB)
def archive_put(lab_id: int) -> Any:
    """One tube into a place; the same page answers, ready for the next."""
    rack, box, place = form("rack", 30), form("box", 30), form("place", 4)
    text = form("code", 80)
    try:
        made = service.put(
            lab_id, text, rack=rack, box=box, place=int(place) if place.isdecimal() else None,
            by=me(), at=clock.now(),
        )  # fmt: skip
    except Problem as problem:
        sentence, _none = undo(problem)
        last = {"tone": "stop", "text": text[:40], "message": sentence}
        return shown("lab/archive.html", problem.status, **archive_view(lab_id, rack, box, last))
    last = {
        "tone": "ok",
        "text": made.barcode,
        "message": _("放在第 %(n)s 位", n=made.place),
    }
    return shown("lab/archive.html", **archive_view(lab_id, rack, box, last))


@bp.post("/lab/<int:lab_id>/archive/take")
@require(*BENCH, at=LAB)
def archive_take(lab_id: int) -> Any:
    """Out of the archive, for a re-check."""
    text = form("code", 80)
    try:
        stay = service.take(lab_id, text, by=me(), at=clock.now())
    except Problem as problem:
        sentence, _none = undo(problem)
        last = {"tone": "stop", "text": text[:40], "message": sentence}
        return shown("lab/archive.html", problem.status, **archive_view(lab_id, "", "", last))
    return redirect(url_for(".archive", lab_id=lab_id, tube=stay.barcode), 303)


def archive_view(
    lab_id: int, rack: str = "", box: str = "", last: dict[str, Any] | None = None
) -> dict[str, Any]:
    lab = queries.get_lab(lab_id)
    inside = list_box(lab, rack, box) if rack and box else []
    held = held_of([s.key for s in inside])
    boxes = list_boxes(lab)
    return {
        "lab": lab,
        "rack": rack,
        "box": box,
        "last": last,
        "places": box_places(inside, held) if rack and box else [],
        "count": len(inside),
        "boxes": [
            {"rack": r, "box": b, "tubes": n, "oldest": at,
             "href": url_for(".archive", lab_id=lab_id, rack=r, box=b)}
            for r, b, n, at in boxes
        ],
        "kept": sum(n for _r, _b, n, _at in boxes),
        "may_write": may_handle(lab_id),
        "found": None,
        "missing": "",
    }  # fmt: skip


def may_handle(lab_id: int) -> bool:
    return current_actor().may(BENCH, places.place_of_lab(lab_id))


def box_places(inside: list[StayRow], held: dict[str, Held]) -> list[dict[str, Any]]:
    there = {s.place: s for s in inside}
    return [
        {
            "n": n,
            "barcode": there[n].barcode if n in there else "",
            "kept": n in there and is_kept(held.get(there[n].barcode)),
        }
        for n in range(1, int(retention.PLACES.value) + 1)
    ]


def is_kept(held: Held | None) -> bool:
    return held is not None and held.stage == Stage.RELEASED and held.outcome in retention.KEPT


def seen_view(seen: service.Seen) -> dict[str, Any]:
    names = names_of(
        {s.put_by for s in seen.stays} | {s.ended_by for s in seen.stays if s.ended_by}
    )
    return {
        "barcode": seen.key.barcode,
        "stage": STAGE_WORDS[Stage(seen.held.stage)][current_lang() == "en"],
        "outcome": outcome_badge(seen.held.outcome) if seen.held.outcome else None,
        "now": service.where(seen.now) if seen.now else "",
        "fate": fate_word(seen.fate),
        "stays": [
            {
                "where": service.where(s),
                "put_at": s.put_at,
                "put_by": names.get(s.put_by, ("", ""))[1],
                "ended_at": s.ended_at,
                "ended": ended_word(s),
                "ended_by": names.get(s.ended_by or 0, ("", ""))[1],
            }
            for s in seen.stays
        ],
    }


def ended_word(stay: StayRow) -> str:
    words = {"moved": _("换位"), "taken": _("取出"), "discarded": _("销毁")}
    return words.get(stay.ended_how or "", "")


def fate_word(fate: Fate) -> dict[str, Any]:
    words = {
        "free": ("ok", _("可以销毁")),
        "two_persons": ("look", _("须两人同意才能销毁")),
        "too_early": ("unknown", _("保存期未到")),
        "no_result": ("unknown", _("还没有发布结果")),
        "open_matter": ("look", _("还有未结事项")),
        "gone": ("unknown", _("已销毁")),
    }
    tone, text = words[fate.code]
    return {"tone": tone, "text": text}


# --- the end ------------------------------------------------------------------------------------


@bp.get("/lab/<int:lab_id>/archive/discards")
@require(*READERS, at=LAB)
def discards(lab_id: int) -> Any:
    """What may be thrown away now, and what waits for a second person."""
    return shown("lab/discards.html", **discards_view(lab_id))


@bp.post("/lab/<int:lab_id>/archive/discards")
@require(*BENCH, at=LAB)
def discard_tube(lab_id: int) -> Any:
    """One tube is thrown away, or a first person asks for it."""
    text = form("code", 80)
    try:
        signed = signature() if form("secret", 256) else None
        made = service.discard(
            lab_id, text, why=form("why", 200), signed=signed, by=me(), at=clock.now()
        )
    except Problem as problem:
        sentence, _none = undo(problem)
        last = {"tone": "stop", "text": text[:40], "message": sentence}
        return shown("lab/discards.html", problem.status, **discards_view(lab_id, last))
    message = _("已记录，等待另一人同意") if made.asked else _("已销毁")
    last = {"tone": "look" if made.asked else "ok", "text": made.barcode, "message": message}
    return shown("lab/discards.html", **discards_view(lab_id, last))


def discards_view(lab_id: int, last: dict[str, Any] | None = None) -> dict[str, Any]:
    lab, at = queries.get_lab(lab_id), clock.now()
    free, kept, held = service.free_now(lab, at)
    asked = list_asked(lab)
    names = names_of({s.asked_by for s in asked if s.asked_by})
    return {
        "lab": lab,
        "as_of": at,
        "last": last,
        "may_write": may_handle(lab_id),
        "days": int(retention.NEGATIVE_DAYS.value),
        "waiting": len(kept),
        "more": len(free) + len(kept) == service.LISTED,
        "free": [free_line(lab_id, s, held[s.barcode]) for s in free],
        "asked": [
            {
                "barcode": {"text": s.barcode, "href": tube_href(lab_id, s)},
                "where": service.where(s),
                "asked_at": s.asked_at,
                "asked_by": names.get(s.asked_by or 0, ("", ""))[1],
                "own": s.asked_by == me(),
                "why": s.asked_why,
                "code": s.barcode,
            }
            for s in asked
        ],
    }


def tube_href(lab_id: int, stay: StayRow) -> str:
    return url_for(".archive", lab_id=lab_id, tube=stay.barcode)


def free_line(lab_id: int, stay: StayRow, held: Held) -> dict[str, Any]:
    rejected = held.stage == Stage.REJECTED
    return {
        "barcode": {"text": stay.barcode, "href": tube_href(lab_id, stay)},
        "where": service.where(stay),
        "outcome": {"text": _("退样")} if rejected or not held.outcome
        else outcome_badge(held.outcome),
        "since": held.since,
        "put_at": stay.put_at,
    }  # fmt: skip
