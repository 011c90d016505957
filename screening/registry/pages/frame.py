"""What the pages of the register share: the blueprint, a refused form, times as people type them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, request

from screening.accounts.queries import names_of
from screening.errors import BadField, Fault, Faults
from screening.forms import text
from screening.i18n import ZONE, _, current_lang
from screening.registry.service import setting_up

bp = Blueprint("registry_pages", __name__)
PAGE = 100


def moment(name: str) -> datetime | None:
    """A local time typed into a form; None when left empty. Raises Faults."""
    given = text(name, 30)
    if not given:
        return None
    try:
        return datetime.fromisoformat(given).replace(tzinfo=ZONE)
    except ValueError:
        raise Faults([Fault(BadField(message=_("时间写法不对。")), field=name)]) from None


def needed_moment(name: str) -> datetime:
    found = moment(name)
    if found is None:
        raise Faults([Fault(BadField(message=_("请填写时间。")), field=name)])
    return found


def typed(at: datetime | None) -> str:
    """A time as the browser's field wants it back, local."""
    return at.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M") if at else ""


def word(pair: Any) -> str:
    """The Chinese or English of something with `zh` and `en`, or of a pair of both."""
    zh, en = (pair.zh, pair.en) if hasattr(pair, "zh") else pair[:2]
    return en if current_lang() == "en" else zh


def whole(name: str, least: int, most: int) -> int:
    """A number of a form within bounds. Raises Faults."""
    given = text(name, 12)
    if not given.isdecimal() or not least <= int(given) <= most:
        sentence = _("请填 %(least)s 到 %(most)s 的整数。", least=least, most=most)
        raise Faults([Fault(BadField(message=sentence), field=name)])
    return int(given)


def as_form(place: Any) -> dict[str, Any]:
    """A site or laboratory as its form shows it: who answers there by number."""
    number, _name = names_of([place.responsible_id]).get(place.responsible_id, ("", ""))
    return {**place._asdict(), "responsible": number}


def answerable() -> dict[str, Any]:
    """Who answers for a place, where the form asks. Raises Faults."""
    if "responsible" not in request.form:
        return {}
    return {"responsible_id": setting_up.responsible(text("responsible", 32))}
