"""Resident codes on paper: choose a community, a building, the people; print their cards."""

from __future__ import annotations

from typing import Any

from flask import make_response, render_template, request, url_for

from screening import clock
from screening.accounts.audit import note_read_person
from screening.accounts.guard import OWN_ROWS, area, current_actor, require
from screening.accounts.roles import Role
from screening.db import by_cell
from screening.errors import NotFound, Problem
from screening.field.cards import cards
from screening.field.pages.frame import bp, refused
from screening.places import queries as places
from screening.places.queries import Node
from screening.places.rules import COMMUNITY
from screening.registry import homes

CARDS = (Role.COMMUNITY_WORKER, Role.ADMINISTRATOR)
MOST = 500  # cards of one print: fifty sheets


@bp.get("/print/residents")
@require(*CARDS, at=OWN_ROWS)
def card_places() -> Any:
    """The communities whose people one hands codes to."""
    held = current_actor().places(CARDS)
    everywhere = any(p.kind == "all" for p in held)
    paths = tuple(p.path for p in held)
    rows = [
        {"href": url_for(".card_desk", community_id=n.area_id), "name": n.name,
         "above": " / ".join(a.name for a in places.line_above(n) if a.level > 1)}
        for n in sorted(places.TREE.get().by_id.values(), key=lambda n: n.code)
        if n.level == COMMUNITY and (everywhere or n.path.startswith(paths))
    ]  # fmt: skip
    return render_template("field/card_places.html", rows=rows)


@bp.get("/print/residents/<int:community_id>")
@require(*CARDS, at=area("community_id"))
def card_desk(community_id: int) -> Any:
    """The buildings of a community, and the people of the chosen one. Reads are audited."""
    return render_template("field/cards.html", **desk_of(community(community_id)))


def community(community_id: int) -> Node:
    node = places.find_area(community_id)
    if node is None or node.level != COMMUNITY:
        raise NotFound()
    return node


def desk_of(node: Node) -> dict[str, Any]:
    buildings = homes.list_buildings(node)
    known = {b.building_id for b in buildings}
    chosen = request.values.get("building", type=int)
    if chosen is None and len(buildings) == 1:
        chosen = buildings[0].building_id
    people = homes.list_residents(node, chosen, limit=MOST) if chosen in known else []
    for cell, group in by_cell(sorted((p.cell_id, p.person_id) for p in people)):
        note_read_person(cell, [person for _, person in group], why="card_list")
    return {"node": node, "buildings": buildings, "chosen": chosen, "people": people, "most": MOST}


@bp.post("/print/residents/<int:community_id>")
@require(*CARDS, at=area("community_id"))
def print_cards(community_id: int) -> Any:
    """The cards of the ticked people; with look-up codes where asked for."""
    node = community(community_id)
    ticked = [int(p) for p in request.form.getlist("person")[:MOST] if p.isdigit()]
    try:
        data = cards(community_id, ticked, current_actor(),
                     with_codes=request.form.get("codes") == "1", at=clock.now())  # fmt: skip
    except Problem as problem:
        return refused(problem, "field/cards.html", **desk_of(node))
    response = make_response(data)
    response.mimetype = "application/pdf"
    response.headers["Content-Disposition"] = 'inline; filename="cards.pdf"'
    return response
