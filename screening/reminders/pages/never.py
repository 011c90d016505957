"""The easily missed: in the register, or in one list of it, and never sampled in any round."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for

from screening import clock
from screening.accounts.guard import area, require
from screening.coverage.missed_queries import Never, list_never
from screening.i18n import _
from screening.places import queries as places
from screening.places.rules import COMMUNITY
from screening.registry.queries import RoundPolicy
from screening.registry.rules import COHORTS, Flag
from screening.reminders import queries
from screening.reminders.api import READERS
from screening.reminders.api.missed import note_pairs, shown
from screening.reminders.pages import frame
from screening.reminders.pages.frame import bp, opens, said, the_round
from screening.reminders.pages.missed import trail


@bp.get("/missed/<int:area_id>/never", endpoint="never_sampled")
@require(*READERS, at=area("area_id"))
def never_sampled(area_id: int) -> Any:
    """Of a community by name, by building and household; above it the communities to look into."""
    node, policy = queries.get_node(area_id), the_round()
    if policy is None:
        return render_template("reminders/areas.html", rows=[])
    cohort = request.args.get("cohort", "")
    shared = {
        "node": node, "policy": policy, "cohort": cohort, "trail": trail(node, policy.round_id),
        "cohorts": [("", _("全部")), *((c, said(w)) for c, w in COHORTS.items())],
    }  # fmt: skip
    if node.level < COMMUNITY:
        return render_template("reminders/never_areas.html", rows=below(node, policy), **shared)
    return render_template("reminders/never.html", **shared, **people(node, policy, cohort))


def below(node: places.Node, policy: RoundPolicy) -> list[dict[str, Any]]:
    """The areas directly below; the list itself is a community's."""
    nodes = [n for n in places.TREE.get().by_id.values() if n.parent_id == node.area_id]
    return [
        {"name": n.name, "code": n.code,
         "href": url_for(".never_sampled", area_id=n.area_id, round=policy.round_id)}
        for n in sorted(nodes, key=lambda n: n.code)
    ]  # fmt: skip


def people(node: places.Node, policy: RoundPolicy, cohort: str) -> dict[str, Any]:
    """One page; only who is shown is opened, and each is audited."""
    (community,) = queries.communities_of(node)
    wanted = cohort if cohort in COHORTS else ""
    every = list_never(community, cohort=wanted, drill=policy.drill, at=clock.now())
    found = [p for p in every if queries.inside(p, node)]
    after = request.args.get("after", "")
    rest = [p for p in found if position(p) > after][: frame.PAGE + 1]
    page = rest[: frame.PAGE]
    details = queries.open_pairs((p.cell_id, p.person_id) for p in page)
    seen = [(p.cell_id, p.person_id) for p in page]
    note_pairs(seen, why="never_sampled")
    full = opens(queries.innermost(node, community), seen)
    here: dict[str, Any] = {"area_id": node.area_id, "round": policy.round_id, "cohort": wanted}
    return {
        "rows": [line(p, details[p.cell_id, p.person_id], full) for p in page],
        "total": len(found),
        "next": url_for(".never_sampled", after=position(page[-1]), **here)
        if len(rest) > frame.PAGE else "",
        "first": url_for(".never_sampled", **here) if after else "",
    }  # fmt: skip


def position(p: Never) -> str:
    return ".".join(f"{n:020d}" for n in p.door())


def line(p: Never, details: Any, full: bool) -> dict[str, Any]:
    told = [_("行动不便")] if p.flags & Flag.CANNOT_WALK else []
    told += [_("已豁免")] if p.exempt else []
    row = shown(p.building_id, details, full)
    return {
        **row,
        "door": "-".join(part for part in (row["unit"], row["room"]) if part),
        "tel": row["phone"] if full else "",
        "rounds": p.rounds,
        "cohorts": "，".join(said(COHORTS[c]) for c in sorted(p.cohorts) if c in COHORTS),
        "told": "，".join(told),
    }
