"""The sign-off of a round: its checklist, two signatures, the recount."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, flash, redirect, render_template, url_for
from flask import g as current

from screening import clock
from screening.accounts.doors import door
from screening.accounts.guard import current_actor, require
from screening.accounts.queries import names_of
from screening.db import db
from screening.errors import Problem
from screening.i18n import _, current_lang
from screening.jobs import enqueue
from screening.ledger import queries, service
from screening.ledger.api import SIGN_READERS, SIGNERS
from screening.ledger.pages.frame import bp, frame, lang
from screening.ledger.rules import OBSTACLES, PARTS, Balance
from screening.registry import desk_queries as desk
from screening.registry.queries import get_policy
from screening.registry.scopes import ROUND


@bp.get("/rounds/<int:round_id>/sign-off")
@require(*SIGN_READERS, at=ROUND)
def show_sign_off(round_id: int) -> Any:
    """The checklist of a round: what stands in the way, and who has signed."""
    return render_template("ledger/sign_off.html", **sign_page(round_id))


def sign_page(round_id: int) -> dict[str, Any]:
    policy, now = get_policy(round_id), clock.now()
    found, against = service.checklist(round_id, at=now)
    rest = service.unfinished(round_id, found)
    signed = queries.list_signatures(round_id)
    people = names_of([s.by for s in signed])
    last = queries.find_balance(round_id, "check")
    return {
        **frame(policy, []),
        "balance": found,
        "lines": [check_line(round_id, word, found, against, rest) for word in OBSTACLES],
        "against": against,
        "finished": policy.state in ("finishing", "closing"),
        "closed": policy.state == "closed",
        "signed": [
            {"step": s.step, "who": " ".join(people.get(s.by, ("?",))), "at": s.at} for s in signed
        ],
        "mine": any(s.by == current_actor().staff_id for s in signed),
        "may_sign": current_actor().may(SIGNERS, desk.place_of_round(round_id)),
        "check": last and {"at": last[1], "differences": last[2]["differences"],
                           "named": last[2]["named"]},
        "words": {"ticket": _("未结工单"), "callback": _("未结复采"), "alert": _("未处理预警")},
    }  # fmt: skip


def check_line(
    round_id: int, word: str, found: Balance, against: Sequence[str], rest: Mapping[str, int]
) -> dict[str, Any]:
    """One line of the checklist; it leads to the rows behind it."""
    p = found.parts.get(word)
    open_ = word in against
    return {
        "what": OBSTACLES[word][lang()],
        "href": door_of(round_id, word),
        "items": p.items if p else rest.get(word),
        "closed": p.closed if p else None,
        "state": {
            "tone": "stop" if open_ else "ok",
            "text": _("未清") if open_ else _("清"),
        },
    }


def door_of(round_id: int, word: str) -> str:
    """Where the rows of a line are listed."""
    if word in PARTS:
        return url_for(".list_part", round_id=round_id, part=word)
    area = desk.place_of_round(round_id).id
    doors: dict[str, tuple[str, dict[str, Any]]] = {
        "open_tubes": (
            "dashboard_pages.command_tubes",
            {"area_id": area, "what": "tubes_open", "round": round_id},
        ),
        "pools": ("reporting_pages.callbacks", {"area_id": area}),
        "calls": ("lab_pages.alerts", {}),
        "residual": (
            "reminders_pages.missed_in",
            {"area_id": area, "round": round_id, "state": "new"},
        ),
        "does_not_add_up": ("ledger_pages.overview", {"round": round_id, "_anchor": "stages"}),
        "recount_differs": (
            "ledger_pages.show_sign_off",
            {"round_id": round_id, "_anchor": "recount"},
        ),
    }
    endpoint, args = doors.get(word, ("", {}))
    if not endpoint or (not area and "area_id" in args):
        return ""
    return door(endpoint, **args)


@bp.post("/rounds/<int:round_id>/sign-off")
@require(*SIGNERS, at=ROUND)
def sign_off(round_id: int) -> Any:
    """Sign; the second signature closes the round."""
    try:
        step = service.sign_off(round_id, by=current_actor(), at=clock.now())
    except Problem as p:
        current.failed = True
        db.session.rollback()
        page = render_template(
            "ledger/sign_off.html", **sign_page(round_id), sentence=p.sentence(current_lang())
        )
        return Response(page, p.status)
    flash(_("已签核，本轮结束") if step == 2 else _("第一签已留存，等待第二人"), "ok")
    return redirect(url_for(".show_sign_off", round_id=round_id), 303)


@bp.post("/rounds/<int:round_id>/sign-off/withdraw")
@require(*SIGNERS, at=ROUND)
def withdraw(round_id: int) -> Any:
    """Take back the first signature while there is no second."""
    service.withdraw(round_id, by=current_actor(), at=clock.now())
    return redirect(url_for(".show_sign_off", round_id=round_id), 303)


@bp.post("/rounds/<int:round_id>/check")
@require(*SIGN_READERS, at=ROUND)
def start_check(round_id: int) -> Any:
    """Recount from journals and commands, in the background."""
    get_policy(round_id)
    enqueue("ledger_check", round_id=round_id, by=current_actor().staff_id)
    flash(_("重算已开始，完成后显示在这里"), "ok")
    return redirect(url_for(".show_sign_off", round_id=round_id), 303)
