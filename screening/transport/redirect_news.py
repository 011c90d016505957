"""What the road hears of redirected boxes: which stand to go elsewhere, and who has seen it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from screening.accounts.rules import Limit
from screening.db import fetch
from screening.transport.redirects import MOVING
from screening.transport.rules import batch_ref
from screening.tube.rules import Verb
from screening.tube.service import record_command

MOST = Limit(200, "house; boxes of a county that are on the road to another laboratory than meant")
SEEN = "redirect_seen"


class News(NamedTuple):
    """A box whose last destination was told at a desk. `redirect` is the command's id; `seen_at`:
    when a person on the road said that they have read it."""

    wire: str
    seal: str | None
    box_code: str
    redirect: int
    at: datetime
    from_lab: int | None
    to_lab: int
    reason: str
    seen_at: datetime | None


def list_news(cells: Collection[int]) -> list[News]:
    """Boxes of these cells that have not arrived and whose last word on where to go is a
    redirection, the latest first. A hand-over that came later stands before it."""
    rows = fetch(
        "SELECT b.wire_id, b.seal, b.box_code, f.fact_id, f.at, (f.data ->> 'from_lab')::int8, "
        "f.lab_id, f.data ->> 'reason', (SELECT min(c.at) FROM command c WHERE c.cell_id = b.cell_id "
        "AND c.cell_id = ANY(%(cells)s) AND c.round_id = b.round_id AND c.kind = %(seen)s "
        "AND c.body ->> 'redirect' = f.fact_id::text) "
        "FROM batch b CROSS JOIN LATERAL (SELECT x.fact_id, x.verb, x.at, x.data, x.lab_id "
        "FROM batch_fact x WHERE x.cell_id = b.cell_id AND x.cell_id = ANY(%(cells)s) "
        "AND x.batch_id = b.batch_id AND x.verb = ANY(%(told)s) AND x.lab_id IS NOT NULL "
        "ORDER BY x.at DESC LIMIT 1) f "
        "WHERE b.cell_id = ANY(%(cells)s) AND b.stage = ANY(%(moving)s) AND f.verb = %(redirect)s "
        "ORDER BY f.at DESC LIMIT %(most)s /* fan-out: a county's boxes that have not arrived */",
        {
            "cells": sorted(cells), "seen": SEEN, "most": MOST.value,
            "told": [int(Verb.HAND_OVER), int(Verb.REDIRECT)], "redirect": int(Verb.REDIRECT),
            "moving": [int(s) for s in MOVING],
        },
    )  # fmt: skip
    return [News._make(r) for r in rows]


class Seen(NamedTuple):
    """A person on the road, by the staff number's id, has read that a box goes elsewhere."""

    wire: str
    redirect: int
    by: int | None
    at: datetime


def note_seen(told: Iterable[Seen], *, device_id: int, recorded_at: datetime) -> int:
    """Keep that redirections were read, each once; how many were new. What names no redirection
    of its box is left out: a phone may hold an old slice."""
    new = 0
    for one in told:
        try:
            cell, _batch = batch_ref(one.wire)
        except ValueError:
            continue
        rows = fetch(
            "SELECT r.round_id, r.at, EXISTS (SELECT FROM command s WHERE s.cell_id = %(cell)s "
            "AND s.round_id = r.round_id AND s.kind = %(seen)s "
            "AND s.body ->> 'redirect' = %(redirect)s) FROM command r WHERE r.cell_id = %(cell)s "
            "AND r.command_id = %(id)s AND r.kind = 'redirect' AND r.body ->> 'batch' = %(wire)s",
            {"cell": cell, "seen": SEEN, "redirect": str(one.redirect), "id": one.redirect,
             "wire": one.wire},
        )  # fmt: skip
        if not rows or rows[0][2]:
            continue
        round_id, said, _ = rows[0]
        body: dict[str, Any] = {
            "batch": one.wire, "redirect": str(one.redirect), "device": device_id,
            "round": round_id,
        }  # fmt: skip
        at = min(max(one.at, said), recorded_at)  # a phone's clock may be days off
        record_command(
            SEEN, body, cell=cell, round_id=round_id, by=one.by, at=at, recorded_at=recorded_at
        )
        new += 1
    return new


def seen_of(cells: Collection[int], round_id: int) -> dict[int, tuple[datetime, int | None]]:
    """{redirection: (when it was first read on the road, by whom)} of a round."""
    rows = fetch(
        "SELECT body ->> 'redirect', at, staff_id FROM command WHERE cell_id = ANY(%s) "
        "AND round_id = %s AND kind = %s ORDER BY at DESC /* fan-out: the few redirected boxes of an area */",
        (sorted(cells), round_id, SEEN),
    )
    return {int(redirect): (at, by) for redirect, at, by in rows}
