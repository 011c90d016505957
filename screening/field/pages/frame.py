"""What the field's desks share: where one stands, the round, what is stated, what is answered.

State lies in the tables: a page is drawn from tubes and boxes, a form posts one act, the answer is
a redirect. Nothing personal stands in an address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from flask import Blueprint, Response, flash, make_response, render_template

from screening import clock, forms
from screening.accounts.guard import current_actor
from screening.accounts.roles import Role
from screening.collection.checks import At
from screening.collection.queries import find_site
from screening.errors import BadField, Fault, Faults, NotFound, Problem
from screening.field import desk
from screening.field.desk import DeskReceipt
from screening.field.near import rounds_at
from screening.forms import text
from screening.i18n import _, current_lang
from screening.places import queries as places
from screening.registry.queries import RoundPolicy
from screening.tube.answers import Answer, worst

bp = Blueprint("field_pages", __name__)


class Here(NamedTuple):
    """The site a desk stands at and the round it works for (0: none is open here)."""

    at: At
    site: places.SiteRow
    round: RoundPolicy | None


def here(site_id: int) -> Here:
    row = find_site(site_id)
    if row is None:
        raise NotFound()
    policy = round_here(site_id, row.path)
    at = At(row, policy.round_id if policy else 0, clock.now())
    return Here(at, places.get_site(site_id), policy)


def round_here(site_id: int, path: str) -> RoundPolicy | None:
    """The round that samples at a site: the latest that was opened over it."""
    return next(iter(rounds_at(site_id, path)), None)


def own_sites(*roles: Role) -> list[places.SiteRow]:
    return places.list_sites(current_actor().places(roles))


def number(name: str, most: int = 500) -> int:
    """A count of the form. Raises Faults."""
    try:
        value = int(text(name, 6))
    except ValueError:
        raise Faults([Fault(BadField(message=_("请填写数字")), field=name)]) from None
    if not 0 <= value <= most:
        raise Faults(
            [Fault(BadField(message=_("请填写 0 到 %(most)s 的数", most=most)), field=name)]
        )
    return value


def degrees(name: str = "temperature") -> float | None:
    word = text(name, 8).replace("，", ".").replace("。", ".")
    if not word:
        return None
    try:
        value = float(word)
    except ValueError:
        raise Faults([Fault(BadField(message=_("请填写温度，如 4.5")), field=name)]) from None
    if not -100 <= value <= 100:
        raise Faults([Fault(BadField(message=_("请填写温度，如 4.5")), field=name)])
    return value


def state(
    entries: Sequence[Mapping[str, Any]],
    *,
    round_id: int,
    site_id: int | None = None,
    lab_id: int | None = None,
) -> DeskReceipt:
    """State entries in the actor's journal and tell what the server found to contradict."""
    out = desk.append(
        current_actor(), entries, site_id=site_id, lab_id=lab_id, round_id=round_id,
        at=clock.now(),
    )  # fmt: skip
    for found in out.findings:
        tone = "stop" if found.weight == "hold" else "look"
        flash((found.zh, found.en)[lang()], tone)
    for parked in out.receipt.parked:
        if parked["number"] > out.receipt.last - len(entries):
            flash(_("这一条没有归入，已登记待处理（%(code)s）。", code=parked["code"]), "stop")
    return out


def lang() -> int:
    return 1 if current_lang() == "en" else 0


def spoken(answers: Sequence[Answer]) -> list[dict[str, Any]]:
    """Answers as a page shows them."""
    return [
        {"tone": a.tone, "code": a.code, "text": (a.zh, a.en)[lang()], "details": a.details}
        for a in answers
    ]


def told(answers: Sequence[Answer]) -> None:
    """What an accepted act should make one look at, and its confirmation, after the redirect."""
    for a in answers:
        flash((a.zh, a.en)[lang()], a.tone)


def answered(template: str, answers: Sequence[Answer], **values: Any) -> Response:
    """The same page with the answers that stopped the act; nothing of the try is kept."""
    page = render_template(template, answers=spoken(answers), tone=worst(answers), **values)
    return make_response(page, 409)


def refused(problem: Problem, template: str, **values: Any) -> Response:
    """The same page again with what is wrong, beside no answers."""
    return forms.refused(problem, template, answers=[], **values)
