"""The dispatch board over HTTP: read it, and say where a box shall go."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from screening import clock
from screening.accounts.guard import area, current_actor, require
from screening.dashboard import schemas as s
from screening.dashboard.dispatch_marks import mark_of
from screening.dashboard.dispatch_plain import board_plain, boxes_plain
from screening.dashboard.dispatch_queries import Board
from screening.dashboard.dispatch_rules import MOVERS, VIEWERS
from screening.dashboard.drawn import private, tag_of
from screening.figures.queries import Scene
from screening.openapi import gives, takes
from screening.transport import redirects

bp = Blueprint("dashboard_api", __name__, url_prefix="/api/v1")


@bp.get("/dispatch/<int:area_id>")
@require(*VIEWERS, at=area())
@takes(s.DispatchAskSchema, "query")
@gives(s.DispatchBoardSchema)
def get_board(args: dict[str, Any], area_id: int) -> Any:
    """Laboratories, boxes that have not arrived, proposals and redirections of an area.

    Comes with an ETag; 304 while nothing has moved since."""
    board = Board(Scene(args["round"], area_id, at=clock.now()))
    tag = tag_of(current_actor(), mark_of(board.scene))
    if request.if_none_match.contains_weak(tag):
        return private(Response(status=304), tag)
    return private(jsonify(s.DispatchBoardSchema().dump(board_plain(board))), tag)


@bp.post("/dispatch/<int:area_id>/boxes/<batch>")
@require(*MOVERS, at=area())
@takes(s.DispatchDestinationSchema)
@gives(s.DispatchBoxSchema)
def send_elsewhere(args: dict[str, Any], area_id: int, batch: str) -> Any:
    """Assign a box to a laboratory, or redirect it; the box as the board shows it then.

    Whoever is signed in decides, `told` has heard of it. An arrived box goes nowhere else."""
    board = Board(Scene(args["round"], area_id, at=clock.now()))
    box = board.get_box(batch)
    known = {x.lab_id for x in board.labs}
    redirects.redirect(
        box.row, args["lab_id"] if args["lab_id"] in known else None, reason=args["reason"],
        before=box.lab_id, told=args["told"], by=current_actor(), at=board.at,
    )  # fmt: skip
    return boxes_plain(board, [board.get_box(batch)])[0]
