"""Whom to visit, by building and household; made to be printed."""

from __future__ import annotations

from typing import Any

from flask import (
    render_template,
    request,
)

from screening.accounts.guard import OWN_ROWS, area, current_actor, require
from screening.coverage.missed_rules import WHYS
from screening.i18n import _
from screening.places import queries as places
from screening.places.queries import Node
from screening.places.rules import COMMUNITY
from screening.registry.queries import RoundPolicy
from screening.reminders import queries, rules
from screening.reminders.api import CALLERS, visits
from screening.reminders.pages.frame import (
    TONES,
    begin,
    bp,
    choices,
    own_areas,
    said,
    the_round,
)


@bp.get("/visits", endpoint="visits")
@require(*CALLERS, at=OWN_ROWS)
def visit_areas() -> Any:
    """Where to begin: the own areas; straight in when there is one."""
    return begin(".visit_list", own_areas(current_actor(), CALLERS))


def below(node: Node, policy: RoundPolicy) -> list[Node]:
    """The areas directly below that the round touches: a city is chosen down, not listed whole."""
    touched = [
        n for n in places.TREE.get().by_id.values()
        if n.parent_id == node.area_id
        and any(n.path.startswith(p) or p.startswith(n.path) for p in policy.area_paths)
    ]  # fmt: skip
    return sorted(touched, key=lambda n: n.code)


@bp.get("/visits/<int:area_id>")
@require(*CALLERS, at=area("area_id"))
def visit_list(area_id: int) -> Any:
    """Whom to visit, by building and household; made to be printed."""
    node, policy = queries.get_node(area_id), the_round()
    if policy is None or node.level < COMMUNITY:
        return begin(".visit_list", below(node, policy) if policy else [])
    rows = visits(node, policy.round_id, current_actor())
    for row in rows:
        state = rules.State(row["state"])
        sub = [said(WHYS[row["why"]])] if row["why"] else []
        sub += [_("行动不便")] if row["cannot_walk"] else []
        row["state"] = {"tone": TONES.get(state, "unknown"), "text": said(rules.STATES[state]),
                        "sub": "，".join(sub)}  # fmt: skip
        row["door"] = "-".join(part for part in (row["unit"], row["room"]) if part)
    return render_template(
        "reminders/visits.html", node=node, policy=policy, rows=rows, choices=choices(),
        back=request.full_path,
    )  # fmt: skip
