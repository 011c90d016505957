"""What is asked at the moment of sending: who is sampled, who is exempt, which rows are due."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from screening.db import by_cell, fetch


def list_sampled(round_id: int, pairs: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
    """Those of (cell, person) whose live swab of the round the server holds now, under their own
    number or under one that was found to be the same person's."""
    wanted = set(pairs)
    owner = {pair: pair for pair in wanted} | _twins(wanted)
    out: set[tuple[int, int]] = set()
    for cell, group in by_cell(set(owner)):
        rows = fetch(
            "SELECT DISTINCT person_id FROM specimen WHERE cell_id = %s AND round_id = %s "
            "AND person_id = ANY(%s) AND void = 0",
            (cell, round_id, [p for _, p in group]),
        )
        out |= {owner[cell, r[0]] for r in rows}
    return out


def _twins(pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], tuple[int, int]]:
    """{(cell, person) merged away: (cell, person) it was merged into}."""
    out: dict[tuple[int, int], tuple[int, int]] = {}
    for cell, group in by_cell(set(pairs)):
        rows = fetch(
            "SELECT cell_id, person_id, into_id FROM person_move WHERE into_cell = %s "
            "AND into_id = ANY(%s) "
            "/* fan-out: a stranger made at a table lies in the table's cell; merges are few */",
            (cell, [p for _, p in group]),
        )
        out |= {(home, twin): (cell, person) for home, twin, person in rows}
    return out


def list_exempt(
    round_id: int, pairs: Iterable[tuple[int, int]], *, at: datetime
) -> set[tuple[int, int]]:
    """Those of (cell, person) who are exempt from the round now."""
    out: set[tuple[int, int]] = set()
    for cell, group in by_cell(set(pairs)):
        rows = fetch(
            "SELECT DISTINCT person_id FROM exemption WHERE cell_id = %s AND person_id = ANY(%s) "
            "AND round_id IN (0, %s) AND ended_at IS NULL AND (until IS NULL OR until > %s)",
            (cell, [p for _, p in group], round_id, at),
        )
        out |= {(cell, r[0]) for r in rows}
    return out


def lock_messages(
    cell: int, topics: Collection[str], limit: int, *, at: datetime
) -> list[tuple[int, int, bytes, int, datetime]]:
    """Due rows of the outbox of one cell: (outbox_id, ref, body, attempts, made_at), locked; rows
    that another worker holds are passed over."""
    return fetch(
        "SELECT outbox_id, ref, body, attempts, made_at FROM outbox WHERE cell_id = %s "
        "AND state = 0 AND due_at <= %s AND topic = ANY(%s) "
        "ORDER BY due_at, outbox_id LIMIT %s FOR UPDATE SKIP LOCKED",
        (cell, at, list(topics), limit),
    )
