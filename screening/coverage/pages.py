"""Who is reached and who is missed: from the district down to the building."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint, current_app, render_template, request, url_for

from screening import clock
from screening.accounts.guard import OWN_ROWS, area, current_actor, require
from screening.coverage import queries
from screening.coverage.api import SEERS
from screening.coverage.rules import REASONS, CoverageRow
from screening.i18n import _, current_lang
from screening.places import queries as places
from screening.places.queries import Node
from screening.places.rules import BUILDING, COMMUNITY, LEVEL_NAMES, Place
from screening.registry import desk_queries as desk
from screening.registry.queries import RoundPolicy
from screening.registry.rules import EXEMPTIONS

bp = Blueprint("coverage_pages", __name__)


def door(endpoint: str, **values: Any) -> str:
    """The address of another desk's page, empty where that desk is not there."""
    return url_for(endpoint, **values) if endpoint in current_app.view_functions else ""


def rounds_of(held: Sequence[Place]) -> list[RoundPolicy]:
    """The rounds of these places that have started, newest first."""
    return [p for p in desk.list_rounds(held) if p.started_at is not None]


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


def chosen(rounds: Sequence[RoundPolicy]) -> RoundPolicy:
    """The round asked for, else the newest one that is open, else the newest."""
    asked = request.args.get("round", type=int)
    for p in rounds:
        if p.round_id == asked:
            return p
    return next((p for p in rounds if p.state == "sampling"), rounds[0])


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
             "href": missed_href(node, policy.round_id, part)}
            for part, zh, en in REASONS
        ],
        "exempt": [(_exempt(code, lang), n) for code, n in row.exempt_by.items()],
        "trail": trail(node, policy.round_id, held),
        "children": [child(n, r, node, policy.round_id, lang) for n, r in below],
        "below": LEVEL_NAMES[below[0][0].level][lang] if below else "",
        "csv": url_for("coverage_api.export_coverage", area=node.area_id, round=policy.round_id),
        "reason_words": [(part, (zh, en)[lang]) for part, zh, en in REASONS],
    }  # fmt: skip


TONES = {
    "resample": "stop", "visit": "look", "new": "unknown", "will_come": "ok", "pending": "unknown", "away": "unknown",
    "refused": "look", "unreachable": "look",
}  # fmt: skip


def _exempt(code: str, lang: int) -> str:
    word = EXEMPTIONS.get(code)
    return code if word is None else (word.en if lang else word.zh)


def missed_href(node: Node, round_id: int, part: str | None = None) -> str:
    """The list of the missed behind a number; below the community it is the community's."""
    where = node
    while where.level > COMMUNITY and where.parent_id:
        where = queries.get_node(where.parent_id)
    asked: dict[str, Any] = {"area_id": where.area_id, "round": round_id}
    return door("reminders_pages.missed", **asked, **({"state": part} if part else {}))


def steps(node: Node, round_id: int, row: CoverageRow, now: datetime) -> list[dict[str, Any]]:
    """应检 → 采 → 送 → 检 → 报, in persons of this area, with what is stuck between two links."""
    here = url_for(".show_area", area_id=node.area_id, round=round_id)
    ledger = door("ledger_pages.overview", round=round_id) or here

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
        link("collect", _("采"), row.reached, _("未送达"), row.reached - row.delivered, ledger,
             _("有一份有效样本的人数，每人只计一次")),
        link("deliver", _("送"), row.delivered, _("未检出"), row.delivered - row.tested, ledger,
             _("样本已到实验室的人数")),
        link("test", _("检"), row.tested, _("未发布"), row.tested - row.resulted, ledger,
             _("样本已有检测结果的人数")),
        link("report", _("报"), row.resulted, "", 0, here, _("结果已发布的人数")),
    ]  # fmt: skip


def trail(node: Node, round_id: int, held: Sequence[Place]) -> list[tuple[str, str]]:
    """The areas above, as far up as the reader's own scope."""
    return [
        (n.name, url_for(".show_area", area_id=n.area_id, round=round_id))
        for n in places.line_above(node)
        if any(p.kind == "all" or (p.kind == "area" and n.path.startswith(p.path)) for p in held)
    ]


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
        "added": row.added,
        "as_of": row.as_of,
        **{part: getattr(row, part) for part, _zh, _en in REASONS},
    }  # fmt: skip
