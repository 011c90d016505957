"""The second source of the recount: the tables of one round, held against what was told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from screening.db import fetch
from screening.ledger.expected import Expected, Told
from screening.ledger.people import Home, People
from screening.ledger.rules import Difference
from screening.tube import folding, rules
from screening.tube.queries import BIND_COLUMNS, LINE_COLUMNS, TUBE_COLUMNS, Key
from screening.tube.rules import Bind, Line
from screening.tube.service import limits_of
from screening.tube.state import State

FAN_OUT = "/* fan-out: the recount reads a whole round */"
# of a tube's row, what the fold decides, with the state's attribute where it is called otherwise
FOLDED = (
    "site_id", "table_no", "mode", "pool_size", "channel", "stage", "since", "due_at",
    "holder_kind", "holder_id", "confirmed", "members", "complete", "holds", "home_cells",
    "opened_at", "closed_at", "received_at", "lab_id", "batch_id", "outcome", "version",
)  # fmt: skip
_SWAB = ("person_id", "home_cell", "seat", "purpose", "at", "device_id", "journal_id", "seq")


class Swab(NamedTuple):
    barcode: str
    tube_cell: int
    bind: Bind


class Tables:
    """Every row of one round that concerns tubes, by tube number."""

    def __init__(self, round_id: int, cells: Sequence[int], batches: Iterable[int]) -> None:
        args = (list(cells), round_id)
        where = f"WHERE cell_id = ANY(%s) AND round_id = %s {FAN_OUT}"
        self.tubes = {
            r[2]: dict(zip(TUBE_COLUMNS, r, strict=True))
            for r in fetch(f"SELECT {', '.join(TUBE_COLUMNS)} FROM tube {where}", args)
        }
        self.swabs: dict[int, Swab] = {
            r[2]: Swab(r[0], r[1], Bind(*r[2:]))
            for r in fetch(f"SELECT barcode, tube_cell, {BIND_COLUMNS} FROM specimen {where}", args)
        }
        self.lines: dict[str, dict[int, tuple[int, Line]]] = defaultdict(dict)
        for cell, barcode, *rest in fetch(
            f"SELECT cell_id, barcode, {LINE_COLUMNS} FROM custody {where}", args
        ):
            self.lines[barcode][rest[0]] = (cell, Line(*rest))
        self.results: dict[tuple[str, int], tuple] = {
            (r[0], r[1]): r[2:]
            for r in fetch(
                "SELECT barcode, version, outcome, command_id, members, cell_id FROM result "
                f"{where}",
                args,
            )
        }
        self.packs = {
            (r[0], r[1], r[2], r[3])
            for r in fetch(
                "SELECT cell_id, batch_id, barcode, line_id FROM batch_tube WHERE cell_id = ANY(%s) "
                f"AND (tube_round = %s OR batch_id = ANY(%s)) {FAN_OUT}",
                (*args, sorted(set(batches))),
            )
        }


def compare(
    round_id: int,
    expected: Expected,
    keys: Mapping[str, Key],
    cells: Sequence[int],
    people: People,
) -> tuple[list[Difference], dict[str, State]]:
    """(differences, folded states) of the tubes of one round; `keys` is the directory."""
    mine = {
        b: told
        for b, told in expected.tubes.items()
        if (
            keys[b].round_id == round_id if b in keys else any(r == round_id for _, r in told.homes)
        )
    }
    packs = {p for p in expected.packs if p[2] in mine}
    tables = Tables(round_id, cells, (p[1] for p in packs))
    out: list[Difference] = []
    states: dict[str, State] = {}
    limits = limits_of(round_id)
    swabs_of: dict[str, set[int]] = defaultdict(set)
    for s, swab in tables.swabs.items():
        swabs_of[swab.barcode].add(s)
    for barcode, told in mine.items():
        told = _settled(told, expected.doubtful, tables, barcode, people)
        states[barcode] = folding.fold(
            [*told.lines.values(), *told.maybe.values()], told.binds.values(), round_id=round_id
        )
        key = keys.get(barcode)
        out += _where(barcode, told, key, tables)
        out += _tube(barcode, states[barcode], limits, tables)
        out += _custody(barcode, told, tables)
        out += _swabs(barcode, told, states[barcode], key, tables, swabs_of.get(barcode, set()))
        mine[barcode] = told
    out += _of_record(mine, states, tables)
    out += _strangers(mine, tables)
    out += _packs(packs, tables, expected.doubtful)
    out += _results(mine, expected, tables)
    return out, states


def _settled(told: Told, doubtful: set[int], tables: Tables, barcode: str, people: People) -> Told:
    """Without what is there only perhaps and is not there: both are right. A person who was merged
    into another is called as the row calls them."""
    held = tables.lines.get(barcode, {})
    binds = {}
    for i, b in told.binds.items():
        swab = tables.swabs.get(i)
        if swab is not None:
            row = Home(swab.bind.home_cell, swab.bind.person_id)
            if row != (b.home_cell, b.person_id) and people.same(
                row, Home(b.home_cell, b.person_id)
            ):
                b = b._replace(home_cell=row.cell_id, person_id=row.person_id)
        if i not in doubtful or swab is not None:
            binds[i] = b
    return Told(
        {i: ln for i, ln in told.lines.items() if i not in doubtful or i in held},
        {i: ln for i, ln in told.maybe.items() if i in held},
        binds,
        told.homes,
        told.opened,
    )


def _where(barcode: str, told: Told, key: Key | None, tables: Tables) -> list[Difference]:
    """Whether the directory and the row agree, and the place is one that the facts named."""
    row = tables.tubes.get(barcode)
    if key is None:
        return [Difference(barcode, "tube_key", "missing")]
    if row is not None and row["cell_id"] != key.cell_id:
        return [Difference(barcode, "tube_key", "elsewhere", {"cell": key.cell_id})]
    if told.opened and (key.cell_id, key.round_id) not in told.homes:
        detail = {"cell": key.cell_id, "round": key.round_id}
        return [Difference(barcode, "tube_key", "elsewhere", detail)]
    return []


def _tube(
    barcode: str, state: State, limits: Mapping[str, int], tables: Tables
) -> list[Difference]:
    row = tables.tubes.get(barcode)
    if row is None:
        return [Difference(barcode, "tube", "missing", {"stage": int(state.stage)})]
    due = rules.due_at(state.stage, state.since, limits)
    wrong = {}
    for name in FOLDED:
        told = due if name == "due_at" else getattr(state, name)
        if row[name] != told:
            wrong[name] = [_plain(row[name]), _plain(told)]
    return [Difference(barcode, "tube", "differs", wrong)] if wrong else []


def _custody(barcode: str, told: Told, tables: Tables) -> list[Difference]:
    held = tables.lines.get(barcode, {})
    out = []
    for line_id, line in told.lines.items():
        if line_id not in held:
            out.append(Difference(barcode, "custody", "missing", _line(line)))
        elif held[line_id][1] != line:
            out.append(Difference(barcode, "custody", "differs", _line(line)))
    for line_id, (_, line) in held.items():
        if line_id not in told.lines and line_id not in told.maybe:
            out.append(Difference(barcode, "custody", "not_told", _line(line)))
    return out


def _line(line: Line) -> dict[str, Any]:
    return {"verb": rules.Verb(line.verb).name.lower(), "device": line.device_id, "seq": line.seq}


def _swabs(
    barcode: str, told: Told, state: State, key: Key | None, tables: Tables, held: set[int]
) -> list[Difference]:
    out = []
    for s, bind in told.binds.items():
        swab = tables.swabs.get(s)
        if swab is None:
            out.append(Difference(barcode, "specimen", "missing", {"specimen": s}))
            continue
        wrong = [n for n in _SWAB if getattr(bind, n) != getattr(swab.bind, n)]
        if swab.barcode != barcode or (key is not None and swab.tube_cell != key.cell_id):
            wrong.append("tube")
        if swab.bind.void != state.voids.get(s):
            wrong.append("void")
        if wrong:
            detail = {"specimen": s, "fields": wrong}
            out.append(Difference(barcode, "specimen", "differs", detail))
            if swab.barcode != barcode:
                out.append(Difference(swab.barcode, "specimen", "not_told", {"specimen": s}))
    out += [
        Difference(barcode, "specimen", "not_told", {"specimen": s})
        for s in sorted(held - set(told.binds))
        if all(d.barcode != barcode or d.detail.get("specimen") != s for d in out)
    ]
    return out


def _of_record(
    mine: Mapping[str, Told], states: Mapping[str, State], tables: Tables
) -> list[Difference]:
    """Which of a person's swabs counts is decided over all of them."""
    by_person: dict[tuple[int, int], list[tuple[Bind, str]]] = defaultdict(list)
    for barcode, told in mine.items():
        for s, bind in told.binds.items():
            void = states[barcode].voids.get(s, 0)
            by_person[bind.home_cell, bind.person_id].append((bind._replace(void=void), barcode))
    out = []
    for binds in by_person.values():
        winner = folding.of_record([b for b, _ in binds])
        for bind, barcode in binds:
            swab = tables.swabs.get(bind.specimen_id)
            if swab is not None and swab.bind.of_record != (bind.specimen_id == winner):
                detail = {"specimen": bind.specimen_id, "fields": ["of_record"]}
                out.append(Difference(barcode, "specimen", "differs", detail))
    return out


def _strangers(mine: Mapping[str, Told], tables: Tables) -> list[Difference]:
    """Rows of tubes of which no journal and no command speaks."""
    out = [Difference(b, "tube", "not_told") for b in tables.tubes if b not in mine]
    out += [
        Difference(b, "custody", "not_told", _line(ln))
        for b, held in tables.lines.items()
        if b not in mine
        for _, ln in held.values()
    ]
    out += [
        Difference(swab.barcode, "specimen", "not_told", {"specimen": s})
        for s, swab in tables.swabs.items()
        if swab.barcode not in mine
    ]
    return out


def _packs(
    packs: set[tuple[int, int, str, int]], tables: Tables, doubtful: set[int]
) -> list[Difference]:
    out = [
        Difference(p[2], "batch_tube", "missing", {"batch": p[1]})
        for p in sorted(packs - tables.packs)
        if p[3] not in doubtful
    ]
    out += [
        Difference(p[2], "batch_tube", "not_told", {"batch": p[1]})
        for p in sorted(tables.packs - packs)
    ]
    return out


def _results(mine: Mapping[str, Told], expected: Expected, tables: Tables) -> list[Difference]:
    out = []
    told = {k: r for k, r in expected.results.items() if k[0] in mine}
    for (barcode, version), r in told.items():
        row = tables.results.get((barcode, version))
        detail: dict[str, Any] = {"version": version}
        if row is None:
            out.append(Difference(barcode, "result", "missing", detail))
            continue
        outcome, command, members, _ = row
        wrong = {
            "outcome": [outcome, r.outcome] if outcome != r.outcome else None,
            "command": [command, r.command_id] if command != r.command_id else None,
            "members": r.members is not None and sorted(members) != sorted(r.members),
        }
        if any(wrong.values()):
            fields = {k: v for k, v in wrong.items() if v}
            out.append(Difference(barcode, "result", "differs", detail | fields))
    out += [
        Difference(barcode, "result", "not_told", {"version": version})
        for barcode, version in tables.results
        if (barcode, version) not in told
    ]
    return out


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
