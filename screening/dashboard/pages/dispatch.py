"""The dispatch board: which laboratory can take how much, which box waits, and where it shall go."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, g, redirect, render_template, request, url_for

from screening import clock
from screening.accounts.guard import OWN_ROWS, area, current_actor, require
from screening.dashboard.dispatch_lines import Lines
from screening.dashboard.dispatch_marks import mark_of
from screening.dashboard.dispatch_queries import Board
from screening.dashboard.dispatch_rules import MOVERS, VIEWERS, waits
from screening.dashboard.drawn import DRAWN, answer, private, tag_of
from screening.dashboard.pages.command import trail
from screening.dashboard.pages.frame import bp, chosen, head, own_area, started
from screening.dashboard.told import lang
from screening.db import db
from screening.errors import Faults, Problem
from screening.figures.queries import Scene
from screening.figures.standing import minutes_since
from screening.i18n import _, age, current_lang
from screening.registry.queries import NoSuchRound
from screening.transport import redirects, words
from screening.transport.rules import BatchStage

EVERY = 30  # seconds between two questions of a board


@bp.get("/dispatch")
@require(*VIEWERS, at=OWN_ROWS)
def dispatch_own() -> Any:
    """The own area's board."""
    actor = current_actor()
    rounds = started(actor.places(VIEWERS))
    policy = chosen(rounds)
    node = own_area(actor, policy)
    if policy is None or node is None:
        return render_template("dashboard/dispatch.html", **head(None, rounds), node=None)
    return redirect(url_for(".dispatch", area_id=node.area_id, round=policy.round_id))


def _board(area_id: int) -> tuple[Board, list]:
    rounds = started(current_actor().places(VIEWERS))
    policy = chosen(rounds)
    if policy is None:
        raise NoSuchRound()
    return Board(Scene(policy.round_id, area_id, at=clock.now())), rounds


def _frame(board: Board, rounds: list) -> dict[str, Any]:
    scene = board.scene
    own = url_for(".command_area", area_id=scene.area_id, round=scene.round_id)
    return {
        **head(scene.policy, rounds), "node": scene.node, "as_of": scene.at,
        "trail": [*trail(current_actor(), scene.node, scene.policy), (scene.node.name, own)],
    }  # fmt: skip


@bp.get("/dispatch/<int:area_id>")
@require(*VIEWERS, at=area())
def dispatch(area_id: int) -> Any:
    """Laboratories, boxes that have not arrived, proposals, what was sent elsewhere."""
    board, rounds = _board(area_id)
    return render_template("dashboard/dispatch.html", **_frame(board, rounds), **shown(board))


@bp.get("/dispatch/<int:area_id>/now")
@require(*VIEWERS, at=area())
def dispatch_now(area_id: int) -> Any:
    """The part of the board that moves, with an ETag: 304 while nothing has."""
    board, _rounds = _board(area_id)
    tag = tag_of(current_actor(), mark_of(board.scene))
    if request.if_none_match.contains_weak(tag):
        return private(Response(status=304), tag)
    drawn = DRAWN.draw(tag, lambda: render_template(
        "dashboard/dispatch_now.html", as_of=board.at, **shown(board)
    ))  # fmt: skip
    return answer(drawn, tag)


def shown(board: Board) -> dict[str, Any]:
    lines = Lines(board)
    nowhere = board.expected.get(None)
    return {
        "labs": lines.lab_lines(),
        "boxes": lines.box_lines(),
        "proposals": lines.proposals(),
        "history": lines.history_lines(),
        "nowhere": nowhere.tubes if nowhere else 0,
        "limit": age(lines.hours * 60),
        "every": EVERY,
        "now_href": url_for(".dispatch_now", area_id=board.scene.area_id, round=board.round_id),
    }


# --- one box ---------------------------------------------------------------------------------------


@bp.get("/dispatch/<int:area_id>/boxes/<batch>")
@require(*MOVERS, at=area())
def destination(area_id: int, batch: str) -> Any:
    """Where a box goes, how long it would wait at each laboratory, and the form to change it."""
    board, rounds = _board(area_id)
    return render_template(
        "dashboard/destination.html", **_frame(board, rounds), **_choice(board, batch)
    )


@bp.post("/dispatch/<int:area_id>/boxes/<batch>")
@require(*MOVERS, at=area())
def send_elsewhere(area_id: int, batch: str) -> Any:
    """Send a box to another laboratory: the signed-in person decides, another one was told."""
    board, rounds = _board(area_id)
    box = board.get_box(batch)
    names = {x.lab_id: x.name for x in board.labs}
    asked = request.form.get("lab_id", 0, type=int)
    try:
        redirects.redirect(
            box.row, asked if asked in names else None, reason=request.form.get("reason", ""), before=box.lab_id,
            told=request.form.get("told", "")[:32], by=current_actor(), at=board.at,
        )  # fmt: skip
    except Problem as problem:
        g.failed = True
        db.session.rollback()
        faults = problem.faults if isinstance(problem, Faults) else []
        page = render_template(
            "dashboard/destination.html", faults=faults, sentence=problem.sentence(current_lang()),
            **_frame(board, rounds), **_choice(board, batch),
        )  # fmt: skip
        return page, problem.status
    flash(_("已改送 %(lab)s。", lab=names[asked]), "ok")
    return redirect(url_for(".dispatch", area_id=area_id, round=board.round_id), 303)


def _choice(board: Board, wire: str) -> dict[str, Any]:
    box = board.get_box(wire)
    lines = Lines(board, box)
    road = {i: board.road[i][1] for i in board.loads}
    if box.row.stage == BatchStage.HANDED_OVER and box.lab_id in road:
        road[box.lab_id] = max(0, road[box.lab_id] - box.tubes)
    hours = waits(board.loads, road, box.tubes)
    proposed = next((p for p in lines.proposals() if p["wire"] == wire), None)
    asked = request.args.get("lab", type=int)
    return {
        "box": lines.box_line(box),
        "seal": box.row.seal or box.row.box_code,
        "proposed": proposed,
        "since": minutes_since(box.since, board.at),
        "labs": [
            {
                "name": x.name, "wait": None if x.lab_id not in hours else hours[x.lab_id] * 60,
                "queue": board.loads[x.lab_id].queue, "road": road[x.lab_id],
                "now": {"tone": "ok", "text": _("现在的去向")} if x.lab_id == box.lab_id else "",
                "tone": "look" if hours.get(x.lab_id, 0) > lines.hours else "",
            }
            for x in board.labs
        ],
        "choices": [(x.lab_id, x.name) for x in board.labs if x.lab_id != box.lab_id],
        "chosen": request.form.get("lab_id", asked or (proposed or {}).get("to_id", ""), type=int),
        "reasons": [(k, v[lang()]) for k, v in words.REDIRECTIONS.items()],
        "reason": request.form.get("reason") or ((proposed or {}).get("reason") if proposed else ""),
        "told": request.form.get("told") or lines.number_of(box),
        "back": url_for(".dispatch", area_id=board.scene.area_id, round=board.round_id),
        "here": url_for(".destination", area_id=board.scene.area_id, batch=wire,
                        round=board.round_id),
    }  # fmt: skip
