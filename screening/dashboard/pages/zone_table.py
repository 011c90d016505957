"""Zones over consecutive rounds: clean rounds so far, and what release still lacks."""

from __future__ import annotations

from typing import Any

from flask import render_template, url_for

from screening import clock
from screening.accounts.doors import door
from screening.accounts.guard import area, current_actor, require
from screening.dashboard.pages.command import trail
from screening.dashboard.pages.frame import SEERS, bp, chosen, head, started
from screening.dashboard.told import lang
from screening.dashboard.zone_queries import (
    Positives,
    ZoneIn,
    list_parts,
    list_zones,
    rounds_since,
    zone_rounds,
)
from screening.dashboard.zone_rules import (
    CLEAN_ROUNDS,
    COVERED,
    Standing,
    ZoneRound,
    faults_of,
    standing,
)
from screening.errors import NotFound
from screening.i18n import _
from screening.places import queries as places
from screening.places.queries import Node
from screening.places.rules import COMMUNITY
from screening.registry.queries import RoundPolicy
from screening.registry.rules import ZONE_KINDS

BY_BUILDING = 3  # rounds that stand beside each other by building


class NoSuchZone(NotFound):
    code = "no_zone_here"
    zh = "本辖区现在没有这个分区。"
    en = "There is no such zone in this area now."


def _node(area_id: int) -> Node:
    node = places.find_area(area_id)
    if node is None:
        raise places.NoSuchPlace()
    return node


def _frame(node: Node) -> tuple[dict[str, Any], list[RoundPolicy]]:
    actor = current_actor()
    rounds = started(actor.places(SEERS))
    policy = chosen(rounds)
    above = []
    if policy is not None:
        own = url_for(".command_area", area_id=node.area_id, round=policy.round_id)
        above = [*trail(actor, node, policy), (node.name, own)]
    needed = {"needed": CLEAN_ROUNDS.value, "covered": COVERED.value / 10}
    return {
        **head(policy, rounds),
        "node": node,
        "as_of": clock.now(),
        "trail": above,
        **needed,
    }, rounds


@bp.get("/command/<int:area_id>/zones")
@require(*SEERS, at=area())
def zones(area_id: int) -> Any:
    """Zones that hold in an area, each over its rounds, with what its release still lacks."""
    node, at = _node(area_id), clock.now()
    frame, rounds = _frame(node)
    seen = Positives()
    rows = [
        _zone(node, z, zone_rounds(z, rounds_since(z, rounds), seen, at=at))
        for z in list_zones(node, at)
    ]
    return render_template(
        "dashboard/zones.html", **frame, rows=rows,
        ready=sum(1 for r in rows if not r["lacking"]),
    )  # fmt: skip


def _zone(node: Node, z: ZoneIn, found: list[ZoneRound]) -> dict[str, Any]:
    s, newest = standing(found), found[0] if found else None
    return {
        "name": {"text": z.name, "sub": "、".join(n.name for n in z.nodes[:4]),
                 "href": url_for(".zone", area_id=node.area_id, zone_id=z.zone_id)},
        "kind": (ZONE_KINDS[z.kind].zh, ZONE_KINDS[z.kind].en)[lang()] if z.kind in ZONE_KINDS else z.kind,
        "since": z.starts_at,
        "clean": {"text": f"{s.clean} / {s.needed}", "sort": s.clean,
                  "tone": "ok" if s.clean >= s.needed else "look"},
        "row": " ".join(_mark(r) for r in reversed(found)) or "—",
        "newest": newest.name if newest else "—",
        "rate": (newest.reached, newest.due) if newest else (0, 0),
        "positives": newest.positives if newest else None,
        "lacks": " · ".join(lacks(s, newest)) or _("可以研判解封"),
        "lacking": bool(s.lacks),
        "tone": "stop" if newest and newest.positives else "",
    }  # fmt: skip


def _mark(r: ZoneRound) -> str:
    """A round in one sign: clean, not clean, still running."""
    faults = faults_of(r)
    return "✓" if not faults else "✗" if r.signed or r.positives else "…"


def lacks(s: Standing, newest: ZoneRound | None) -> list[str]:
    """What release still lacks, in words with numbers."""
    r = newest or ZoneRound(0, "", False)
    words = {
        "positive": _("阳性管里的 %(n)s 人没有排除", n=f"{r.positives:,}"),
        "callback": _("%(n)s 人复采没有结果", n=f"{r.open:,}"),
        "coverage": _("还差 %(n)s 人未采", n=f"{max(0, r.due - r.reached):,}") if r.due else _("本轮还没有应检的人"),
        "result": _("%(n)s 人没出结果", n=f"{r.reached - r.resulted:,}"),
        "unsigned": _("本轮没有签核"),
        "rounds": _("还差 %(n)s 轮", n=s.needed - s.clean),
    }  # fmt: skip
    return [words[k] for k in s.lacks]


@bp.get("/command/<int:area_id>/zones/<int:zone_id>")
@require(*SEERS, at=area())
def zone(area_id: int, zone_id: int) -> Any:
    """One zone: its rounds, what release lacks, and each building; made to be printed."""
    node, at = _node(area_id), clock.now()
    frame, rounds = _frame(node)
    z = next(iter(list_zones(node, at, zone_id=zone_id)), None)
    if z is None:
        raise NoSuchZone()
    since = rounds_since(z, rounds)
    seen = Positives()
    found = zone_rounds(z, since, seen, at=at)
    s = standing(found)
    beside = since[:BY_BUILDING]
    return render_template(
        "dashboard/zone.html", **frame, zone=z, standing=s,
        kind=(ZONE_KINDS[z.kind].zh, ZONE_KINDS[z.kind].en)[lang()] if z.kind in ZONE_KINDS else z.kind,
        lacks=lacks(s, found[0] if found else None),
        rounds=[_round(node, r) for r in found],
        beside=[{"id": p.round_id, "name": p.name} for p in beside],
        by_building=all(n.level >= COMMUNITY for n in z.nodes),
        parts=_parts(z, beside, seen, at),
        back=url_for(".zones", area_id=area_id),
    )  # fmt: skip


def _round(node: Node, r: ZoneRound) -> dict[str, Any]:
    faults = faults_of(r)
    one = Standing(0, 0, faults)
    return {
        "name": {"text": r.name, "href": door("dashboard_pages.command_area", area_id=node.area_id,
                                              round=r.round_id)},
        "state": {"tone": "ok", "text": _("清零轮")} if not faults
        else {"tone": "stop" if r.positives else "look", "text": _("不算清零轮")},
        "rate": (r.reached, r.due),
        "resulted": (r.resulted, r.reached),
        "positives": r.positives,
        "open": r.open,
        "why": " · ".join(lacks(one, r)) or "—",
    }  # fmt: skip


def _parts(z: ZoneIn, beside: list[RoundPolicy], seen: Positives, at: Any) -> list[dict[str, Any]]:
    out = []
    for part in list_parts(z, beside, seen, at=at):
        line: dict[str, Any] = {"name": part.node.name if part.node and part.node.level >= COMMUNITY
                                else _("未登记楼栋")}  # fmt: skip
        for p in beside:
            row = part.rows.get(p.round_id)
            line[f"rate{p.round_id}"] = (row.reached, row.due) if row and row.due else None
            line[f"positive{p.round_id}"] = part.positives[p.round_id]
        newest = part.rows.get(beside[0].round_id) if beside else None
        line["missed"] = newest.missed if newest else 0
        worst = beside and part.positives[beside[0].round_id]
        line["tone"] = "stop" if worst else "look" if line["missed"] else ""
        out.append(line)
    return out
