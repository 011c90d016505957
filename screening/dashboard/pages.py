"""The home of each role, the round in one view, and what is missing before a round."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint, render_template, request

from screening import clock
from screening.accounts.guard import OWN_ROWS, current_actor, require
from screening.accounts.roles import EVERYBODY, WATCHERS, Actor, Role
from screening.coverage.queries import StageRow, coverage_of
from screening.coverage.rules import CoverageRow
from screening.dashboard import queries
from screening.dashboard.cards import cards_of, door
from screening.dashboard.rules import HELD, LIMITS_OF, minutes_since, stand
from screening.i18n import _, current_lang
from screening.ledger.queries import names_of_places
from screening.ledger.sight import Sight, sight_of
from screening.places import queries as places
from screening.places.queries import Node
from screening.places.rules import Place
from screening.registry import desk_queries as desk
from screening.registry.queries import RoundPolicy
from screening.registry.rules import OPEN_STATES
from screening.tube import words
from screening.tube.rules import Stage

bp = Blueprint("dashboard_pages", __name__)

SEERS = (*WATCHERS, Role.AUDITOR)
PREPARERS = (Role.SITE_SUPERVISOR, Role.DISTRICT_HEAD, Role.DISPATCHER, Role.ADMINISTRATOR)
STRAGGLERS = 50


def chosen(rounds: Sequence[RoundPolicy]) -> RoundPolicy | None:
    """The round asked for, else the newest that runs, else the newest."""
    asked = request.args.get("round", type=int)
    for p in rounds:
        if p.round_id == asked:
            return p
    return next((p for p in rounds if p.state in OPEN_STATES), rounds[0] if rounds else None)


def head(policy: RoundPolicy | None, rounds: Sequence[RoundPolicy]) -> dict[str, Any]:
    return {
        "policy": policy,
        "round_choices": [{"id": p.round_id, "name": p.name} for p in rounds],
        "current_round": {"id": policy.round_id, "name": policy.name} if policy else None,
    }


def started(held: Sequence[Place]) -> list[RoundPolicy]:
    return [p for p in desk.list_rounds(held) if p.started_at is not None]


def own_area(actor: Actor, policy: RoundPolicy | None) -> Node | None:
    """The first area that a watching role is held over; for the whole city that of the round."""
    held = actor.places(SEERS)
    if not held or policy is None:
        return None
    own = min((p for p in held if p.kind == "area"), key=lambda p: len(p.path), default=None)
    around = own or desk.place_of_round(policy.round_id)
    return places.find_area(around.id) or min(
        places.TREE.get().by_id.values(), key=lambda n: (n.level, n.code), default=None
    )


# --- home -------------------------------------------------------------------------------------


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
        row, rows = _picture(policy, node, at)
        steps = steps_of(policy, node, row, rows, at)
    return render_template(
        "home.html", **head(policy, rounds), as_of=at, steps=steps, actions=actions(),
        cards=cards_of(actor, policy, node, at),
    )  # fmt: skip


def actions() -> list[dict[str, str]]:
    """The acts that this person came for, at most three."""
    wanted = (
        ("field_pages.sampling", _("采样")), ("field_pages.packing", _("装箱")),
        ("field_pages.reception", _("收样")), ("reporting_pages.desk", _("审核发布")),
        ("dashboard_pages.round_overview", _("轮次总览")), ("reminders_pages.missed", _("未检名单")),
        ("transport_pages.boxes", _("转运箱")), ("transport_pages.tubes", _("查管")),
    )  # fmt: skip
    found = [{"label": label, "href": door(endpoint)} for endpoint, label in wanted]
    return [a for a in found if a["href"]][:3]


# --- the round --------------------------------------------------------------------------------


def _picture(
    policy: RoundPolicy, node: Node, at: datetime
) -> tuple[CoverageRow, Sequence[StageRow]]:
    row = coverage_of(node.area_id, policy.round_id, at=at)
    return row, queries.stages_of(policy.round_id, sight_in(node))


def sight_in(node: Node) -> Sight:
    """The sites and laboratories of an area."""
    return sight_of([Place("area", node.area_id, node.path)])


@bp.get("/rounds/overview")
@require(*SEERS, at=OWN_ROWS)
def round_overview() -> Any:
    """One round in the own area: the funnel, the clocks, who waits longest, sites and labs."""
    actor, at = current_actor(), clock.now()
    rounds = started(actor.places(SEERS))
    policy = chosen(rounds)
    node = own_area(actor, policy)
    if policy is None or node is None:
        return render_template("dashboard/round.html", **head(None, rounds))
    row, rows = _picture(policy, node, at)
    sites, labs = names_of_places((r.site_id, r.lab_id) for r in rows)
    return render_template(
        "dashboard/round.html",
        **head(policy, rounds),
        node=node,
        row=row,
        as_of=min((r.as_of for r in rows), default=row.as_of),
        steps=steps_of(policy, node, row, rows, at),
        clocks=clock_lines(policy, sight_in(node)),
        stragglers=straggler_lines(policy, rows, sites, labs, at),
        sites=place_lines(policy, rows, sites, "site", at),
        labs=place_lines(policy, rows, labs, "lab", at),
    )


def steps_of(
    policy: RoundPolicy, node: Node, row: CoverageRow, rows: Sequence[StageRow], at: datetime
) -> list[dict[str, Any]]:
    """应检 → 采 → 送 → 检 → 报 in persons; what is stuck between two links, with its oldest tube."""
    area = door("coverage_pages.show_area", area_id=node.area_id, round=policy.round_id)
    missed = door("reminders_pages.missed", round=policy.round_id) or area
    late = door("ledger_pages.overview", round=policy.round_id) or area
    stuck = {
        "due": (_("未检"), row.missed, missed, None),
        "collect": (_("未送达"), row.reached - row.delivered, late, HELD["collect"]),
        "deliver": (_("未检出"), row.delivered - row.tested, late, HELD["deliver"]),
        "test": (_("未发布"), row.tested - row.resulted, late, HELD["test"]),
    }
    links = (
        ("due", _("应检"), row.due, _("本轮范围内的底数减去有代码的豁免")),
        ("collect", _("采"), row.reached, _("有一份有效样本的人数，每人只计一次")),
        ("deliver", _("送"), row.delivered, _("样本已到实验室的人数")),
        ("test", _("检"), row.tested, _("样本已有检测结果的人数")),
        ("report", _("报"), row.resulted, _("结果已发布的人数")),
    )
    out = []
    for key, label, count, why in links:
        step: dict[str, Any] = {
            "key": key, "label": label, "count": count, "href": area, "definition": why,
        }  # fmt: skip
        if key in stuck:
            word, n, href, stages = stuck[key]
            held = stand(rows, stages) if stages else None
            step["stuck"] = {
                "label": word, "count": n, "href": href,
                "tone": "look" if key == "due" or (held and held.late) else "unknown",
                "minutes": minutes_since(held.oldest, at) if held else None,
                "note": _("超时 %(n)s 管", n=held.late) if held and held.late else "",
            }  # fmt: skip
        out.append(step)
    return out


def clock_lines(policy: RoundPolicy, sight: Sight) -> list[dict[str, Any]]:
    """How long tubes took; the limit is what the round allows for the same stretch."""
    found = queries.clocks_of(policy.round_id, sight)
    names = (
        ("collect", _("开管至封管")), ("deliver", _("封管至签收")),
        ("test", _("签收至发布")), ("all", _("开管至发布")),
    )  # fmt: skip
    out = []
    for link, name in names:
        parts = LIMITS_OF.get(link) or [s for group in LIMITS_OF.values() for s in group]
        limit = sum(policy.limits[s] for s in parts)
        c = found.get(link)
        out.append({
            "name": {"text": name, "link": link} if link in LIMITS_OF else name,
            "n": c.n if c else 0,
            "median": c.median if c else None,
            "p95": c.p95 if c else None,
            "worst": c.worst if c else None,
            "limit": limit,
            "tone": "look" if c and c.p95 > limit else "",
        })  # fmt: skip
    return out


def straggler_lines(
    policy: RoundPolicy, rows: Sequence[StageRow], sites: dict, labs: dict, at: datetime
) -> list[dict[str, Any]]:
    """Where tubes stand past their limit, the longest wait first."""
    late = [r for r in rows if r.late and r.stage < Stage.RELEASED]
    late.sort(key=lambda r: (r.oldest or at, -r.late))
    return [
        {
            "stage": words.stage(r.stage, current_lang()),
            "site": sites.get(r.site_id) or "—",
            "lab": labs.get(r.lab_id) or "—",
            "late": {"text": r.late, "sort": r.late, "href": late_door(policy, "site", r.site_id)},
            "tubes": r.tubes,
            "oldest": minutes_since(r.oldest, at),
        }
        for r in late[:STRAGGLERS]
    ]


def late_door(policy: RoundPolicy, kind: str, place_id: int) -> str:
    narrow = {kind: place_id} if place_id else {}
    return door("ledger_pages.list_part", round_id=policy.round_id, part="late", **narrow)


def place_lines(
    policy: RoundPolicy, rows: Sequence[StageRow], names: dict, kind: str, at: datetime
) -> list[dict[str, Any]]:
    """Tubes of each site or laboratory by the link they wait for."""
    groups: dict[int, list[StageRow]] = {}
    for r in rows:
        place = r.site_id if kind == "site" else r.lab_id
        if place:
            groups.setdefault(place, []).append(r)
    out = []
    for place, found in groups.items():
        chain = stand(found, [s for s in Stage if s < Stage.RELEASED])
        late: dict[str, Any] = {"text": chain.late, "sort": chain.late}
        if chain.late:
            late["href"] = late_door(policy, kind, place)
        out.append({
            "name": names.get(place) or str(place),
            **{link: stand(found, stages).tubes for link, stages in HELD.items()},
            "released": stand(found, (Stage.RELEASED,)).tubes,
            "persons": stand(found).persons,
            "late": late,
            "held": chain.held,
            "oldest": minutes_since(chain.oldest, at),
            "tone": "look" if chain.late else "",
        })  # fmt: skip
    return sorted(out, key=lambda r: (-r["late"]["text"], -(r["oldest"] or 0), r["name"]))


# --- before a round ---------------------------------------------------------------------------


@bp.get("/readiness")
@require(*PREPARERS, at=OWN_ROWS)
def readiness() -> Any:
    """Before a round: sites and communities that still lack something."""
    held, at = current_actor().places(PREPARERS), clock.now()
    rounds = desk.list_rounds(held)
    policy = chosen(rounds) if request.args.get("round") else _next(rounds)
    if policy is None:
        return render_template("dashboard/readiness.html", **head(None, rounds))
    rows = queries.list_ready(policy, held, at=at)
    return render_template(
        "dashboard/readiness.html",
        **head(policy, rounds),
        as_of=at,
        hours=queries.HEARD_HOURS.value,
        rows=[ready_line(r) for r in rows if r.lacks],
        sites=len(rows),
        lacking={
            "devices": sum(1 for r in rows if not r.heard),
            "labels": sum(1 for r in rows if not r.labels),
            "lab": sum(1 for r in rows if not r.lab_id),
            "responsible": sum(1 for r in rows if not r.site.responsible_id),
        },
        communities=[
            {"name": n.name, "code": n.code, "above": _above(n)}
            for n in queries.list_without_site(policy, held)
        ],
        sites_href=door("registry_pages.list_sites"),
    )


def _next(rounds: Sequence[RoundPolicy]) -> RoundPolicy | None:
    """The newest round that has not begun, else the newest."""
    coming = [p for p in rounds if p.started_at is None]
    return next(iter(coming or rounds), None)


def ready_line(r: queries.Ready) -> dict[str, Any]:
    return {
        "name": r.site.name,
        "href": door("registry_pages.show_site", site_id=r.site.site_id),
        "area": r.site.area_name,
        "devices": _mark(bool(r.heard), f"{r.heard} / {r.devices}", _("没有设备上线")),
        "labels": _mark(r.labels, _("有"), _("没有空白标签")),
        "lab": _mark(bool(r.lab_id), _("已定"), _("没有实验室")),
        "responsible": _mark(bool(r.site.responsible_id), _("已定"), _("没有负责人")),
        "lacks": r.lacks,
    }


def _mark(has: bool, good: str, lacking: str) -> dict[str, str]:
    return {"tone": "ok", "text": good} if has else {"tone": "look", "text": lacking}


def _above(node: Node) -> str:
    line = places.line_above(node)
    return line[-1].name if line else ""
