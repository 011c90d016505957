"""Merging facts into tubes and obeying commands: the only writer of stage, deadline and custody."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from screening.crypto import hash_id
from screening.db import fetch, insert, new_id, run
from screening.registry import queries as registry
from screening.tube import folding, rules
from screening.tube.queries import (
    TUBE_COLUMNS,
    Key,
    Row,
    find_keys,
    list_binds,
    list_lines,
    lock_rows,
)
from screening.tube.rules import Bind, Line, Purpose, Stage, State, Verb


@dataclass(slots=True)
class Facts:
    """What a batch says about one tube. `cell_id` and `round_id` are where it would be claimed."""

    barcode: str
    cell_id: int
    round_id: int
    lines: list[Line] = field(default_factory=list)
    binds: list[Bind] = field(default_factory=list)


@dataclass(slots=True)
class Merged:
    """One tube after merging: where it lives, its state, and what changed that others act on."""

    key: Key
    state: State
    before: Row | None
    new_lines: list[Line]
    new_binds: list[Bind]
    changed: list[Bind]  # with the void they had; `state.voids` has the one they get
    binds: list[Bind]
    moved_from: Key | None = None

    @property
    def list_changed(self) -> bool:
        return bool(self.new_binds or self.changed)


class MergedSet(dict[str, Merged]):
    """Merged tubes by barcode; `again` are the persons (by cell and round) whose of-record flag
    had to be looked at again: they have, or had, more than one swab."""

    def __init__(self) -> None:
        super().__init__()
        self.again: dict[tuple[int, int], set[int]] = defaultdict(set)


Limits = Callable[[int], Mapping[str, int]]

_CUSTODY = (
    "cell_id", "round_id", "barcode", "line_id", "verb", "stage", "at", "device_id", "journal_id",
    "seq", "staff_id", "site_id", "lab_id", "batch_id", "n", "answers", "data", "recorded_at",
    "late",
)  # fmt: skip
_SPECIMEN = (
    "cell_id", "round_id", "specimen_id", "person_id", "community_id", "tube_cell", "barcode",
    "seat", "purpose", "of_record", "void", "at", "device_id", "journal_id", "seq", "staff_id",
    "site_id", "reason",
)  # fmt: skip
_UPSERT = "ON CONFLICT (cell_id, round_id, barcode) DO UPDATE SET " + ", ".join(
    f"{c} = EXCLUDED.{c}" for c in TUBE_COLUMNS[3:]
)


def merge(
    facts: Mapping[str, Facts], *, recorded_at: datetime, limits: Limits | None = None
) -> MergedSet:
    """Add facts to tubes, whatever came before: the same set of facts gives the same rows.

    Claims blank numbers, keeps every line and swab (a replay writes nothing), folds, and brings
    stage, deadline, voids and of-record flags up to date. Three to eight statements a batch."""
    merged = MergedSet()
    if not facts:
        return merged
    keys, fresh = _claim(facts)
    stored, lines, binds = _load(keys, fresh)
    moved = _go_home(facts, keys, lines, binds)
    for barcode, fact in facts.items():
        merged[barcode] = _fold_one(
            keys[barcode], fact, stored.get(barcode), lines.get(barcode), binds.get(barcode)
        )
        merged[barcode].moved_from = moved.get(barcode)
    _write_custody(merged, recorded_at)
    _write_specimens(merged)
    _write_tubes(merged.values(), limits or limits_of)
    return merged


def limits_of(round_id: int) -> Mapping[str, int]:
    """Minutes by link of a round; none for facts that belong to no round."""
    policy = registry.find_policy(round_id)
    return policy.limits if policy is not None else {}


def _claim(facts: Mapping[str, Facts]) -> tuple[dict[str, Key], set[str]]:
    """Where each tube lives, and which of them nobody had named before this batch."""
    groups: dict[tuple[int, int], list[str]] = defaultdict(list)
    for f in facts.values():
        groups[f.cell_id, f.round_id].append(f.barcode)
    keys: dict[str, Key] = {}
    for (cell, round_id), barcodes in sorted(groups.items()):
        barcodes.sort()
        for (barcode,) in fetch(
            "UPDATE tube_key SET cell_id = %s, round_id = %s "
            "WHERE barcode = ANY(%s) AND round_id IS NULL RETURNING barcode",
            (cell, round_id, barcodes),
        ):
            keys[barcode] = Key(barcode, cell, round_id)
    fresh = set(keys)
    rest = [b for b in facts if b not in keys]
    if rest:
        keys |= find_keys(rest)
        foreign = sorted(b for b in rest if b not in keys)
        if foreign:
            fresh |= _claim_foreign(facts, foreign, keys)
    return keys, fresh


def _claim_foreign(
    facts: Mapping[str, Facts], barcodes: Sequence[str], keys: dict[str, Key]
) -> set[str]:
    """Numbers outside any run are claimed too, as foreign ones (run_id null)."""
    rows = insert(
        "tube_key",
        ("barcode", "cell_id", "round_id", "state"),
        [(b, facts[b].cell_id, facts[b].round_id, 0) for b in barcodes],
        "ON CONFLICT (barcode) DO NOTHING RETURNING barcode, cell_id, round_id",
        returning=True,
    )
    keys |= {r[0]: Key(*r) for r in rows}
    lost = [b for b in barcodes if b not in keys]
    if lost:  # somebody else claimed it while we waited
        keys |= find_keys(lost)
    return {r[0] for r in rows}


def _load(
    keys: Mapping[str, Key], fresh: set[str]
) -> tuple[dict[str, Row], dict[str, list[Line]], dict[str, list[Bind]]]:
    """All that is stored of the tubes that existed before, locked."""
    groups: dict[tuple[int, int], list[str]] = defaultdict(list)
    for barcode, key in keys.items():
        if barcode not in fresh:
            groups[key.cell_id, key.round_id].append(barcode)
    stored: dict[str, Row] = {}
    lines: dict[str, list[Line]] = {}
    binds: dict[str, list[Bind]] = {}
    for (cell, round_id), barcodes in sorted(groups.items()):
        rows = lock_rows(cell, round_id, barcodes)
        stored |= {r.barcode: r for r in rows}
        lines |= list_lines(cell, round_id, barcodes)
        homes = {c for r in rows for c in r.home_cells}
        binds |= list_binds(homes, round_id, barcodes)
    return stored, lines, binds


def _go_home(
    facts: Mapping[str, Facts],
    keys: dict[str, Key],
    lines: Mapping[str, list[Line]],
    binds: Mapping[str, list[Bind]],
) -> dict[str, Key]:
    """A tube that packers or a laboratory named before its capture came moves to where it was
    opened. Once it stands on a plate it stays, since wells and alerts name its place."""
    moved = {}
    for barcode, fact in facts.items():
        old = keys[barcode]
        home = Key(barcode, fact.cell_id, fact.round_id)
        stored = lines.get(barcode)
        if not stored or home == old or binds.get(barcode):
            continue
        opened = any(ln.verb == Verb.OPEN for ln in fact.lines)
        if not opened or any(
            ln.verb == Verb.OPEN or (ln.verb >= Verb.PLATE and ln.verb < Verb.LOSE) for ln in stored
        ):
            continue
        _move(old, home)
        keys[barcode], moved[barcode] = home, old
    return moved


def _move(old: Key, home: Key) -> None:
    where = "WHERE cell_id = %s AND round_id = %s AND barcode = %s"
    key = (old.cell_id, old.round_id, old.barcode)
    run(
        "UPDATE tube_key SET cell_id = %s, round_id = %s WHERE barcode = %s",
        (home.cell_id, home.round_id, home.barcode),
    )
    run(f"DELETE FROM tube {where}", key)
    rows = fetch(f"DELETE FROM custody {where} RETURNING {', '.join(_CUSTODY[3:])}", key)
    data = _CUSTODY.index("data") - 3
    insert(
        "custody",
        _CUSTODY,
        [
            (home.cell_id, home.round_id, home.barcode, *r[:data],
             Jsonb(r[data]) if r[data] is not None else None, *r[data + 1 :])
            for r in rows
        ],
    )  # fmt: skip


def _fold_one(
    key: Key,
    fact: Facts,
    before: Row | None,
    lines: list[Line] | None,
    binds: list[Bind] | None,
) -> Merged:
    if lines or binds:
        known_lines = {ln.line_id for ln in lines or ()}
        known = {b.specimen_id: b for b in binds or ()}
        new_lines = [ln for ln in fact.lines if ln.line_id not in known_lines]
        new_binds = [b for b in fact.binds if b.specimen_id not in known]
        all_lines, all_binds = (lines or []) + new_lines, (binds or []) + new_binds
    else:
        known = {}
        new_lines, new_binds = fact.lines, fact.binds
        all_lines, all_binds = fact.lines, fact.binds
    state = folding.fold(all_lines, all_binds, round_id=key.round_id)
    changed = [b for s, b in known.items() if state.voids[s] != b.void]
    return Merged(key, state, before, new_lines, new_binds, changed, all_binds)


def _write_custody(merged: Mapping[str, Merged], recorded_at: datetime) -> None:
    rows = []
    for barcode, m in merged.items():
        key, stage = m.key, m.before.stage if m.before else 0
        for line in m.new_lines:
            late = stage > line.stage > 0 and line.verb not in rules.TAKES_BACK
            rows.append((key.cell_id, key.round_id, barcode, *line, recorded_at, late))
    tail = "ON CONFLICT (cell_id, round_id, barcode, line_id) DO NOTHING"
    rows.sort(key=_cell)
    insert("custody", _CUSTODY, rows, tail)


def _cell(row: tuple) -> int:
    return row[0]


def _write_specimens(merged: MergedSet) -> None:
    """New swabs, changed voids, and then the of-record flags of whoever is concerned."""
    new: list[tuple] = []
    again = merged.again
    for barcode, m in merged.items():
        voids, key = m.state.voids, m.key
        for b in m.new_binds:
            void = voids[b.specimen_id]
            record = not void and b.purpose != Purpose.RECHECK
            new.append((
                b.home_cell, key.round_id, b.specimen_id, b.person_id, b.community_id,
                key.cell_id, barcode, b.seat, b.purpose, record, void, b.at, b.device_id,
                b.journal_id, b.seq, b.staff_id, b.site_id, b.reason,
            ))  # fmt: skip
        for b in m.changed:
            again[b.home_cell, key.round_id].add(b.person_id)
            run(
                "UPDATE specimen SET void = %s, of_record = of_record AND %s "
                "WHERE cell_id = %s AND round_id = %s AND specimen_id = %s",
                (
                    voids[b.specimen_id],
                    not voids[b.specimen_id],
                    b.home_cell,
                    key.round_id,
                    b.specimen_id,
                ),
            )
    new.sort(key=lambda r: (r[0], r[3]))  # by cell and person: the order that avoids deadlocks
    _insert_specimens(new, again)
    for (cell, round_id), persons in sorted(again.items()):
        set_of_record(cell, round_id, persons)


def _insert_specimens(rows: list[tuple], again: dict[tuple[int, int], set[int]]) -> None:
    """New swabs; those that lost the of-record place come in without it."""
    tail = "ON CONFLICT DO NOTHING RETURNING specimen_id"
    done = {r[0] for r in insert("specimen", _SPECIMEN, rows, tail, returning=True)}
    if len(done) == len(rows):
        return
    second = [(*r[:9], False, *r[10:]) for r in rows if r[2] not in done]
    came = {r[0] for r in insert("specimen", _SPECIMEN, second, tail, returning=True)}
    for r in second:
        if r[2] in came:
            again[r[0], r[1]].add(r[3])


def set_of_record(cell: int, round_id: int, persons: Iterable[int]) -> None:
    """Give the of-record flag to the earliest live specimen of each of these persons."""
    rows = fetch(
        "SELECT specimen_id, person_id, at, device_id, journal_id, seq, purpose, void, of_record "
        "FROM specimen WHERE cell_id = %s AND round_id = %s AND person_id = ANY(%s) "
        "ORDER BY specimen_id FOR UPDATE",
        (cell, round_id, sorted(persons)),
    )
    by_person: dict[int, list[Bind]] = defaultdict(list)
    for s, p, at, device, journal, seq, purpose, void, record in rows:
        by_person[p].append(
            Bind(s, p, cell, 0, 0, purpose, at, device, journal, seq, void=void, of_record=record)
        )
    off, on = [], []
    for binds in by_person.values():
        winner = folding.of_record(binds)
        off += [b.specimen_id for b in binds if b.of_record and b.specimen_id != winner]
        on += [b.specimen_id for b in binds if not b.of_record and b.specimen_id == winner]
    for ids, flag in ((off, False), (on, True)):
        if ids:
            run(
                "UPDATE specimen SET of_record = %s "
                "WHERE cell_id = %s AND round_id = %s AND specimen_id = ANY(%s)",
                (flag, cell, round_id, ids),
            )


def _write_tubes(merged: Iterable[Merged], limits: Limits) -> None:
    rows = []
    for m in merged:
        s, key = m.state, m.key
        rows.append((
            key.cell_id, key.round_id, key.barcode, s.site_id, s.table_no, s.mode, s.pool_size,
            s.channel, int(s.stage), s.since, rules.due_at(s.stage, s.since, limits(key.round_id)),
            s.holder_kind, s.holder_id, s.confirmed, s.members, s.complete, int(s.holds),
            s.home_cells, s.opened_at, s.closed_at, s.received_at, s.lab_id, s.batch_id, s.outcome,
            s.version,
        ))  # fmt: skip
    rows.sort(key=lambda r: (r[0], r[2]))
    insert("tube", TUBE_COLUMNS, rows, _UPSERT)


def mark_dirty(tubes: Iterable[Merged]) -> None:
    """Append to the dirty list what must be counted anew: the communities of the persons whose
    swabs changed, and (community 0) the cells of the tubes. `coverage` reads it."""
    places: set[tuple[int, int, int]] = set()
    for m in tubes:
        places.add((m.key.cell_id, m.key.round_id, 0))
        before = _link(m.before.stage, m.before.version) if m.before else 0
        for b in m.binds if before != _link(m.state.stage, m.state.version) else m.new_binds:
            places.add((b.home_cell, m.key.round_id, b.community_id))
        for b in m.changed:
            places.add((b.home_cell, m.key.round_id, b.community_id))
    rows = [(*p, new_id()) for p in sorted(places)]
    insert("dirty", ("cell_id", "round_id", "community_id", "mark_id"), rows)


def _link(stage: int, version: int) -> int:
    """How far a tube came in what coverage counts: received, tested, released, gone."""
    if stage > Stage.RELEASED:
        return stage
    return (stage >= Stage.RECEIVED) + (stage >= Stage.TESTED) + (version > 0)


# --- commands -------------------------------------------------------------------------------


def record_command(
    kind: str,
    body: Mapping[str, Any],
    *,
    cell: int,
    round_id: int,
    by: int | None,
    at: datetime,
    recorded_at: datetime,
) -> int:
    """Append what a desk decided; returns its id. `body` is plain JSON without personal values."""
    command_id = new_id()
    text = msgspec.json.encode(body, order="sorted")
    digest = hashlib.sha256(f"{command_id}\n{kind}\n{round_id}\n{by}\n".encode() + text).digest()
    insert(
        "command",
        ("cell_id", "command_id", "kind", "round_id", "at", "recorded_at", "staff_id", "body",
         "digest"),
        [(cell, command_id, kind, round_id, at, recorded_at, by, Jsonb(dict(body)), digest)],
    )  # fmt: skip
    return command_id


def command_line(command_id: int, barcode: str, verb: Verb, *, at: datetime, **more: Any) -> Line:
    """A custody line that a command makes; its id derives from the command and the tube."""
    stage = rules.STAGE_OF.get(verb, 0)
    return Line(
        hash_id(command_id, barcode, int(verb)), int(verb), int(stage), at, 0, command_id, 0, **more
    )


def advance(
    verb: Verb,
    tubes: Mapping[str, Mapping[str, Any]],
    *,
    kind: str,
    cell: int,
    round_id: int,
    by: int | None,
    at: datetime,
    recorded_at: datetime,
    body: Mapping[str, Any] | None = None,
) -> tuple[int, MergedSet]:
    """Obey one command for a set of tubes: check each move, record the command, merge its lines.

    `tubes` maps barcode to the line's own fields (n, data, answers, lab_id, batch_id, …), which
    are stored in the command's body too, so that a recount can repeat it. `cell` and `round_id`
    are the desk's. Raises NoSuchTube, WrongStage for the first tube that may not move."""
    from screening.tube.queries import NoSuchTube

    keys = find_keys(tubes)
    missing = sorted(set(tubes) - set(keys))
    if missing and verb not in (Verb.RECEIVE, Verb.PLATE):
        raise NoSuchTube(barcode=missing[0])
    for (c, r), barcodes in _grouped(keys).items():
        for row in lock_rows(c, r, barcodes):
            rules.check_move(row.barcode, row.stage, verb)
    full = {
        **(body or {}),
        "verb": int(verb),
        "tubes": {b: {k: _plain(v) for k, v in f.items()} for b, f in tubes.items()},
    }
    command_id = record_command(
        kind, full, cell=cell, round_id=round_id, by=by, at=at, recorded_at=recorded_at
    )
    facts = {
        b: Facts(
            b,
            keys[b].cell_id if b in keys else cell,
            keys[b].round_id if b in keys else round_id,
            [command_line(command_id, b, verb, at=at, staff_id=by, **f)],
        )
        for b, f in tubes.items()
    }
    return command_id, merge(facts, recorded_at=recorded_at)


def _grouped(keys: Mapping[str, Key]) -> dict[tuple[int, int], list[str]]:
    out: dict[tuple[int, int], list[str]] = defaultdict(list)
    for key in keys.values():
        out[key.cell_id, key.round_id].append(key.barcode)
    return dict(sorted(out.items()))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def stage_name(stage: int) -> str:
    return Stage(stage).name.lower()
