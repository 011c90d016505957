"""Which numbers of the register are one human being, and which phones were written to lately."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from screening.coverage.swabs import LAST_MERGE
from screening.crypto import hash_id
from screening.db import by_cell, fetch
from screening.places import queries as places
from screening.reminders.rules import NOT_AGAIN

Pair = tuple[int, int]
GONE_OUT = ("sent", "delivered", "outcome_unknown")


def numbers_of(pairs: Iterable[Pair]) -> dict[Pair, set[Pair]]:
    """{(cell, person): all numbers of the same human being}, over any number of merges and in
    whichever direction; the own number is among them."""
    group: dict[Pair, set[Pair]] = {pair: {pair} for pair in pairs}
    fresh = set(group)
    while fresh:
        edges = _merged_away(fresh) + _merged_into(fresh)
        fresh = {pair for edge in edges for pair in edge if pair not in group}
        group |= {pair: {pair} for pair in fresh}
        for one, other in edges:
            if group[one] is not group[other]:
                group[one] |= group[other]
                for pair in group[other]:
                    group[pair] = group[one]
    return group


def _merged_away(pairs: Iterable[Pair]) -> list[tuple[Pair, Pair]]:
    out = []
    for cell, group in by_cell(sorted(pairs)):
        rows = fetch(
            "SELECT m.person_id, m.into_cell, m.into_id FROM person_move m WHERE m.cell_id = %s "
            f"AND m.person_id = ANY(%s) AND {LAST_MERGE}",
            (cell, [p for _, p in group]),
        )
        out += [((cell, p), (into_cell, into)) for p, into_cell, into in rows]
    return out


def _merged_into(pairs: Collection[Pair]) -> list[tuple[Pair, Pair]]:
    rows = fetch(
        "SELECT m.cell_id, m.person_id, m.into_cell, m.into_id FROM person_move m JOIN "
        "unnest(%s::int8[], %s::int8[]) AS t (cell, person) "
        f"ON m.into_cell = t.cell AND m.into_id = t.person WHERE {LAST_MERGE} "
        "/* fan-out: a stranger made at a table lies in the table's cell; merges are few */",
        ([c for c, _ in pairs], [p for _, p in pairs]),
    )
    return [((r[0], r[1]), (r[2], r[3])) for r in rows]


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
