"""People who stood in the register twice: all rows of one human being, over any number of merges."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from screening.db import by_cell, fetch
from screening.registry.rules import Flag

Pair = tuple[int, int]  # cell, person
TWICE = int(Flag.DUPLICATE | Flag.HAS_TWIN)
LAST_MERGE = (
    "m.into_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM person_move n "
    "WHERE n.cell_id = m.cell_id AND n.person_id = m.person_id AND n.into_id IS NOT NULL "
    "AND (n.at, n.move_id) > (m.at, m.move_id))"
)
_FAN = "/* fan-out: a stranger made at a table lies in the table's cell; merges are few */"


def others_of(cell: int, person: int) -> list[Pair]:
    """The other rows of this person."""
    pair = (cell, person)
    return sorted(numbers_of([pair])[pair] - {pair})


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
        f"ON m.into_cell = t.cell AND m.into_id = t.person WHERE {LAST_MERGE} " + _FAN,
        ([c for c, _ in pairs], [p for _, p in pairs]),
    )
    return [((r[0], r[1]), (r[2], r[3])) for r in rows]


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
