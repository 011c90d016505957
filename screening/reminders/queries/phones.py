"""Which phones were written to lately, and where messages to them lie."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from screening.crypto import hash_id
from screening.db import fetch
from screening.places import queries as places
from screening.reminders.rules import NOT_AGAIN

Pair = tuple[int, int]
GONE_OUT = ("sent", "delivered", "outcome_unknown")


# --- phones -------------------------------------------------------------------------------------


def cells_of_phones(hashes: Collection[bytes]) -> list[int]:
    """Cells in which a message to one of these phones can lie: those of its people's rows, and
    those of the communities they live in now."""
    cells = [c for (c,) in fetch(
        "SELECT DISTINCT cell_id FROM phone_key WHERE phone_hash = ANY(%s)", (list(hashes),)
    )]  # fmt: skip
    homes = fetch(
        "SELECT DISTINCT p.community_id FROM phone_key k JOIN person p "
        "ON p.cell_id = k.cell_id AND p.person_id = k.person_id "
        "WHERE k.phone_hash = ANY(%s) AND p.cell_id = ANY(%s)",
        (list(hashes), cells),
    )
    return sorted({*cells, *(places.community_cell(c) for (c,) in homes)})


def told_lately(
    round_id: int, template: str, wave_id: int, hashes: Collection[bytes], *, at: datetime,
    waiting: bool = False,
) -> set[bytes]:  # fmt: skip
    """Phones to which another wave of this kind and round wrote within NOT_AGAIN; with `waiting`
    also those to which it is about to."""
    waves = fetch(
        "SELECT wave_id FROM wave WHERE round_id = %s AND template = %s AND wave_id <> %s "
        "AND state IN ('running', 'done')",
        (round_id, template, wave_id),
    )
    if not waves or not hashes:
        return set()
    ids = {message_id_of(w, h): h for (w,) in waves for h in hashes}
    rows = fetch(
        "SELECT message_id FROM wave_message WHERE cell_id = ANY(%s) AND message_id = ANY(%s) "
        "AND ((state = ANY(%s) AND sent_at > %s) OR (%s AND state = 'waiting'))",
        (cells_of_phones(hashes), list(ids), list(GONE_OUT), at - NOT_AGAIN, waiting),
    )
    return {ids[m] for (m,) in rows}


def message_id_of(wave_id: int, phone_hash: bytes) -> int:
    """One message a wave and phone."""
    return hash_id("wave", wave_id, phone_hash.hex())
