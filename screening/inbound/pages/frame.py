"""What the pages of inbound lists share: the blueprint, areas, a line, its state, a refused form."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, url_for

from screening.accounts.guard import current_actor
from screening.i18n import _, current_lang
from screening.inbound import rules
from screening.inbound.queries import ItemRow
from screening.inbound.showing import line
from screening.places import queries as places
from screening.places.queries import Node
from screening.places.rules import COMMUNITY

bp = Blueprint("inbound_pages", __name__)
PAGE = 100


def said(word: Any) -> str:
    zh, en = (word.zh, word.en) if hasattr(word, "zh") else word
    return en if current_lang() == "en" else zh


def own_areas(roles: Any, deepest: int = COMMUNITY) -> list[Node]:
    """The living areas over which one of `roles` is held, from the top down, in code order."""
    held = current_actor().places(roles)
    everywhere = any(p.kind == "all" for p in held)
    paths = tuple(p.path for p in held)
    nodes = [n for n in places.TREE.get().by_id.values()
             if n.level <= deepest and (everywhere or n.path.startswith(paths))]  # fmt: skip
    return sorted(nodes, key=lambda n: (n.level, n.code))


def tops(nodes: list[Node]) -> list[Node]:
    ids = {n.area_id for n in nodes}
    return [n for n in nodes if n.parent_id not in ids]


def full_name(area_id: int) -> str:
    node = places.find_area(area_id)
    if node is None:
        return ""
    return " / ".join([*(n.name for n in places.line_above(node) if n.level > 1), node.name])


def state_words() -> dict[str, str]:
    return {"": _("全部"), "untaken": _("未签收"), "open": _("未办结"), "late": _("超时"),
            "raised": _("超时上报"), "unmatched": _("未匹配"), "done": _("已办结")}  # fmt: skip


def state_tabs(endpoint: str, state: str, **here: Any) -> list[dict[str, Any]]:
    return [
        {
            "label": label,
            "active": key == state,
            "href": url_for(endpoint, state=key or None, **here),
        }
        for key, label in state_words().items()
    ]


def item_line(i: ItemRow) -> dict[str, Any]:
    """A line of a list as a row of a table."""
    shown = line(i)
    return {
        "name": shown["name"] or "—", "phone": shown["phone"], "document": shown["document"],
        "kind": said(rules.KINDS[i.kind]), "area": full_name(i.area_id),
        "employer": i.employer or "", "matched": said(rules.MATCHES[i.matched]),
        "due_at": {"text": i.due_at, "sort": i.due_at.isoformat(),
                   "sub": _("已超时") if shown["late"] else ""},
        "state": standing(i), "tone": "stop" if shown["late"] and not i.done_at else "",
        "href": url_for(".show_item", item_id=i.item_id),
    }  # fmt: skip


def standing(i: ItemRow) -> dict[str, str]:
    outcome = said(rules.OUTCOMES[i.outcome]) if i.outcome else ""
    if i.done_at:
        return {"tone": "ok", "text": outcome}
    up = places.find_area(i.raised_to) if i.raised_to else None
    sub = _("已上报 %(area)s", area=up.name) if up else ""
    text = outcome or (_("已签收") if i.taken_at else _("未签收"))
    return {"tone": "look" if i.taken_at else "unknown", "text": text, "sub": sub}
