"""Figures of results: released tubes, first signals, re-samples and by which channel they came."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

from screening.bulletins.gathering.chain import taken
from screening.bulletins.gathering.frame import ALL_CELLS, Frame, Group
from screening.bulletins.gathering.people import People
from screening.bulletins.rules import written
from screening.db import fetch
from screening.lab.well_rules import Outcome
from screening.reporting import rules as reporting
from screening.tube.rules import Mode

SIGNALS = (Outcome.POSITIVE, Outcome.INCONCLUSIVE)
MODES = {Mode.SINGLE: "single", Mode.HOUSEHOLD: "household", Mode.POOLED: "pooled"}
CHANNELS = {
    "community": "pos_community", "arrival": "pos_community", "isolation": "pos_isolation",
    "locked": "pos_locked", "key": "pos_key",
}  # fmt: skip


class Signal(NamedTuple):
    """A screened tube with a first signal, as far as it has come."""

    barcode: str
    cell_id: int
    site_id: int | None
    lab_id: int | None
    mode: int
    channel: str | None
    closed_at: Any
    members: int
    outcome: int | None
    version: int


def signals(f: Frame) -> list[Signal]:
    """Released tubes that are positive or doubtful, and those with an open alert; the tubes of
    re-samples belong to their callbacks and stand in no list of their own."""
    rows = fetch(
        "SELECT t.barcode, t.cell_id, t.site_id, t.lab_id, t.mode, t.channel, t.closed_at, "
        "t.members, t.outcome, t.version FROM tube t WHERE t.cell_id = ANY(%(cells)s) "
        "AND t.round_id = %(round)s AND (t.version > 0 AND t.outcome = ANY(%(signals)s) "
        "OR EXISTS (SELECT FROM alert a WHERE a.cell_id = t.cell_id AND a.round_id = t.round_id "
        "AND a.barcode = t.barcode AND a.settled_at IS NULL)) "
        f"ORDER BY t.closed_at, t.barcode {ALL_CELLS}",
        {"cells": f.cells, "round": f.round_id, "signals": [int(s) for s in SIGNALS]},
    )
    found = [s for s in map(Signal._make, rows) if f.owns(s.site_id)]
    again = _single_barcodes(f, [s.barcode for s in found])
    return [s for s in found if s.barcode not in again]


def _single_barcodes(f: Frame, barcodes: list[str]) -> set[str]:
    rows = fetch(
        "SELECT DISTINCT single_barcode FROM callback WHERE cell_id = ANY(%s) AND round_id = %s "
        f"AND single_barcode = ANY(%s) {ALL_CELLS}",
        (f.every_cell, f.round_id, barcodes),
    )
    return {r[0] for r in rows}


def callbacks(f: Frame, barcodes: list[str]) -> dict[str, Counter[str]]:
    """{tube: open, sampled, negative, positive, other, late}; withdrawn ones are gone."""
    out: dict[str, Counter[str]] = {}
    for barcode, state, outcome, late, n in fetch(
        "SELECT barcode, state, outcome, state = 'open' AND due_at < %s, count(*) FROM callback "
        "WHERE cell_id = ANY(%s) AND round_id = %s AND barcode = ANY(%s) AND state <> %s "
        f"GROUP BY 1, 2, 3, 4 {ALL_CELLS}",
        (f.at, f.every_cell, f.round_id, barcodes, reporting.WITHDRAWN),
    ):
        found = out.setdefault(barcode, Counter())
        if state == reporting.CLOSED:
            state = {Outcome.NEGATIVE: "negative", Outcome.POSITIVE: "positive"}.get(
                outcome, "other"
            )
        found[state] += n
        found["late"] += n if late else 0
    return out


class Results:
    """What results say of the area, counted once."""

    def __init__(self, people: People) -> None:
        f = people.frame
        self.frame, self.people = f, people
        self.signals = signals(f)
        self.callbacks = callbacks(f, [s.barcode for s in self.signals])

    @property
    def tubes(self) -> int:
        return sum(g.tubes for g in self.frame.groups if taken(g))

    @property
    def released(self) -> int:
        return sum(g.tubes for g in self.frame.groups if taken(g) and g.released)

    def count(self, word: str) -> int:
        return sum(c[word] for c in self.callbacks.values())

    @property
    def running(self) -> int:
        return self.count("open") + self.count("sampled")


def positives(r: Results) -> list[dict[str, Any]]:
    f = r.frame
    out = []
    for s in r.signals:
        c = r.callbacks.get(s.barcode, Counter())
        running = c["open"] + c["sampled"]
        state = "waiting" if not sum(c.values()) else "working" if running else "finished"
        site = f.sites.get(s.site_id or 0)
        out.append({
            "tube": s.barcode, "site": site.name if site else "", "taken": written(s.closed_at),
            "lab": f.labs.get(s.lab_id or 0, ""), "mode": MODES.get(Mode(s.mode)) if s.mode else "unsaid",
            "persons": s.members, "open": c["open"], "sampled": c["sampled"],
            "negative": c["negative"], "positive": c["positive"], "state": state,
        })  # fmt: skip
    return out


KEYS = (
    "resulted", "released", "negative", "p20", "p10", "family", "single", "persons", "done",
    "pos_community", "pos_isolation", "pos_locked", "pos_key", "invalid", "corrected",
)  # fmt: skip


def results(r: Results) -> list[dict[str, Any]]:
    f = r.frame
    rows: list[tuple[str, dict[str, int]]] = [
        (name, {"resulted": row.resulted}) for name, row in r.people.parts.items()
        if name in f.names
    ]  # fmt: skip
    rows += [(f.part_of_site(g.site_id), _tubes(g)) for g in f.groups if taken(g) and g.released]
    sizes = {s.barcode: _size(s) for s in r.signals}
    pools = _pool_sizes(f, list(sizes))
    for s in r.signals:
        c = r.callbacks.get(s.barcode, Counter())
        numbers = {"persons": s.members, "done": c["negative"] + c["positive"] + c["other"]}
        if s.version == 0 or c["open"] + c["sampled"]:
            kind = sizes[s.barcode] or ("p20" if pools.get(s.barcode, 0) > 10 else "p10")
            numbers[kind] = 1
        if c["positive"]:
            numbers[CHANNELS.get(s.channel or "", "pos_community")] = c["positive"]
        rows.append((f.part_of_site(s.site_id), numbers))
    out = f.by_part(rows, KEYS)
    if len(out) == 1 and f.names == [f.node.name]:
        out[0]["resulted"] = r.people.whole.resulted
    return out


def _tubes(g: Group) -> dict[str, int]:
    return {
        "released": g.tubes,
        "negative": g.tubes if g.outcome == Outcome.NEGATIVE else 0,
        "invalid": g.tubes if g.outcome == Outcome.INVALID else 0,
        "corrected": g.tubes if g.version > 1 else 0,
    }


def _size(s: Signal) -> str:
    return {Mode.SINGLE: "single", Mode.HOUSEHOLD: "family"}.get(s.mode, "")  # type: ignore[call-overload]


def _pool_sizes(f: Frame, barcodes: list[str]) -> dict[str, int]:
    rows = fetch(
        "SELECT barcode, pool_size FROM tube WHERE cell_id = ANY(%s) AND round_id = %s "
        f"AND barcode = ANY(%s) {ALL_CELLS}",
        (f.cells, f.round_id, barcodes),
    )
    return dict(rows)
