"""The dispatch board as plain values: ids and times, no names, no words."""

from __future__ import annotations

from typing import Any

from screening.dashboard.dispatch_queries import Board, Box, Expected
from screening.dashboard.dispatch_rules import jam, left_today
from screening.lab.queries.labs import LabRow
from screening.lab.watch import capacity
from screening.transport.redirect_news import list_news, seen_of
from screening.transport.redirects import list_redirects, redirected
from screening.transport.rules import BatchStage


def board_plain(board: Board) -> dict[str, Any]:
    """Everything that the board shows."""
    cells = board.scene.sight.cells
    seen = {k: at for k, (at, _by) in seen_of(cells, board.round_id).items()}
    return {
        "area_id": board.scene.area_id,
        "round_id": board.round_id,
        "at": board.at,
        "limit_hours": board.hours,
        "labs": [_lab(board, x) for x in board.labs],
        "boxes": boxes_plain(board, board.boxes),
        "proposals": [
            {"batch": p.wire, "from_lab": p.from_lab, "to_lab": p.to_lab, "reason": p.reason,
             "now": p.now, "then": p.then}
            for p in board.proposals()
        ],
        "redirects": [
            {"batch": r.wire, "at": r.at, "from_lab": r.from_lab, "to_lab": r.to_lab,
             "reason": r.reason, "by": r.by, "told": r.told, "seen_at": seen.get(r.command_id)}
            for r in list_redirects(cells, board.round_id)
        ],
    }  # fmt: skip


def _lab(board: Board, x: LabRow) -> dict[str, Any]:
    load, (boxes, coming) = board.loads[x.lab_id], board.road[x.lab_id]
    jams = jam(load, board.at, coming=coming, hours=board.hours)
    empty = capacity.forecast(load, board.at, coming=coming, arriving=False)
    return {
        "lab_id": x.lab_id, "name": x.name, "capacity": x.capacity,
        "left": left_today(load, coming=coming), "an_hour": round(load.rate, 1),
        "measured": load.measured, "waiting": load.queue, "oldest": load.oldest,
        "boxes_on_the_road": boxes, "tubes_on_the_road": coming,
        "expected": board.expected.get(x.lab_id, Expected())._asdict(),
        "jam": jams._asdict(), "idle_at": empty.empty_at if load.rate > 0 else None,
    }  # fmt: skip


def boxes_plain(board: Board, boxes: list[Box]) -> list[dict[str, Any]]:
    sent = redirected([b.ref for b in boxes])
    read = {n.wire: n.seen_at for n in list_news({b.row.cell_id for b in boxes})} if sent else {}
    return [_box(board, b, b.ref in sent) | {"seen_at": read.get(b.row.wire_id)} for b in boxes]


def _box(board: Board, b: Box, sent: bool) -> dict[str, Any]:
    row, coming = b.row, board.arrival(b)
    return {
        "batch": row.wire_id, "seal": row.seal, "box": row.box_code or None,
        "stage": BatchStage(row.stage).name.lower(), "site_id": row.site_id, "tubes": b.tubes,
        "since": b.since, "lab_id": b.lab_id, "written": row.lab_id is not None,
        "redirected": sent, "holder_id": row.holder_id, "expected_at": coming.expected,
        "due_at": row.due_at, "late": coming.late or coming.overdue,
    }  # fmt: skip
