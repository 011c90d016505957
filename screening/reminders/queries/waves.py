"""Reading waves and what became of their messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from screening.db import fetch
from screening.errors import NotFound
from screening.places import queries as places
from screening.places.rules import Place
from screening.reminders.queries.missed import get_node


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


def count_came(wave: WaveRow) -> int:
    """Persons named in a sent message who were swabbed after it (发后已检)."""
    rows = fetch(
        "SELECT count(DISTINCT p.person) FROM wave_message m, "
        "LATERAL (SELECT (x->>0)::bigint AS cell, (x->>1)::bigint AS person "
        "FROM jsonb_array_elements(m.persons) x) p "
        "JOIN specimen s ON s.cell_id = p.cell AND s.round_id = %s AND s.person_id = p.person "
        "WHERE m.cell_id = ANY(%s) AND m.wave_id = %s AND m.state = 'sent' "
        "AND s.cell_id = ANY(%s) AND s.void = 0 AND s.at > m.at",
        (wave.round_id, cells_of(wave.area_id), wave.wave_id, cells_of(wave.area_id)),
    )
    return rows[0][0]
