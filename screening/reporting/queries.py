"""Reading for reporting: all that stands for or against a release, results, callbacks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from screening.db import fetch
from screening.errors import NotFound
from screening.lab.queries.alerts import alerts_of
from screening.lab.queries.labs import LabRow
from screening.places.rules import Place
from screening.reporting import rules
from screening.reporting.rules import Gap, Gate, Reading
from screening.tickets import service as tickets
from screening.tube.queries import Key, find_keys, list_binds, list_lines, list_tubes
from screening.tube.rules import Bind, Line


class Standing(NamedTuple):
    """One tube with all that decides about its result. `reviews`: {step: staff id} of its run."""

    key: Key
    tube: dict[str, Any]
    lines: list[Line]
    binds: list[Bind]
    test: Reading | None
    reviews: dict[int, int]
    gate: Gate

    @property
    def barcode(self) -> str:
        return self.key.barcode

    @property
    def inside(self) -> list[Bind]:
        return rules.inside(self.binds)

    @property
    def version(self) -> int:
        return self.tube["version"]


def standings(barcodes: Collection[str], lab: LabRow) -> dict[str, Standing]:
    """The tubes among `barcodes` that are known, each with everything for or against its release."""
    groups: dict[tuple[int, int], list[str]] = defaultdict(list)
    for key in find_keys(barcodes).values():
        groups[key.cell_id, key.round_id].append(key.barcode)
    out: dict[str, Standing] = {}
    for (cell, round_id), group in sorted(groups.items()):
        out |= _standings(cell, round_id, sorted(group), lab)
    return out


def _standings(cell: int, round_id: int, barcodes: list[str], lab: LabRow) -> dict[str, Standing]:
    tubes = list_tubes([Key(b, cell, round_id) for b in barcodes])
    lines = list_lines(cell, round_id, barcodes)
    binds = list_binds({c for t in tubes for c in t["home_cells"]}, round_id, barcodes)
    signed = _reviews(cell, round_id, barcodes)
    alerts = alerts_of(cell, round_id, barcodes)
    holds = tickets.holds(cell, round_id, barcodes)
    gaps = list_gaps({d for b in barcodes for d in _devices(lines[b], binds[b])})
    tests = {b: rules.current_test(lines[b]) for b in barcodes}
    states = run_states(lab, {t.run_id for t in tests.values() if t})
    out = {}
    for tube in tubes:
        b = tube["barcode"]
        test = tests[b]
        reviews = signed.get((b, test.run_id), {}) if test else {}
        gate = Gate(
            stage=tube["stage"],
            test=test,
            reviews=reviews,
            alerts=[a.kind for a in alerts.get(b, ())],
            members=len(rules.inside(binds[b])),
            complete=tube["complete"],
            holds=tube["holds"],
            hold_tickets=holds.get(b, ()),
            gap=rules.has_gap(lines[b], binds[b], gaps),
            run_state=states.get(test.run_id) if test else None,
        )
        key = Key(b, cell, round_id)
        out[b] = Standing(key, tube, lines[b], binds[b], test, reviews, gate)
    return out


def _devices(lines: Iterable[Line], binds: Iterable[Bind]) -> set[int]:
    return {x.device_id for group in (lines, binds) for x in group if x.device_id}


def _reviews(
    cell: int, round_id: int, barcodes: list[str]
) -> dict[tuple[str, int], dict[int, int]]:
    """{(barcode, run): {step: staff}}."""
    out: dict[tuple[str, int], dict[int, int]] = defaultdict(dict)
    for barcode, run_id, step, by in fetch(
        'SELECT barcode, run_id, step, "by" FROM review '
        "WHERE cell_id = %s AND round_id = %s AND barcode = ANY(%s)",
        (cell, round_id, barcodes),
    ):
        out[barcode, run_id][step] = by
    return out


def run_states(lab: LabRow, runs: Collection[int]) -> dict[int, str]:
    rows = fetch(
        "SELECT run_id, state FROM run WHERE cell_id = %s AND run_id = ANY(%s)",
        (lab.cell_id, list(runs)),
    )
    return dict(rows)


# The door stands above this floor: its tables are read here as they are.
_GAPS = (
    "SELECT b.device_id, b.journal_id, b.before + 1, b.first - 1, b.received_at, b.state = 1, "
    "j.last_at FROM (SELECT device_id, journal_id, branch, first, state, received_at, "
    "coalesce(max(last) OVER (PARTITION BY cell_id, device_id, journal_id, branch ORDER BY first "
    "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before FROM journal_block "
    "WHERE cell_id = ANY(%s) AND device_id = ANY(%s)) b "
    "JOIN journal j ON j.cell_id = ANY(%s) AND j.device_id = b.device_id "
    "AND j.journal_id = b.journal_id AND j.branch = b.branch "
    "WHERE b.first > b.before + 1 AND b.first > j.forked_at + 1"
)


def list_gaps(devices: Collection[int]) -> list[Gap]:
    """The numbers that the server does not hold of these devices' journals, filled ones left out."""
    if not devices:
        return []
    cells = [
        r[0]
        for r in fetch(
            "SELECT DISTINCT cell_id FROM device WHERE device_id = ANY(%s)", (list(devices),)
        )
    ]
    return [Gap(*r) for r in fetch(_GAPS, (cells, list(devices), cells))]


# --- results ----------------------------------------------------------------------------------


class ResultRow(NamedTuple):
    """One version of a tube's result."""

    cell_id: int
    round_id: int
    barcode: str
    version: int
    outcome: int
    run_id: int | None
    released_at: datetime
    released_by: int
    second_by: int
    reason: str | None
    command_id: int
    members: list[int]

    @property
    def key(self) -> Key:
        return Key(self.barcode, self.cell_id, self.round_id)


_RESULT = ", ".join(ResultRow._fields)


def list_results(keys: Iterable[Key]) -> dict[Key, list[ResultRow]]:
    """All versions of each tube, oldest first."""
    groups: dict[tuple[int, int], list[str]] = defaultdict(list)
    for key in keys:
        groups[key.cell_id, key.round_id].append(key.barcode)
    out: dict[Key, list[ResultRow]] = defaultdict(list)
    for (cell, round_id), barcodes in sorted(groups.items()):
        for row in fetch(
            f"SELECT {_RESULT} FROM result WHERE cell_id = %s AND round_id = %s "
            "AND barcode = ANY(%s) ORDER BY barcode, version",
            (cell, round_id, barcodes),
        ):
            found = ResultRow(*row)
            out[found.key].append(found)
    return out


def calls_of(lab: LabRow, barcodes: Collection[str]) -> dict[tuple[str, int], dict[str, Any]]:
    """{(barcode, run): {well, reasons, cts}} of tubes tested at this laboratory."""
    rows = fetch(
        "SELECT barcode, run_id, well, reasons, cts FROM call "
        "WHERE cell_id = %s AND barcode = ANY(%s) ORDER BY well DESC",
        (lab.cell_id, list(barcodes)),
    )
    return {(r[0], r[1]): {"well": r[2], "reasons": r[3], "cts": r[4]} for r in rows}


# --- corrections ------------------------------------------------------------------------------


class NoSuchCorrection(NotFound):
    code = "no_such_correction"
    zh = "没有这条更正申请。"
    en = "There is no such correction."


class CorrectionRow(NamedTuple):
    """A correction asked for; `state` asked, done or refused."""

    cell_id: int
    correction_id: int
    round_id: int
    barcode: str
    lab_id: int
    outcome: int
    reason: str
    asked_by: int
    asked_at: datetime
    settled_by: int | None
    settled_at: datetime | None
    state: str

    @property
    def key(self) -> Key:
        return Key(self.barcode, self.cell_id, self.round_id)


_CORRECTION = ", ".join(CorrectionRow._fields)


def lock_correction(cell: int, correction_id: int) -> CorrectionRow:
    rows = fetch(
        f"SELECT {_CORRECTION} FROM correction WHERE cell_id = %s AND correction_id = %s "
        "FOR UPDATE",
        (cell, correction_id),
    )
    if not rows:
        raise NoSuchCorrection()
    return CorrectionRow(*rows[0])


def place_of_correction(cell: int, correction_id: int) -> Place:
    """The laboratory whose desk settles it."""
    from screening.places.queries import place_of_lab

    rows = fetch(
        "SELECT lab_id FROM correction WHERE cell_id = %s AND correction_id = %s",
        (cell, correction_id),
    )
    if not rows:
        raise NoSuchCorrection()
    return place_of_lab(rows[0][0])


def list_corrections(
    labs: Sequence[LabRow], *, state: str | None = None, before: int | None = None, limit: int = 100
) -> list[CorrectionRow]:
    """Corrections of these laboratories, newest first, paged by number."""
    ids = [x.lab_id for x in labs]
    rows = fetch(
        f"SELECT /* fan-out: a correction lies with its tube, there are few */ {_CORRECTION} "
        "FROM correction WHERE lab_id = ANY(%s) AND (%s::text IS NULL OR state = %s) "
        "AND correction_id < %s ORDER BY correction_id DESC LIMIT %s",
        (ids, state, state, before or 2**62, limit),
    )
    return [CorrectionRow(*r) for r in rows]


# --- callbacks --------------------------------------------------------------------------------


class CallbackRow(NamedTuple):
    """A person called back, with where to find the person and how far it has come."""

    cell_id: int
    callback_id: int
    person_id: int
    community_id: int
    round_id: int
    tube_cell: int
    barcode: str
    reason: str
    state: str
    opened_at: datetime
    due_at: datetime
    sampled_at: datetime | None
    single_barcode: str | None
    closed_at: datetime | None
    outcome: int | None
    closed_why: str | None
    attempt: str | None
    attempt_at: datetime | None
    attempt_by: int | None


_CALLBACK = ", ".join(CallbackRow._fields)


def get_callback(cell: int, callback_id: int) -> CallbackRow:
    from screening.reporting.service.callbacks import NoSuchCallback

    rows = fetch(
        f"SELECT {_CALLBACK} FROM callback WHERE cell_id = %s AND callback_id = %s",
        (cell, callback_id),
    )
    if not rows:
        raise NoSuchCallback()
    return CallbackRow(*rows[0])


def list_callbacks(
    cells: Sequence[int],
    communities: Collection[int] | None = None,
    *,
    states: Sequence[str] = rules.RUNNING,
    after: int = 0,
    limit: int = rules.LIST_ROWS.value,
) -> list[CallbackRow]:
    """Callbacks of an area: its cells, and its communities where it is smaller than a cell.
    Paged by number."""
    rows = fetch(
        f"SELECT {_CALLBACK} FROM callback WHERE cell_id = ANY(%s) AND state = ANY(%s) "
        "AND (%s::bigint[] IS NULL OR community_id = ANY(%s)) AND callback_id > %s "
        "ORDER BY callback_id LIMIT %s",
        (
            list(cells),
            list(states),
            *(2 * [sorted(communities) if communities is not None else None]),
            after,
            limit,
        ),
    )
    return [CallbackRow(*r) for r in rows]


def callbacks_of_tube(key: Key, home_cells: Collection[int]) -> list[CallbackRow]:
    rows = fetch(
        f"SELECT {_CALLBACK} FROM callback WHERE cell_id = ANY(%s) AND round_id = %s "
        "AND barcode = %s ORDER BY callback_id",
        (sorted(home_cells), key.round_id, key.barcode),
    )
    return [CallbackRow(*r) for r in rows]


def callbacks_of_person(cell: int, person_id: int) -> list[CallbackRow]:
    rows = fetch(
        f"SELECT {_CALLBACK} FROM callback WHERE cell_id = %s AND person_id = %s "
        "ORDER BY opened_at, callback_id",
        (cell, person_id),
    )
    return [CallbackRow(*r) for r in rows]
