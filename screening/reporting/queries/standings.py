"""All that stands for or against a release, for many tubes at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from screening.db import fetch
from screening.lab.queries import LabRow, alerts_of
from screening.reporting import rules
from screening.reporting.gates import Gate
from screening.reporting.queries.told import RunFacts, Said, run_facts, said_of
from screening.reporting.rules import Gap, Reading
from screening.tickets import service as tickets
from screening.tube.queries import Key, find_keys, list_binds, list_lines, list_tubes
from screening.tube.rules import Bind, Line, Mode


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
    runs = {t.run_id for t in tests.values() if t}
    facts, said = run_facts(lab, runs), said_of(lab, runs, barcodes)
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
            **_of_run(tube, binds[b], test, facts, said),
        )
        key = Key(b, cell, round_id)
        out[b] = Standing(key, tube, lines[b], binds[b], test, reviews, gate)
    return out


def _of_run(
    tube: Mapping[str, Any],
    binds: list[Bind],
    test: Reading | None,
    facts: Mapping[int, RunFacts],
    said: Mapping[tuple[int, str], Said],
) -> dict[str, Any]:
    """What the run itself tells the gates; nothing where its row is not here."""
    if test is None:
        return {"run_state": None}
    run = facts.get(test.run_id)
    told = said.get((test.run_id, tube["barcode"]))
    alone = tube["mode"] == Mode.SINGLE and len(rules.inside(binds)) == 1
    return {
        "run_state": run.state if run else None,
        "called": told.outcome if told else None,
        "plated": run.plated if run else None,
        "calls": run.calls if run else 0,
        "watched": run.watched if run else (),
        "undecided": told is not None and told.undecided,
        "loosened": told is not None and told.loosened and not alone,
    }


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
