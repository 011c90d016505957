"""The duty roster: who answers for laboratory, district and city, from when to when, and the gaps."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import redirect, request, url_for

from screening import clock
from screening.accounts.guard import OWN_ROWS, At, current_actor, require
from screening.accounts.queries.staff import find_staff
from screening.errors import BadField, Fault, Faults, NotFound, Problem
from screening.forms import text as form
from screening.forms import undo
from screening.i18n import ZONE, _
from screening.lab import words
from screening.lab.pages.frame import bp, said, shown
from screening.lab.queries.duty import DutyRow
from screening.lab.rules.duty_rules import LOOK_AHEAD
from screening.lab.scopes import KEEPERS, ROSTER, may_keep
from screening.lab.service import duty as service
from screening.lab.service.calling import minutes, open_phone
from screening.lab.service.duty import Post
from screening.places.queries import find_place
from screening.places.rules import Place

PLACE = At("place that is manned", filtered=True)


@bp.get("/duty")
@require(*ROSTER, at=OWN_ROWS)
def duty() -> Any:
    """The roster of the own places, and when nobody is on duty."""
    return shown("lab/duty.html", **duty_view())


def duty_view() -> dict[str, Any]:
    actor, now = current_actor(), clock.now()
    posts = service.list_posts(actor.places(ROSTER), at=now)
    return {
        "rows": [line(p, d, now) for p in posts for d in p.rows],
        "gaps": [
            {
                "name": name_of(p),
                "since": g.since,
                "until": g.until,
                "state": unmanned(g.since <= now),
            }
            for p in posts
            for g in p.gaps
        ],
        "choices": [(key(p.place), name_of(p)) for p in posts if may_keep(actor, p.place)],
        "minutes": minutes(),
        "hours": LOOK_AHEAD.value,
        "form": request.form,
        "as_of": now,
    }


def unmanned(here: bool) -> dict[str, str]:
    if here:
        return {"tone": "stop", "text": _("现在无人值班")}
    return {"tone": "look", "text": _("未排班")}


def key(place: Place) -> str:
    return f"{place.kind}-{place.id}"


def name_of(post: Post) -> str:
    return post.name or _("全市")


def line(post: Post, row: DutyRow, now: datetime) -> dict[str, Any]:
    who = find_staff(row.staff_id)
    here = row.starts_at <= now < row.ends_at
    return {
        "place": name_of(post),
        "level": said(words.LEVELS, post.level),
        "name": who.name if who else "",
        "phone": open_phone(row) or (who.phone if who else ""),
        "starts_at": row.starts_at,
        "ends_at": row.ends_at,
        "state": {
            "tone": "ok" if here else "unknown",
            "text": _("值班中") if here else _("未开始"),
        },
        "keeps": may_keep(current_actor(), post.place),
        "duty_id": row.duty_id,
    }


@bp.post("/duty")
@require(*KEEPERS, at=PLACE)
def add_duty() -> Any:
    """Somebody is put on duty."""
    kind, _dash, number = form("place", 40).partition("-")
    place = find_place(kind, int(number)) if kind in KINDS and number.isdecimal() else None
    if place is None:
        raise NotFound()
    try:
        service.add(
            place,
            form("staff_no", 40),
            moment("starts_at"),
            moment("ends_at"),
            phone=form("phone", 20),
            by=current_actor(),
            at=clock.now(),
        )
    except Problem as problem:
        sentence, faults = undo(problem)
        return shown(
            "lab/duty.html", problem.status, sentence=sentence, faults=faults, **duty_view()
        )
    return redirect(url_for(".duty"), 303)


KINDS = ("lab", "area", "all")


def moment(name: str) -> datetime:
    """A local time as the browser writes it. Raises Faults."""
    try:
        return datetime.fromisoformat(form(name, 30)).replace(tzinfo=ZONE)
    except ValueError:
        raise Faults([Fault(BadField(message=_("时间写法不对。")), field=name)]) from None


@bp.post("/duty/<int:duty_id>/remove")
@require(*KEEPERS, at=PLACE)
def remove_duty(duty_id: int) -> Any:
    """Somebody is taken off the roster."""
    service.remove(duty_id, by=current_actor(), at=clock.now())
    return redirect(url_for(".duty"), 303)
