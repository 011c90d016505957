"""What the pages of coverage share: the rounds one may look at, doors to other desks, trails."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, request, url_for

from screening.i18n import current_lang
from screening.places import queries as places
from screening.places.queries import Node
from screening.places.rules import Place
from screening.registry import desk_queries as desk
from screening.registry.queries import RoundPolicy
from screening.registry.rules import EXEMPTIONS

bp = Blueprint("coverage_pages", __name__)


def rounds_of(held: Sequence[Place]) -> list[RoundPolicy]:
    """The rounds of these places that have started, newest first."""
    return [p for p in desk.list_rounds(held) if p.started_at is not None]


def chosen(rounds: Sequence[RoundPolicy]) -> RoundPolicy:
    """The round asked for, else the newest one that is open, else the newest."""
    asked = request.args.get("round", type=int)
    for p in rounds:
        if p.round_id == asked:
            return p
    return next((p for p in rounds if p.state == "sampling"), rounds[0])


def trail(node: Node, round_id: int, held: Sequence[Place]) -> list[tuple[str, str]]:
    """The areas above, as far up as the reader's own scope."""
    return [
        (n.name, url_for("coverage_pages.show_area", area_id=n.area_id, round=round_id))
        for n in places.line_above(node)
        if any(p.kind == "all" or (p.kind == "area" and n.path.startswith(p.path)) for p in held)
    ]


def exemption_word(code: str) -> str:
    word = EXEMPTIONS.get(code)
    return code if word is None else (word.en if current_lang() == "en" else word.zh)
