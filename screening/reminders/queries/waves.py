"""Reading waves and what became of their messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from screening.db import fetch
from screening.errors import NotFound
from screening.places import queries as places
from screening.places.rules import Place
from screening.registry.queries import stores_of
from screening.reminders.queries import missed
from screening.reminders.queries.missed import get_node
from screening.reminders.rules import SAMPLED_WITHIN


class NoSuchWave(NotFound):
    code = "no_such_wave"
    zh = "没有这批提醒。"
    en = "There is no such wave of reminders."


class WaveRow(NamedTuple):
    wave_id: int
    round_id: int
    area_id: int
    template: str
    text: str
    fields: dict[str, str] | None
    state: str
    include_silent: bool
    silent_by: int | None
    made_by: int
    made_at: datetime
    counts: dict[str, Any] | None


_WAVE = ", ".join(f"w.{f}" for f in WaveRow._fields)


def get_wave(wave_id: int, *, lock: bool = False) -> WaveRow:
    """Raises NoSuchWave."""
    tail = " FOR UPDATE" if lock else ""
    rows = fetch(f"SELECT {_WAVE} FROM wave w WHERE wave_id = %s{tail}", (wave_id,))
    if not rows:
        raise NoSuchWave()
    return WaveRow(*rows[0])


def list_waves(
    held: Sequence[Place],
    *,
    round_id: int | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[WaveRow]:
    """Waves of areas within the places, the newest first; paged by id."""
    cond, params = places.in_scope(held)
    rows = fetch(
        f"SELECT {_WAVE} FROM wave w JOIN area a USING (area_id) WHERE {cond} "
        "AND (%s::bigint IS NULL OR w.round_id = %s) AND (%s::bigint IS NULL OR w.wave_id < %s) "
        "ORDER BY w.wave_id DESC LIMIT %s",
        (*params, round_id, round_id, before, before, limit),
    )
    return [WaveRow(*r) for r in rows]


def place_of_wave(wave_id: int) -> Place:
    return places.place_of_area(get_wave(wave_id).area_id)


def cells_of(area_id: int) -> list[int]:
    node = get_node(area_id)
    return [node.cell_id] if node.cell_id else places.cells_under(node.path)


def count_messages(wave: WaveRow) -> dict[str, int]:
    """Messages of a wave by state, dropped ones by why: {"sent": 3, "dropped:sampled": 1}."""
    rows = fetch(
        "SELECT state || coalesce(':' || dropped_why, ''), count(*) FROM wave_message "
        "WHERE cell_id = ANY(%s) AND wave_id = %s GROUP BY 1",
        (cells_of(wave.area_id), wave.wave_id),
    )
    return dict(rows)


class Outcome(NamedTuple):
    """What became of the persons named in the messages of a wave that left the house: how many
    they are, how many were swabbed within a day, and how many still have time."""

    named: int
    came: int
    open: int


LEFT = ("sent", "delivered", "outcome_unknown")


def outcome_of(wave: WaveRow, *, at: datetime) -> Outcome:
    """Sampled within SAMPLED_WITHIN of their message (发后已检)."""
    cells = cells_of(wave.area_id)
    stores = stores_of(missed.communities_of(get_node(wave.area_id)))
    homes = sorted({*cells, *(cell for cell, _ in stores)})
    ((named, came, still),) = fetch(
        "WITH named AS (SELECT DISTINCT ON (1, 2) (x->>0)::bigint AS cell, "
        "(x->>1)::bigint AS person, m.sent_at FROM wave_message m, "
        "LATERAL jsonb_array_elements(m.persons) x WHERE m.cell_id = ANY(%(cells)s) "
        "AND m.wave_id = %(wave)s AND m.state = ANY(%(left)s) AND m.sent_at IS NOT NULL "
        "ORDER BY 1, 2, m.sent_at), "
        "swab AS (SELECT s.cell_id, s.person_id, s.at FROM specimen s "
        "WHERE s.cell_id = ANY(%(homes)s) AND s.round_id = %(round)s AND s.void = 0), "
        "told AS (SELECT n.sent_at, bool_or(s.at > n.sent_at AND s.at <= n.sent_at + %(within)s) "
        "AS came FROM named n LEFT JOIN swab s ON s.cell_id = n.cell AND s.person_id = n.person "
        "GROUP BY n.cell, n.person, n.sent_at) "
        "SELECT count(*), count(*) FILTER (WHERE came), "
        "count(*) FILTER (WHERE came IS NOT TRUE AND sent_at + %(within)s > %(at)s) FROM told",
        {
            "cells": cells, "homes": homes, "wave": wave.wave_id, "round": wave.round_id, "left": list(LEFT),
            "within": SAMPLED_WITHIN, "at": at,
        },
    )  # fmt: skip
    return Outcome(named, came, still)


class OpenMessage(NamedTuple):
    """A message of which nobody knows what became; `sealed` is empty once its text is forgotten."""

    wave_id: int
    cell_id: int
    message_id: int
    community_id: int
    sent_at: datetime
    made_at: datetime
    sealed: bytes


def count_unknown(waves: Sequence[WaveRow]) -> dict[int, int]:
    """{wave: messages that wait for a person's word}; read from the few open rows of the outbox."""
    cells = sorted({c for w in waves for c in cells_of(w.area_id)})
    return dict(
        fetch(
            "SELECT m.wave_id, count(*) FROM outbox o JOIN wave_message m "
            "ON m.cell_id = o.cell_id AND m.message_id = o.ref WHERE o.cell_id = ANY(%s) "
            "AND m.cell_id = ANY(%s) AND o.state = 5 AND o.topic = 'sms' "
            "AND m.state = 'outcome_unknown' AND m.wave_id = ANY(%s) GROUP BY m.wave_id",
            (cells, cells, [w.wave_id for w in waves]),
        )
    )


def list_unknown(wave: WaveRow, *, limit: int = 100) -> list[OpenMessage]:
    """Messages of a wave that wait for a person's word, the oldest first."""
    cells = cells_of(wave.area_id)
    rows = fetch(
        "SELECT m.wave_id, m.cell_id, m.message_id, m.community_id, m.sent_at, o.made_at, o.body "
        "FROM wave_message m JOIN outbox o ON o.cell_id = m.cell_id AND o.ref = m.message_id "
        "AND o.state = 5 AND o.topic = 'sms' WHERE m.cell_id = ANY(%s) AND o.cell_id = ANY(%s) "
        "AND m.wave_id = %s AND m.state = 'outcome_unknown' ORDER BY m.sent_at LIMIT %s",
        (cells, cells, wave.wave_id, limit),
    )
    return [OpenMessage._make((*r[:6], bytes(r[6]))) for r in rows]
