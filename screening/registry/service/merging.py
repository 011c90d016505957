"""Who stood in the register twice: asked with a reason, by two people where both rows have swabs,
taken apart again. A merge is a link; no specimen, tube or result ever moves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from screening.accounts.audit import note
from screening.db import fetch, insert, new_id, run
from screening.errors import Conflict, NotFound, Problem
from screening.places import queries as places
from screening.places.rules import Place
from screening.registry import timeline
from screening.registry.desk_queries import place_of_person
from screening.registry.rules import Flag
from screening.registry.service import persons
from screening.registry.service.changes import changed

Pair = tuple[int, int]  # cell, person
WAITING, DONE, REFUSED, UNDONE = "waiting", "done", "refused", "undone"
LEAST = 4  # characters of a reason; source: HOUSE


class NoSuchMerge(NotFound):
    code = "no_such_merge"
    zh = "没有这次合并。"
    en = "There is no such merge."


class SameRow(Problem):
    status = 422
    code = "merge_same_row"
    zh = "两边是同一条登记。"
    en = "Both are the same row."


class MergeReason(Problem):
    status = 422
    code = "merge_reason"
    zh = "请写明理由。"
    en = "Write the reason."


class MergedAlready(Conflict):
    code = "merged_already"
    zh = "这两条登记已经合并，或者正等另一人确认。"
    en = "These rows are merged already, or wait for a second person."


class MergeState(Conflict):
    code = "merge_state"
    zh = "这次合并已经不在这一步了。"
    en = "The merge is no longer at that step."


class SecondPerson(Conflict):
    code = "merge_second_person"
    zh = "两条登记都有采样，要由另一个人确认。"
    en = "Both rows have swabs: somebody else has to confirm."


class MergeRow(NamedTuple):
    merge_id: int
    twin_cell: int
    twin_id: int
    into_cell: int
    into_id: int
    reason: str
    state: str
    asked_by: int
    asked_at: datetime
    decided_by: int | None
    decided_at: datetime | None
    undone_by: int | None
    undone_at: datetime | None
    undone_why: str | None
    left_at: datetime | None
    move_id: int | None

    @property
    def twin(self) -> Pair:
        return (self.twin_cell, self.twin_id)

    @property
    def into(self) -> Pair:
        return (self.into_cell, self.into_id)


_ROW = ", ".join(MergeRow._fields)


def get_merge(merge_id: int) -> MergeRow:
    """Raises NoSuchMerge."""
    rows = fetch(f"SELECT {_ROW} FROM person_merge WHERE merge_id = %s", (merge_id,))
    if not rows:
        raise NoSuchMerge()
    return MergeRow._make(rows[0])


def place_of_merge(merge_id: int) -> Place:
    """The smallest area around both persons."""
    row = get_merge(merge_id)
    return places.common_place([place_of_person(*row.twin).id, place_of_person(*row.into).id])


def merges_of(cell: int, person: int) -> list[MergeRow]:
    """All merges that name this row, newest first."""
    rows = fetch(
        f"SELECT {_ROW} FROM person_merge WHERE (twin_id = %s AND twin_cell = %s) "
        "OR (into_id = %s AND into_cell = %s) ORDER BY merge_id DESC LIMIT 50",
        (person, cell, person, cell),
    )
    return [MergeRow._make(r) for r in rows]


def list_waiting(held: Sequence[Place]) -> list[MergeRow]:
    """Merges that wait for a second person and lie within the places."""
    rows = fetch(
        f"SELECT {_ROW} FROM person_merge WHERE state = %s ORDER BY merge_id LIMIT 500", (WAITING,)
    )
    found = [MergeRow._make(r) for r in rows]
    everywhere = any(p.kind == "all" for p in held)
    paths = tuple(p.path for p in held)
    return [m for m in found if everywhere or place_of_merge(m.merge_id).path.startswith(paths)]


def has_swabs(pair: Pair) -> bool:
    """Whether anything on the chain belongs to this row: a swab, a result, a callback."""
    return any(line.link for line in timeline.lines_of(*pair))


def ask(twin: Pair, into: Pair, reason: str, *, by: int, at: datetime) -> MergeRow:
    """Say that `twin` is the same human being as `into`. Done at once, or waiting for a second
    person where both rows have swabs. Raises SameRow, MergeReason, MergedAlready, NoSuchPerson."""
    if twin == into:
        raise SameRow()
    if len(reason.strip()) < LEAST:
        raise MergeReason()
    left_at = _lock_free(twin, into)
    merge_id = new_id()
    columns = (
        "merge_id", "twin_cell", "twin_id", "into_cell", "into_id", "reason", "state", "asked_by",
        "asked_at", "left_at",
    )  # fmt: skip
    row = (merge_id, *twin, *into, reason.strip(), WAITING, by, at, left_at)
    insert("person_merge", columns, [row])
    note("merge_asked", "person", twin[1], cell=twin[0], detail={"into": str(into[1])})
    if not (has_swabs(twin) and has_swabs(into)):
        _do(merge_id, twin, into, by=by, at=at)
    return get_merge(merge_id)


def _lock_free(twin: Pair, into: Pair) -> datetime | None:
    """When the twin had left; locks both rows, each of which must stand for itself."""
    found = {}
    for pair in sorted((twin, into)):
        rows = fetch(
            "SELECT flags, left_at FROM person WHERE cell_id = %s AND person_id = %s FOR UPDATE",
            pair,
        )
        if not rows:
            raise persons.NoSuchPerson()
        if rows[0][0] & Flag.DUPLICATE:
            raise MergedAlready()
        found[pair] = rows[0][1]
    if fetch(
        "SELECT 1 FROM person_merge WHERE state = %s AND (twin_id = ANY(%s) OR into_id = %s) LIMIT 1",
        (WAITING, [twin[1], into[1]], twin[1]),
    ):
        raise MergedAlready()
    return found[twin]


def _do(merge_id: int, twin: Pair, into: Pair, *, by: int, at: datetime) -> None:
    link = persons.merge(twin, into, by=by, at=at)
    run(
        "UPDATE person_merge SET state = %s, decided_by = %s, decided_at = %s, move_id = %s "
        "WHERE merge_id = %s",
        (DONE, by, at, link, merge_id),
    )


def _lock(merge_id: int, state: str) -> MergeRow:
    rows = fetch(f"SELECT {_ROW} FROM person_merge WHERE merge_id = %s FOR UPDATE", (merge_id,))
    if not rows:
        raise NoSuchMerge()
    row = MergeRow._make(rows[0])
    if row.state != state:
        raise MergeState()
    return row


def decide(merge_id: int, *, yes: bool, by: int, at: datetime) -> None:
    """A second person confirms a merge of two rows with swabs; who asked may only withdraw.

    Raises NoSuchMerge, MergeState, SecondPerson."""
    row = _lock(merge_id, WAITING)
    if yes and by == row.asked_by:
        raise SecondPerson()
    if yes:
        _do(merge_id, row.twin, row.into, by=by, at=at)
    else:
        run(
            "UPDATE person_merge SET state = %s, decided_by = %s, decided_at = %s "
            "WHERE merge_id = %s",
            (REFUSED, by, at, merge_id),
        )
        note("merge_refused", "person", row.twin_id, cell=row.twin_cell)


def undo(merge_id: int, why: str, *, by: int, at: datetime) -> None:
    """They are two human beings after all: both rows stand for themselves again, each with the
    swabs that it always had. Raises NoSuchMerge, MergeState, MergeReason."""
    if len(why.strip()) < LEAST:
        raise MergeReason()
    row = _lock(merge_id, DONE)
    homes = {pair: persons.lock_community(*pair) for pair in sorted((row.twin, row.into))}
    run(
        "UPDATE person_move SET into_cell = NULL, into_id = NULL, to_community = from_community "
        "WHERE cell_id = %s AND move_id = %s",
        (row.twin_cell, row.move_id),
    )
    run(
        "UPDATE person SET flags = flags & ~%s::bigint, left_at = %s "
        "WHERE cell_id = %s AND person_id = %s",
        (int(Flag.DUPLICATE), row.left_at, *row.twin),
    )
    run(
        "UPDATE person_key SET person_id = %s, cell_id = %s WHERE doc_hash = "
        "(SELECT doc_hash FROM person WHERE cell_id = %s AND person_id = %s)",
        (row.twin_id, row.twin_cell, *row.twin),
    )
    _stand_alone(row.into)
    run(
        "UPDATE person_merge SET state = %s, undone_by = %s, undone_at = %s, undone_why = %s "
        "WHERE merge_id = %s",
        (UNDONE, by, at, why.strip(), merge_id),
    )
    note("person_unmerged", "person", row.twin_id, cell=row.twin_cell,
         detail={"from": str(row.into_id)})  # fmt: skip
    changed((pair[0], home) for pair, home in homes.items())


def _stand_alone(pair: Pair) -> None:
    """Of what the twin brought nothing is left, unless another twin is there: the mark, and the
    separate lane where no callback of the own asks for it."""
    if fetch(
        "SELECT 1 FROM person_move WHERE into_cell = %s AND into_id = %s LIMIT 1 "
        "/* fan-out: a twin may lie in any cell; merges are few */",
        pair,
    ):
        return
    run(
        "UPDATE person SET flags = flags & ~%s::bigint, lane = CASE WHEN EXISTS (SELECT 1 "
        "FROM exemption e WHERE e.cell_id = %s AND e.person_id = %s AND e.callback_id IS NOT NULL "
        "AND e.ended_at IS NULL) THEN lane ELSE 0 END WHERE cell_id = %s AND person_id = %s",
        (int(Flag.HAS_TWIN), *pair, *pair),
    )
