"""What every page here begins with: the round asked for, the own area, its sites."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, request

from screening.accounts.roles import WATCHERS, Actor, Role
from screening.ledger.sight import Sight, sight_of
from screening.places import queries as places
from screening.places.queries import Node
from screening.places.rules import Place
from screening.registry import desk_queries as desk
from screening.registry.queries import RoundPolicy
from screening.registry.rules import OPEN_STATES

bp = Blueprint("dashboard_pages", __name__)

SEERS = (*WATCHERS, Role.AUDITOR)


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


def sight_in(node: Node) -> Sight:
    """The sites and laboratories of an area."""
    return sight_of([Place("area", node.area_id, node.path)])
