"""Reading the swabs that count for some people: where they lie, of whom, and how far they came."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import NamedTuple

from screening.db import fetch, run
from screening.registry.twins import LAST_MERGE
from screening.tube.rules import Stage


@contextmanager
def hashed() -> Iterator[None]:
    """Join by hashing only. Right after an import the planner believes the register to be small,
    and a nested loop over 5,000 persons and their swabs then takes seconds instead of 20 ms."""
    run("SET LOCAL enable_nestloop = off")
    yield
    run("SET LOCAL enable_nestloop = on")


def lived_in(cell: int, communities: Collection[int], *, since: datetime | None) -> list[int]:
    """These communities, and those from which people moved to them during the round: a swab keeps
    the community in which its person lived then."""
    found = set(communities)
    news = found
    while news and since is not None:
        rows = fetch(
            "SELECT DISTINCT from_community FROM person_move WHERE cell_id = %s "
            "AND to_community = ANY(%s) AND at >= %s AND into_id IS NULL",
            (cell, sorted(news), since - A_DAY),
        )
        news = {r[0] for r in rows} - found
        found = found | news
    return sorted(found)


A_DAY = timedelta(days=1)  # swabs are taken a little before the start too


class Twin(NamedTuple):
    """A swab under another number of a person of this cell: the two were found to be one."""

    person_id: int
    barcode: str
    of_record: bool
    void: int
    purpose: int
    tube_cell: int


def list_twins(cell: int, round_id: int) -> list[Twin]:
    """Swabs of those who were merged into persons of this cell; their rows stay where they are."""
    merged: dict[int, dict[int, int]] = defaultdict(dict)
    for (home, twin), person in twins_of(cell).items():
        merged[home][twin] = person
    out = []
    for home, persons in sorted(merged.items()):
        rows = fetch(
            "SELECT person_id, barcode, of_record, void, purpose, tube_cell FROM specimen "
            "WHERE cell_id = %s AND round_id = %s AND person_id = ANY(%s)",
            (home, round_id, list(persons)),
        )
        out += [Twin(persons[r[0]], *r[1:]) for r in rows]
    return out


def twins_of(cell: int) -> dict[tuple[int, int], int]:
    """{(cell, person): the person of this cell that he or she was merged into}, over any number
    of merges; of several merges of one person the last counts."""
    out: dict[tuple[int, int], int] = {}
    rows = fetch(
        f"SELECT m.cell_id, m.person_id, m.into_id FROM person_move m WHERE {LAST_MERGE} "
        "AND m.into_cell = %s "
        "/* fan-out: a stranger made at a table lies in the table's cell; merges are few */",
        (cell,),
    )
    while fresh := {(c, p): into for c, p, into in rows if (c, p) not in out}:
        out |= fresh
        rows = fetch(
            f"SELECT m.cell_id, m.person_id, t.person FROM person_move m JOIN "
            "unnest(%s::int8[], %s::int8[], %s::int8[]) AS t (cell, twin, person) "
            f"ON m.into_cell = t.cell AND m.into_id = t.twin WHERE {LAST_MERGE} "
            "/* fan-out: merges into those who were merged themselves */",
            ([c for c, _ in fresh], [p for _, p in fresh], list(fresh.values())),
        )
    return out


def list_stages_of(
    cell: int,
    round_id: int,
    communities: Collection[int],
    lived: list[int],
    twins: Collection[Twin],
) -> tuple[list[str], list[int]]:
    """How far the tubes came in which swabs of these people lie, wherever the tubes are stored."""
    lie: dict[int, set[str]] = defaultdict(set)
    for t in twins:
        lie[t.tube_cell].add(t.barcode)
    with hashed():
        rows = fetch(
            "SELECT DISTINCT s.tube_cell, s.barcode FROM person p JOIN specimen s USING (person_id) "
            "WHERE p.cell_id = %s AND p.community_id = ANY(%s) AND s.cell_id = %s "
            "AND s.round_id = %s AND s.of_record AND s.community_id = ANY(%s)",
            (cell, sorted(communities), cell, round_id, lived),
        )
    for tube_cell, barcode in rows:
        lie[tube_cell].add(barcode)
    out: dict[str, int] = {}
    for tube_cell, barcodes in sorted(lie.items()):
        out |= dict(
            fetch(
                "SELECT barcode, CASE WHEN version > 0 THEN %s WHEN stage > %s THEN 0 ELSE stage "
                "END FROM tube WHERE cell_id = %s AND round_id = %s AND barcode = ANY(%s)",
                (int(Stage.RELEASED), int(Stage.RELEASED), tube_cell, round_id, sorted(barcodes)),
            )
        )
    return list(out), list(out.values())
