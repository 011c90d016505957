"""What is asked at the moment of sending: who is sampled, exempt or gone, whose number it still is,
which rows are due."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from screening.db import by_cell, fetch
from screening.registry.rules import Flag
from screening.registry.twins import numbers_of


def list_sampled(round_id: int, pairs: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
    """Those of (cell, person) whose live swab of the round the server holds now, under whichever
    number of the same human being."""
    wanted = set(pairs)
    numbers = numbers_of(wanted)
    found: set[tuple[int, int]] = set()
    for cell, group in by_cell(set(numbers)):
        rows = fetch(
            "SELECT DISTINCT person_id FROM specimen WHERE cell_id = %s AND round_id = %s "
            "AND person_id = ANY(%s) AND void = 0",
            (cell, round_id, [p for _, p in group]),
        )
        found |= {(cell, r[0]) for r in rows}
    return {pair for pair in wanted if numbers[pair] & found}


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


def list_gone(pairs: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
    """Those of (cell, person) who have died, or left for good, under the number that counts now."""
    wanted = set(pairs)
    numbers = numbers_of(wanted)
    dead, here = set(), set()
    for cell, group in by_cell(set(numbers)):
        for person, flags, left in fetch(
            "SELECT person_id, flags, left_at IS NOT NULL FROM person WHERE cell_id = %s "
            "AND person_id = ANY(%s)",
            (cell, [p for _, p in group]),
        ):
            if flags & Flag.DECEASED:
                dead.add((cell, person))
            elif not left and not flags & (Flag.LEFT | Flag.DUPLICATE):
                here.add((cell, person))
    return {pair for pair in wanted if numbers[pair] & dead or not numbers[pair] & here}


def list_owners(hashes: Collection[bytes]) -> set[tuple[bytes, int, int]]:
    """(phone hash, cell, person): whose numbers these are now."""
    rows = fetch(
        "SELECT phone_hash, cell_id, person_id FROM phone_key WHERE phone_hash = ANY(%s)",
        (sorted(set(hashes)),),
    )
    return {(bytes(h), cell, person) for h, cell, person in rows}


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
