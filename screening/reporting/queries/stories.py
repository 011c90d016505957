"""All that a look-up needs of one person, in one statement that opens no transaction (hot path)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from screening.db import fetch
from screening.glance import glance
from screening.registry.twins import TWICE, others_of
from screening.reporting.rules import RUNNING
from screening.tube.queries import Key


class TubeRow(NamedTuple):
    """A tube as its members' look-up sees it: newest result, and how many alerts are not settled,
    acknowledged, in all. `covered`: the result speaks of this swab; `members`: of how many."""

    mode: int | None = None
    version: int | None = None
    outcome: int | None = None
    released_at: datetime | None = None
    covered: bool | None = None
    members: int | None = None
    unsettled: int = 0
    heard: int = 0
    alerts: int = 0


class SwabStory(NamedTuple):
    """One swab of the person and its tube."""

    round_id: int
    tube_cell: int
    barcode: str
    purpose: int
    void: int
    at: datetime
    specimen_id: int
    tube: TubeRow

    @property
    def key(self) -> Key:
        return Key(self.barcode, self.tube_cell, self.round_id)


class CalledRow(NamedTuple):
    """A callback of the same person: which tube asked for it and how far it has come."""

    state: str
    outcome: int | None
    due_at: datetime


class Story(NamedTuple):
    """`known`: the register has the person; `tried`: a wrong try of the same pair is remembered;
    `attacked`: very many under the same soft counters (accounts.throttle). `twice`: the person
    stood in the register under another number too; `others`: what is known under those."""

    cell: int
    person: int
    known: bool
    last4_hash: bytes | None
    tried: bool
    attacked: bool
    swabs: list[SwabStory]
    called: dict[Key, CalledRow]
    twice: bool = False
    others: Sequence[Story] = ()


_TRIES = (
    "EXISTS (SELECT 1 FROM throttle WHERE key = %(pair)s) AS tried, "
    "EXISTS (SELECT 1 FROM throttle WHERE key IN (%(name)s, %(where)s) AND fails >= %(many)s "
    "AND since > %(since)s) AS attacked"
)
_BY_CODE = (
    f"SELECT cell_id, person_id, {_TRIES} FROM access_code "
    "WHERE code_hash = %(hash)s AND revoked_at IS NULL AND until > %(at)s"
)
_BY_ID = f"SELECT %(cell)s::bigint AS cell_id, %(person)s::bigint AS person_id, {_TRIES}"
_PLAIN = (
    "SELECT %(cell)s::bigint AS cell_id, %(person)s::bigint AS person_id, false AS tried, "
    "false AS attacked"
)
# Two halves, since the swabs of record and the few others have an index each.
_SWABS = " UNION ALL ".join(
    "SELECT x.round_id, x.specimen_id, x.tube_cell, x.barcode, x.purpose, x.void, x.at FROM w "
    "JOIN specimen x ON x.cell_id = w.cell_id AND x.person_id = w.person_id "
    f"WHERE x.round_id = ANY(%(rounds)s::bigint[]) AND {half}"
    for half in ("x.of_record", "NOT x.of_record")
)
_TUBES = (
    "LEFT JOIN tube t ON t.cell_id = s.tube_cell AND t.round_id = s.round_id "
    "AND t.barcode = s.barcode "
    "LEFT JOIN LATERAL (SELECT version, outcome, released_at, "
    "s.specimen_id = ANY(members) AS covered, cardinality(members) AS members FROM result r "
    "WHERE r.cell_id = s.tube_cell AND r.round_id = s.round_id AND r.barcode = s.barcode "
    "ORDER BY version DESC LIMIT 1) r ON true "
    "LEFT JOIN LATERAL (SELECT count(*) FILTER (WHERE settled_at IS NULL) AS unsettled, "
    "count(seen_at) AS heard, count(*) AS alerts FROM alert a "
    "WHERE a.cell_id = s.tube_cell AND a.round_id = s.round_id AND a.barcode = s.barcode) a ON true"
)
_REST = (
    f"SELECT 0, coalesce(p.flags & {TWICE}, 0)::bigint, w.cell_id, '', 0::smallint, 0::smallint, NULL::timestamptz, "
    "NULL::smallint, w.person_id, NULL::smallint, NULL::timestamptz, w.tried, NULL::int, "
    "(p.person_id IS NOT NULL)::int::bigint, w.attacked::int::bigint, 0::bigint, "
    "encode(p.last4_hash, 'hex'), 0::bigint FROM w LEFT JOIN person p ON p.cell_id = w.cell_id "
    "AND p.person_id = w.person_id "
    "UNION ALL SELECT 1, c.round_id, c.tube_cell, c.barcode, 0, 0, c.due_at, NULL, NULL, "
    "c.outcome, NULL, NULL, NULL, 0, 0, 0, c.state, 0 FROM w JOIN callback c "
    "ON c.cell_id = w.cell_id AND c.person_id = w.person_id"
)


def _statement(who: str) -> str:
    return (
        f"WITH w AS MATERIALIZED ({who}) {_REST} UNION ALL "
        "SELECT 2, s.round_id, s.tube_cell, s.barcode, s.purpose, s.void, s.at, t.mode, r.version, "
        "r.outcome, r.released_at, r.covered, r.members, a.unsettled, a.heard, a.alerts, NULL, s.specimen_id "
        f"FROM ({_SWABS}) s {_TUBES}"
    )


STATEMENTS = {"code": _statement(_BY_CODE), "id": _statement(_BY_ID), "plain": _statement(_PLAIN)}


def story_of_code(hashed: bytes, rounds: Iterable[int], tries: dict[str, Any]) -> Story | None:
    """Of whom a living access code opens; None without one. `tries`: pair, name, where, many, since,
    at."""
    return _story("code", {**tries, "hash": hashed, "rounds": _array(rounds)})


def story_of_id(cell: int, person: int, rounds: Iterable[int], tries: dict[str, Any]) -> Story:
    """Of a person by number, whether the register has it or not."""
    found = _story("id", {**tries, "cell": cell, "person": person, "rounds": _array(rounds)})
    assert found is not None
    return found


def story_of_person(cell: int, person: int, rounds: Iterable[int]) -> Story:
    """Of somebody who has been let in already; part of the request's own transaction."""
    wanted = {"cell": cell, "person": person, "rounds": _array(rounds)}
    found = _read(fetch(STATEMENTS["plain"], wanted))
    assert found is not None
    return found


def whole(story: Story, rounds: Iterable[int]) -> Story:
    """The story of the human being: with the swabs and calls under every other number, and with
    those of a round signed off long ago whose result was corrected since."""
    story = _with_called(story, rounds)
    if not story.twice:
        return story
    pairs = others_of(story.cell, story.person)
    others = [_with_called(story_of_person(*pair, rounds), rounds) for pair in pairs]
    called: dict[Key, CalledRow] = {}
    for s in (story, *others):
        for key, row in s.called.items():
            if key not in called or row.state in RUNNING:
                called[key] = row
    swabs = [swab for s in (story, *others) for swab in s.swabs]
    return story._replace(swabs=swabs, called=called, others=others)


def _with_called(story: Story, rounds: Iterable[int]) -> Story:
    """Whoever was called back is told of that swab, however many rounds began since."""
    wanted = {*rounds}
    missing = {key.round_id for key in story.called} - wanted
    if not missing:
        return story
    swabs = story_of_person(story.cell, story.person, wanted | missing).swabs
    return story._replace(swabs=swabs)


def _array(numbers: Iterable[int]) -> str:
    """As PostgreSQL writes it: the driver takes longer for a list than the server for the query."""
    return "{" + ",".join(map(str, numbers)) + "}"


def _story(who: str, wanted: dict[str, Any]) -> Story | None:
    return _read(glance(STATEMENTS[who], wanted))


def _swab(row: tuple) -> SwabStory:
    _, round_id, cell, barcode, purpose, void, at = row[:7]
    tube = TubeRow(*row[7:16])
    return SwabStory(round_id, cell, barcode, purpose, void, at, row[17], tube)


def _read(rows: list[tuple]) -> Story | None:
    head, swabs, called = None, [], {}
    for row in rows:
        if row[0] == 2:
            swabs.append(_swab(row))
        elif row[0] == 1:
            called[Key(row[3], row[2], row[1])] = CalledRow(row[16], row[9], row[6])
        else:
            head = row
    if head is None:
        return None
    tail = bytes.fromhex(head[16]) if head[16] else None
    return Story(
        head[2], head[8], bool(head[13]), tail, head[11], bool(head[14]), swabs, called,
        bool(head[1]),
    )  # fmt: skip
