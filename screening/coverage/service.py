"""Keeping the rollups true: marks say what to count anew, communities are counted whole."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from screening.accounts.audit import note
from screening.coverage import equation, marks_queries, queries, swab_counts
from screening.coverage.equation import COLUMNS, PERSONS
from screening.coverage.rules import CoverageRow, adds_up, total
from screening.coverage.swabs import hashed
from screening.db import by_cell, fetch, insert, new_id, run
from screening.lab.rules.well_rules import Outcome
from screening.places import queries as places
from screening.registry.queries import RoundPolicy, find_policy, get_policy, open_rounds
from screening.registry.rules import RoundState
from screening.registry.service.changes import on_change

_COLUMNS = ("cell_id", "round_id", "community_id", "mark_id")
RECOUNT_LOCK = 720_261_140  # advisory lock: one worker counts at a time, so none overwrites newer
MARKS = 20_000  # taken at once
TUBES = 0  # the community of a mark that concerns the cell's tubes
log = logging.getLogger("screening.coverage")


def mark(places: Iterable[tuple[int, int, int]]) -> None:
    """Append (cell, round, community) to the dirty list; community 0 stands for tubes of a cell."""
    rows = [(*p, new_id()) for p in sorted(set(places))]
    for _, group in by_cell(rows):
        insert("dirty", _COLUMNS, group)


@on_change
def register_changed(pairs: Collection[tuple[int, int]]) -> None:
    """Persons or exemptions of these (cell, community) changed: every open round counts them."""
    mark((cell, r.round_id, community) for r in open_rounds() for cell, community in pairs)


# --- counting ---------------------------------------------------------------------------------

_NAMES = ("cell_id", "round_id", "area_id", *COLUMNS, "exempt_by", "as_of")
_SOURCE = "(SELECT unnest(%(communities)s::int8[]) AS place) x"
_RECOUNT = (
    f"INSERT INTO coverage ({', '.join(_NAMES)}) WITH "
    + PERSONS.format(place="community_id", inside="community_id")
    + equation.COUNTED
    + " "
    + equation.select(
        _SOURCE, first="%(cell)s, %(round)s, x.place", last=", %(as_of)s::timestamptz"
    )
    + " ON CONFLICT (cell_id, round_id, area_id) DO UPDATE SET "
    + ", ".join(f"{c} = EXCLUDED.{c}" for c in _NAMES[3:])
)  # fmt: skip


def recount(cell: int, round_id: int, communities: Collection[int], *, at: datetime) -> None:
    """Count these communities of one cell whole and keep the result: one statement."""
    if not round_id or not communities:
        return  # facts of no round concern nobody's coverage
    args = equation.arguments(cell, get_policy(round_id), communities, at=at)
    with hashed():
        run(_RECOUNT, {**args, "as_of": at})


def recount_stages(cell: int, round_id: int, *, at: datetime) -> None:
    """Count the tubes of one cell and round whole, by site, laboratory and stage."""
    run("DELETE FROM stage_count WHERE cell_id = %s AND round_id = %s", (cell, round_id))
    run(
        "INSERT INTO stage_count (cell_id, round_id, site_id, lab_id, stage, tubes, persons, late, "
        "held, oldest, negative, invalid, corrected, as_of) "
        "SELECT cell_id, round_id, coalesce(site_id, 0), coalesce(lab_id, 0), "
        "stage, count(*), sum(members), count(*) FILTER (WHERE due_at <= %(at)s), "
        "count(*) FILTER (WHERE holds <> 0), min(since), count(*) FILTER (WHERE outcome = %(negative)s), "
        "count(*) FILTER (WHERE outcome = %(invalid)s), count(*) FILTER (WHERE version > 1), %(at)s "
        "FROM tube "
        "WHERE cell_id = %(cell)s AND round_id = %(round)s GROUP BY 1, 2, 3, 4, 5",
        {
            "at": at,
            "cell": cell,
            "round": round_id,
            "negative": int(Outcome.NEGATIVE),
            "invalid": int(Outcome.INVALID),
        },
    )


def take_marks(*, at: datetime) -> int:
    """Count anew what is marked and delete the marks that were read; how many they were.

    A mark that commits while this runs has its own row and is taken the next time."""
    fetch("SELECT pg_advisory_xact_lock(%s)", (RECOUNT_LOCK,))
    marks = marks_queries.list_marks(MARKS)
    due: dict[tuple[int, int], set[int]] = defaultdict(set)
    for m in marks:
        if find_policy(m.round_id) is not None:
            due[m.cell_id, m.round_id].add(m.community_id)
    _follow(due)
    for (cell, round_id), communities in sorted(due.items()):
        if TUBES in communities:
            recount_stages(cell, round_id, at=at)
        swab_counts.recount(cell, round_id, communities - {TUBES})
        if get_policy(round_id).state != RoundState.CLOSED:  # those numbers were signed
            recount(cell, round_id, communities - {TUBES}, at=at)
    for cell, group in by_cell(marks):
        run(
            "DELETE FROM dirty WHERE cell_id = %s AND mark_id = ANY(%s)",
            (cell, [m[3] for m in group]),
        )
    return len(marks)


def _follow(due: dict[tuple[int, int], set[int]]) -> None:
    """Add where people of the marked communities count now, over any number of moves."""
    news = {key: set(communities) for key, communities in due.items()}
    while news:
        found: dict[tuple[int, int], set[int]] = defaultdict(set)
        for (cell, round_id), communities in news.items():
            since = get_policy(round_id).started_at
            for to_cell, community in marks_queries.followed(cell, communities, since=since):
                if community not in due.get((to_cell, round_id), ()):
                    due[to_cell, round_id].add(community)
                    found[to_cell, round_id].add(community)
        news = found


def mark_new() -> int:
    """Mark the communities of open rounds that were never counted (a start, a wider scope)."""
    wanted: list[tuple[int, int, int]] = []
    for policy in open_rounds():
        have = queries.list_stored(policy.round_id)
        wanted += [
            (cell, policy.round_id, community)
            for cell, community in marks_queries.stores_in(policy)
            if (cell, community) not in have
        ]
    mark(wanted)
    return len(wanted)


def mark_passed(*, at: datetime) -> int:
    """Mark the communities of open rounds whose numbers changed by time alone."""
    passed = [
        (cell, p.round_id, community)
        for p in open_rounds()
        for cell, community in marks_queries.list_passed(p, at=at)
    ]
    mark(passed)
    return len(passed)


def mark_late(*, at: datetime) -> int:
    """Mark the cells in which a tube became late since its rollup was counted."""
    rounds = [p.round_id for p in open_rounds()]
    aged = marks_queries.list_aged(rounds, at=at) if rounds else []
    mark((cell, round_id, TUBES) for cell, round_id in aged)
    return len(aged)


# --- checking and freezing --------------------------------------------------------------------


def verify(*, at: datetime) -> list[tuple[int, int]]:
    """Count every open round from its persons and compare with the rollup: (round, community) of
    each difference. A difference is an alarm: logged, noted in the audit, counted again at once.

    Exemptions end and promises pass with time alone; those communities are no difference."""
    while take_marks(at=at) >= MARKS:
        pass
    return [difference for policy in open_rounds() for difference in compare(policy, at=at)]


def compare(policy: RoundPolicy, *, at: datetime) -> list[tuple[int, int]]:
    """The differences of one round. Journals may come in meanwhile: who brings one leaves a mark in
    the same transaction, so a community with a mark is no difference, it waits to be counted."""
    wrong: list[tuple[int, int]] = []
    stored = queries.list_stored(policy.round_id)
    for cell, group in by_cell(marks_queries.stores_in(policy)):
        communities = [c for _, c in group]
        for row in equation.count_communities(cell, policy.round_id, communities, at=at):
            kept = stored.get((cell, row.area_id))
            if kept is None or _same(row, kept) or _waits(cell, policy.round_id, row.area_id):
                continue
            if not _same_then(cell, policy.round_id, kept):
                wrong.append((policy.round_id, row.area_id))
                _alarm(cell, policy.round_id, row, kept)
        recount(cell, policy.round_id, communities, at=at)
        for community in swab_counts.differing(cell, policy.round_id, communities):
            told = (policy.round_id, community) in wrong
            if not told and not _waits(cell, policy.round_id, community):
                wrong.append((policy.round_id, community))
                _tell(cell, policy.round_id, community, {"swabs": True})
        swab_counts.recount(cell, policy.round_id, communities)
    return wrong


def _waits(cell: int, round_id: int, community: int) -> bool:
    return bool(
        fetch(
            "SELECT 1 FROM dirty WHERE cell_id = %s AND round_id = %s AND community_id = %s LIMIT 1",
            (cell, round_id, community),
        )
    )


def _same(a: CoverageRow, b: CoverageRow) -> bool:
    return a[1:-1] == b[1:-1]


def _same_then(cell: int, round_id: int, kept: CoverageRow) -> bool:
    """Whether the rollup was right for the moment at which it was counted."""
    assert kept.as_of is not None
    then = equation.count_communities(cell, round_id, [kept.area_id], at=kept.as_of)
    return _same(then[0], kept)


def _alarm(cell: int, round_id: int, counted: CoverageRow, kept: CoverageRow) -> None:
    fields = [f for f in CoverageRow._fields[1:-1] if getattr(counted, f) != getattr(kept, f)]
    detail: dict[str, Any] = {
        f: [getattr(kept, f), getattr(counted, f)] for f in fields if f != "exempt_by"
    }
    _tell(cell, round_id, kept.area_id, detail or {"exempt_by": True})


def _tell(cell: int, round_id: int, community: int, detail: dict[str, Any]) -> None:
    log.error("coverage of community %s in round %s differs: %s", community, round_id, list(detail))
    note("coverage_differs", "area", community, cell=cell, detail={"round": round_id, **detail})


def freeze(round_id: int, cut_off: datetime, *, by: int | None = None) -> list[CoverageRow]:
    """Count a whole round now and store every area's numbers under `cut_off` (the server's time).

    Both numbers of each rate come from one statement a cell and are kept together; asked again
    for the same cut-off, the stored numbers come back."""
    held = queries.find_cut(round_id, cut_off)
    if held is None:
        for cell, group in by_cell(marks_queries.stores_in(get_policy(round_id))):
            recount(cell, round_id, [c for _, c in group], at=cut_off)
        rows = _all_levels(round_id, cut_off)
        insert(
            "coverage_cut",
            ("round_id", "cut_off", "made_by", "body"),
            [(round_id, cut_off, by, Jsonb([_plain(r) for r in rows]))],
        )
        return rows
    return [CoverageRow(**{**r, "as_of": cut_off}) for r in held[1]]


def freeze_signed() -> int:
    """Freeze the numbers of every round that was signed off, as of its signature (worker)."""
    rows = marks_queries.list_signed_unfrozen()
    for round_id, signed_at in rows:
        freeze(round_id, signed_at)
    return len(rows)


def _all_levels(round_id: int, at: datetime) -> list[CoverageRow]:
    stored = queries.list_stored(round_id)
    by_id = places.TREE.get().by_id
    groups: dict[int, list[CoverageRow]] = defaultdict(list)
    for (_, community), row in stored.items():
        for step in by_id[community].path.strip("/").split("/"):
            groups[int(step)].append(row)
    rows = [total(i, found)._replace(as_of=at) for i, found in sorted(groups.items())]
    assert all(adds_up(r) for r in rows)
    return rows


def _plain(row: CoverageRow) -> dict[str, Any]:
    return {k: v for k, v in row._asdict().items() if k != "as_of"}
