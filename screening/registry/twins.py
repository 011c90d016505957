"""People who stood in the register twice: all rows of one human being, over any number of merges."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from screening.db import by_cell, fetch
from screening.registry.rules import Flag

Pair = tuple[int, int]  # cell, person
TWICE = int(Flag.DUPLICATE | Flag.HAS_TWIN)
_FAN = "/* fan-out: a stranger made at a table lies in the table's cell; merges are few */"


def others_of(cell: int, person: int) -> list[Pair]:
    """The other rows of this person."""
    top, way = (cell, person), {(cell, person)}
    while (above := _into(top)) is not None and above not in way:
        top = above
        way.add(above)
    rows = {top, *_below([top])}
    return sorted(rows - {(cell, person)})


def owners_of(pairs: Iterable[Pair]) -> dict[Pair, Pair]:
    """{row merged away: the one of `pairs` that it was merged into}, of those who have twins."""
    flagged = []
    for cell, group in by_cell(sorted(set(pairs))):
        rows = fetch(
            "SELECT person_id FROM person WHERE cell_id = %s AND person_id = ANY(%s) "
            "AND flags & %s <> 0",
            (cell, [p for _, p in group], int(Flag.HAS_TWIN)),
        )
        flagged += [(cell, r[0]) for r in rows]
    return _below(flagged)


def rows_of(pairs: Iterable[Pair]) -> dict[Pair, Pair]:
    """{any row of the same human being: the one of `pairs`}, each of `pairs` itself included."""
    wanted = sorted(set(pairs))
    out = {pair: pair for pair in wanted}
    for cell, group in by_cell(wanted):
        for (person,) in fetch(
            "SELECT person_id FROM person WHERE cell_id = %s AND person_id = ANY(%s) "
            "AND flags & %s <> 0",
            (cell, [p for _, p in group], TWICE),
        ):
            for row in others_of(cell, person):
                out.setdefault(row, (cell, person))
    return out


def _into(pair: Pair) -> Pair | None:
    rows = fetch(
        "SELECT into_cell, into_id FROM person_move WHERE cell_id = %s AND person_id = %s "
        "AND into_id IS NOT NULL ORDER BY at DESC, move_id DESC LIMIT 1",
        pair,
    )
    return (rows[0][0], rows[0][1]) if rows else None


def _below(pairs: Collection[Pair]) -> dict[Pair, Pair]:
    owner = {pair: pair for pair in pairs}
    fresh = list(pairs)
    while fresh:
        found: list[Pair] = []
        for cell, group in by_cell(sorted(fresh)):
            for home, twin, into in fetch(
                "SELECT cell_id, person_id, into_id FROM person_move WHERE into_cell = %s "
                f"AND into_id = ANY(%s) {_FAN}",
                (cell, [p for _, p in group]),
            ):
                if (home, twin) not in owner:
                    owner[home, twin] = owner[cell, into]
                    found.append((home, twin))
        fresh = found
    return {twin: own for twin, own in owner.items() if twin != own}
