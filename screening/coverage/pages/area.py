"""Who is reached and who is missed: from the district down to the building."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import render_template, url_for

from screening import clock
from screening.accounts.doors import door
from screening.accounts.guard import OWN_ROWS, area, current_actor, require
from screening.coverage import queries
from screening.coverage.api import SEERS
from screening.coverage.pages.frame import bp, chosen, exemption_word, rounds_of, trail
from screening.coverage.rules import REASONS, RESIDENCE_PARTS, CoverageRow
from screening.i18n import _, current_lang
from screening.places import queries as places
from screening.places.queries import Node
from screening.places.rules import BUILDING, LEVEL_NAMES, Place
from screening.registry import desk_queries as desk
from screening.registry.queries import RoundPolicy


@bp.get("/coverage")
@require(*SEERS, at=OWN_ROWS)
def overview() -> Any:
    """The own area; for the whole city the smallest area around the round."""
    held = current_actor().places(SEERS)
    rounds = rounds_of(held)
    if not rounds:
        return render_template("coverage/area.html", node=None, rounds=[])
    own = min((p for p in held if p.kind == "area"), key=lambda p: len(p.path), default=None)
    around = desk.place_of_round(chosen(rounds).round_id)
    node = places.find_area(own.id if own else around.id) or _root()
    return render_template("coverage/area.html", **area_page(node, rounds, held))


def _root() -> Node:
    return min(places.TREE.get().by_id.values(), key=lambda n: (n.level, n.code))


@bp.get("/coverage/<int:area_id>")
@require(*SEERS, at=area())
def show_area(area_id: int) -> Any:
    """One area: its equation, its funnel, and what lies below, those who lag first."""
    held = current_actor().places(SEERS)
    page = area_page(queries.get_node(area_id), rounds_of(held), held)
    return render_template("coverage/area.html", **page)


def area_page(node: Node, rounds: Sequence[RoundPolicy], held: Sequence[Place]) -> dict[str, Any]:
    if not rounds:
        return {"node": None, "rounds": []}
    policy, now = chosen(rounds), clock.now()
    row = queries.coverage_of(node.area_id, policy.round_id, at=now)
    below = queries.children_of(node.area_id, policy.round_id, at=now)
    lang = 1 if current_lang() == "en" else 0
    return {
        "node": node,
        "level": LEVEL_NAMES[node.level][lang],
        "rounds": rounds,
        "round_choices": [{"id": p.round_id, "name": p.name} for p in rounds],
        "current_round": {"id": policy.round_id, "name": policy.name},
        "policy": policy,
        "row": row,
        "steps": steps(node, policy.round_id, row, now),
        "reasons": [
            {"label": (zh, en)[lang], "count": getattr(row, part), "tone": TONES[part],
             "key": part,
             "href": missed_href(node, policy.round_id, part)}
            for part, zh, en in REASONS
        ],
        "exempt": [(exemption_word(code), n) for code, n in row.exempt_by.items()],
        "trail": trail(node, policy.round_id, held),
        "children": [child(n, r, node, policy.round_id, lang) for n, r in below],
        "below": LEVEL_NAMES[below[0][0].level][lang] if below else "",
        "missed_all": missed_href(node, policy.round_id),
        "added_href": missed_href(node, policy.round_id, added=True) if row.added else "",
        "csv": url_for("coverage_api.export_coverage", area=node.area_id, round=policy.round_id),
        "reason_words": [(part, (zh, en)[lang]) for part, zh, en in REASONS],
        "residences": [(part, (zh, en)[lang], getattr(row, part))
                       for part, zh, en in RESIDENCE_PARTS],
        "sum": {**child(node, row, node, policy.round_id, lang), "name": _("合计")},
    }  # fmt: skip


TONES = {
    "resample": "stop", "visit": "look", "new": "unknown", "will_come": "ok", "pending": "unknown", "away": "unknown",
    "refused": "look", "unreachable": "look",
}  # fmt: skip


def missed_href(node: Node, round_id: int, part: str | None = None, *, added: bool = False) -> str:
    """The list of the missed behind a number."""
    asked: dict[str, Any] = {"state": part} if part else {}
    asked |= {"added": 1} if added else {}
    return door("reminders_pages.missed_in", area_id=node.area_id, round=round_id, **asked)


def steps(node: Node, round_id: int, row: CoverageRow, now: datetime) -> list[dict[str, Any]]:
    """应检 → 采 → 送 → 检 → 报, in persons of this area, with what is stuck between two links."""
    here = url_for(".show_area", area_id=node.area_id, round=round_id)
    ledger = door("ledger_pages.overview", round=round_id) or here

    def tubes(what: str) -> str:
        asked: dict[str, Any] = {"area_id": node.area_id, "what": what, "round": round_id}
        return door("dashboard_pages.command_tubes", **asked) or ledger

    def link(
        key: str, label: str, count: int, stuck: str, rest: int, href: str, why: str
    ) -> dict[str, Any]:
        tone = "look" if rest else "ok"
        held = {"label": stuck, "count": rest, "href": href, "tone": tone} if stuck else None
        return {"key": key, "label": label, "count": count, "href": here + "#below",
                "definition": why, "stuck": held}  # fmt: skip

    missed = missed_href(node, round_id) or here
    return [
        link("due", _("应检"), row.due, _("未检"), row.missed, missed,
             _("本轮范围内的底数减去有代码的豁免")),
        link("collect", _("采"), row.reached, _("未送达"), row.reached - row.delivered,
             tubes("tubes_undelivered"),
             _("有一份有效样本的人数，每人只计一次")),
        link("deliver", _("送"), row.delivered, _("未检出"), row.delivered - row.tested,
             tubes("tubes_untested"),
             _("样本已到实验室的人数")),
        link("test", _("检"), row.tested, _("未发布"), row.tested - row.resulted,
             tubes("tubes_unreleased"),
             _("样本已有检测结果的人数")),
        link("report", _("报"), row.resulted, "", 0, here, _("结果已发布的人数")),
    ]  # fmt: skip


def child(node: Node, row: CoverageRow, parent: Node, round_id: int, lang: int) -> dict[str, Any]:
    """One line of the ranking. People whose grid or building is not known stand together."""
    unknown = node.area_id == parent.area_id
    deeper = not unknown and node.level < BUILDING
    href = url_for(".show_area", area_id=node.area_id, round=round_id) if deeper else ""
    return {
        "name": _("未标明网格或楼栋") if unknown else node.name,
        "href": href,
        "rate": (row.reached, row.due),
        "due": row.due,
        "missed": {
            "text": row.missed, "sort": row.missed,
            "href": missed_href(node, round_id) if row.missed else "",
        },
        "resulted": (row.resulted, row.reached),
        "exempt": row.exempt,
        "register": row.register,
        **{part: getattr(row, part) for part, _zh, _en in RESIDENCE_PARTS},
        "added": row.added,
        "as_of": row.as_of,
        **{part: getattr(row, part) for part, _zh, _en in REASONS},
    }  # fmt: skip
