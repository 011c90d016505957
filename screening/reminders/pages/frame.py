"""What all pages of reminders share: the round looked at, the own areas, where to begin."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from flask import (
    Blueprint,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)

from screening import clock
from screening.accounts.guard import current_actor
from screening.accounts.roles import Actor
from screening.i18n import _, current_lang
from screening.places import queries as places
from screening.places.queries import Node
from screening.registry.queries import RoundPolicy, get_policy, open_rounds
from screening.registry.rules import Word
from screening.reminders import rules
from screening.reminders.api import sees_all
from screening.reminders.opened import MOST, may_open

bp = Blueprint("reminders_pages", __name__)
PAGE = 100
TONES = {"resample": "stop", "visit": "look", "unreachable": "look"}


def said(word: Word | rules.Outcome | rules.Template) -> str:
    return word.en if current_lang() == "en" else word.zh


def the_round() -> RoundPolicy | None:
    """The round asked for, else the latest that is open."""
    asked = request.args.get("round", type=int)
    if asked:
        return get_policy(asked)
    return max(open_rounds(), key=lambda p: p.round_id, default=None)


def own_areas(actor: Actor, roles: Sequence[Any]) -> list[Node]:
    """The areas over which one of `roles` is held; the whole city's top for everywhere."""
    held = actor.places(roles)
    if any(p.kind == "all" for p in held):
        nodes = places.TREE.get().by_id.values()
        return [n for n in nodes if n.parent_id is None]
    return [n for p in held if p.kind == "area" and (n := places.find_area(p.id))]


def begin(endpoint: str, nodes: Sequence[Node]) -> Any:
    policy = the_round()
    asked: dict[str, Any] = {"round": policy.round_id} if policy else {}
    if len(nodes) == 1:
        return redirect(url_for(endpoint, area_id=nodes[0].area_id, **asked), 303)
    rows = [
        {"href": url_for(endpoint, area_id=n.area_id, **asked), "name": n.name, "code": n.code}
        for n in nodes
    ]
    return render_template("reminders/areas.html", rows=rows)


def choices() -> list[tuple[str, str]]:
    """What a second tap may say: outcomes, those with a time with their usual one."""
    out = []
    for code, outcome in rules.CONTACT_OUTCOMES.items():
        hours = rules.QUICK_HOURS.get(code)
        text = said(outcome)
        out.append((code, _("%(what)s（%(h)s 小时）", what=text, h=hours) if hours else text))
    return out


def opens(place: Node, people: Iterable[tuple[int, int]]) -> bool:
    """Whether the numbers of these people are shown as they are; why not is said on the page."""
    actor = current_actor()
    if may_open(actor, place.path, people, at=clock.now()):
        return True
    if sees_all(actor, place.path):
        told = _(
            "今天打开的号码已到上限（%(n)s 人），其余只显示尾号；要更多请按名单导出并写明原因。",
            n=MOST.value,
        )
        flash(told, "look")
    return False
