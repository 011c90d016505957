"""The home of each role: what this person has to look at now."""

from __future__ import annotations

from typing import Any

from flask import render_template

from screening import clock
from screening.accounts.doors import door
from screening.accounts.guard import OWN_ROWS, current_actor, require
from screening.accounts.roles import EVERYBODY, Role
from screening.dashboard.cards import cards_of
from screening.dashboard.pages.frame import bp, chosen, head, own_area, started
from screening.dashboard.pages.round import picture, steps_of
from screening.i18n import _


@bp.get("/")
@require(*EVERYBODY, at=OWN_ROWS)
def home() -> Any:
    """What each of this person's roles has to look at now."""
    actor, at = current_actor(), clock.now()
    rounds = started(actor.places(EVERYBODY))
    policy = chosen(rounds)
    node = own_area(actor, policy)
    steps = []
    if policy is not None and node is not None:
        row, rows = picture(policy, node, at)
        steps = steps_of(policy, node, row, rows, at)
    return render_template(
        "home.html", **head(policy, rounds), as_of=at, steps=steps, actions=actions(),
        cards=cards_of(actor, policy, node, at),
    )  # fmt: skip


def actions() -> list[dict[str, str]]:
    """The acts that this person came for, at most three."""
    own_day = (("reminders_pages.day", _("我的一天")),)
    own_bench = (("lab_pages.home", _("实验室")),)
    own_post = (("dashboard_pages.dispatch_own", _("调度")),)
    wanted = (
        ("field_pages.sampling", _("采样")), ("field_pages.packing", _("装箱")),
        ("field_pages.reception", _("收样")),
        *(own_bench if Role.LAB_TECHNICIAN in current_actor().roles else ()),
        ("reporting_pages.desk", _("审核发布")),
        *(own_day if Role.COMMUNITY_WORKER in current_actor().roles else ()),
        *(own_post if Role.DISPATCHER in current_actor().roles else ()),
        ("dashboard_pages.command", _("指挥")), ("reminders_pages.missed", _("未检名单")),
        ("bulletins_pages.list", _("通报")), ("transport_pages.boxes", _("转运箱")),
        ("transport_pages.tubes", _("查管")),
    )  # fmt: skip
    found = [{"label": label, "href": door(endpoint)} for endpoint, label in wanted]
    return [a for a in found if a["href"]][:3]
