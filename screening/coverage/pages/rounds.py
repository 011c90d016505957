"""Rounds compared: an area and what lies below it, one column a round."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import render_template, url_for

from screening.accounts.guard import area, current_actor, require
from screening.coverage import queries
from screening.coverage.api import SEERS
from screening.coverage.missed_rules import Limit
from screening.coverage.pages.frame import bp, chosen, rounds_of, trail
from screening.coverage.rules import CoverageRow
from screening.places import queries as places
from screening.registry.queries import RoundPolicy
from screening.registry.rules import HOUSE

MOST = Limit(8, HOUSE)  # columns that a screen of 1366 pixels holds


@bp.get("/coverage/<int:area_id>/rounds")
@require(*SEERS, at=area())
def compare_rounds(area_id: int) -> Any:
    """The last rounds side by side: rate and missed, of the area and of each area below it."""
    node, held = queries.get_node(area_id), current_actor().places(SEERS)
    known = rounds_of(held)
    drill = chosen(known).drill if known else False
    alike = sorted((p for p in known if p.drill == drill), key=started)
    shown = alike[-MOST.value :]
    own, below = queries.compare(node, [p.round_id for p in shown])
    shown = [p for p in shown if p.round_id in own]
    by_id = places.TREE.get().by_id
    rows = [
        {"name": by_id[i].name, "href": url_for(".compare_rounds", area_id=i),
         **cells(i, shown, found)}
        for i, found in below.items()
    ]  # fmt: skip
    last = str(shown[-1].round_id) if shown else ""
    rows.sort(key=lambda r: (-r.get(f"behind-{last}", 0), r["name"]))
    whole = {"name": node.name, "href": "", **cells(area_id, shown, own)}
    return render_template(
        "coverage/rounds.html", node=node, rows=[*rows, whole] if own else [],
        columns=[(str(p.round_id), p.name) for p in shown],
        trail=trail(node, shown[-1].round_id, held) if shown else [],
        back=url_for(".show_area", area_id=area_id),
    )  # fmt: skip


def started(p: RoundPolicy) -> tuple[datetime, int]:
    assert p.started_at is not None  # rounds_of gives no others
    return (p.started_at, p.round_id)


def cells(area_id: int, shown: Any, found: dict[int, CoverageRow]) -> dict[str, Any]:
    """One line of the table: the rate and the missed of each round."""
    out: dict[str, Any] = {}
    for p in shown:
        row = found.get(p.round_id)
        if row is not None and row.register:
            out[f"rate-{p.round_id}"] = (row.reached, row.due)
            out[f"behind-{p.round_id}"] = row.behind
            href = url_for(".show_area", area_id=area_id, round=p.round_id)
            out[f"missed-{p.round_id}"] = {"text": row.missed, "sort": row.missed, "href": href}
    return out
