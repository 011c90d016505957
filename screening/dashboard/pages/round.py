"""The round in one view: the funnel, the clocks, who waits longest, sites and laboratories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import render_template

from screening import clock
from screening.accounts.doors import door
from screening.accounts.guard import OWN_ROWS, current_actor, require
from screening.coverage.queries import StageRow, coverage_of
from screening.coverage.rules import CoverageRow
from screening.dashboard import queries
from screening.dashboard.pages.frame import SEERS, bp, chosen, head, own_area, sight_in, started
from screening.figures.queries.paces import clocks_of
from screening.figures.standing import HELD, LIMITS_OF, Clock, minutes_since, stand
from screening.i18n import _, current_lang
from screening.ledger.queries import names_of_places
from screening.places.queries import Node
from screening.registry.queries import RoundPolicy
from screening.tube import words
from screening.tube.rules import Stage

STRAGGLERS = 50


def picture(
    policy: RoundPolicy, node: Node, at: datetime
) -> tuple[CoverageRow, Sequence[StageRow]]:
    row = coverage_of(node.area_id, policy.round_id, at=at)
    return row, queries.stages_of(policy.round_id, sight_in(node))


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
    row, rows = picture(policy, node, at)
    sites, labs = names_of_places((r.site_id, r.lab_id) for r in rows)
    return render_template(
        "dashboard/round.html",
        **head(policy, rounds),
        node=node,
        row=row,
        as_of=min((r.as_of for r in rows), default=row.as_of),
        steps=steps_of(policy, node, row, rows, at),
        clocks=clock_lines(policy, clocks_of(policy.round_id, sight_in(node))),
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
        "collect": (_("未送达"), row.reached - row.delivered,
                    tubes(policy, node, "undelivered") or late, HELD["collect"]),
        "deliver": (_("未检出"), row.delivered - row.tested,
                    tubes(policy, node, "untested") or late, HELD["deliver"]),
        "test": (_("未发布"), row.tested - row.resulted,
                 tubes(policy, node, "unreleased") or late, HELD["test"]),
    }  # fmt: skip
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


def tubes(policy: RoundPolicy, node: Node, where: str) -> str:
    """The tubes that stand between two links, as far as this person may open them."""
    return door("dashboard_pages.command_tubes", area_id=node.area_id, what=f"tubes_{where}",
                round=policy.round_id)  # fmt: skip


def clock_lines(policy: RoundPolicy, found: Mapping[str, Clock]) -> list[dict[str, Any]]:
    """How long tubes took; the limit is what the round allows for the same stretch."""
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
