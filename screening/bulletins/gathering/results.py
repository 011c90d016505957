"""Figures of results: released tubes, first signals, re-samples and by which channel they came."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

from screening.bulletins.gathering.chain import RELEASED, released
from screening.bulletins.gathering.frame import ALL_CELLS, Frame, Group
from screening.bulletins.gathering.people import People
from screening.bulletins.rules import written
from screening.db import fetch
from screening.figures.queries.positives import list_positive
from screening.lab.rules.well_rules import Outcome
from screening.reporting import rules as reporting
from screening.tube.rules import Mode, Purpose

MODES = {Mode.SINGLE: "single", Mode.HOUSEHOLD: "household", Mode.POOLED: "pooled"}
DOUBTFUL = int(Outcome.INCONCLUSIVE)  # written out below: an index holds these tubes alone
CHANNELS = {
    "community": "pos_community", "arrival": "pos_community", "isolation": "pos_isolation",
    "locked": "pos_locked", "key": "pos_key",
}  # fmt: skip


class Signal(NamedTuple):
    """A screened tube that somebody must act upon; `first`: it counts as a first signal."""

    barcode: str
    first: bool
    site_id: int | None
    lab_id: int | None
    mode: int
    pool_size: int
    channel: str | None
    closed_at: Any
    members: int
    released: bool


def signals(f: Frame) -> list[Signal]:
    """What `positive_tubes` counts, and beside it the doubtful ones and those with an open alert.
    The tubes of re-samples belong to their callbacks and stand in no list of their own."""
    first = {t.barcode for t in list_positive(f.round_id, f.sight)}
    open_alerts = fetch(
        "SELECT barcode FROM alert WHERE cell_id = ANY(%s) AND round_id = %s "
        f"AND settled_at IS NULL {ALL_CELLS}",
        (f.cells, f.round_id),
    )
    rows = fetch(
        "SELECT t.barcode, t.barcode = ANY(%(first)s), t.site_id, t.lab_id, t.mode, t.pool_size, "
        "t.channel, t.closed_at, t.members, t.stage = ANY(%(released)s) FROM tube t "
        "WHERE t.cell_id = ANY(%(cells)s) AND t.round_id = %(round)s "
        f"AND (t.barcode = ANY(%(asked)s) OR (t.version > 0 AND t.outcome = {DOUBTFUL})) "
        f"ORDER BY t.closed_at, t.barcode {ALL_CELLS}",
        {
            "first": sorted(first), "asked": sorted(first | {r[0] for r in open_alerts}),
            "cells": f.cells, "round": f.round_id, "released": [int(x) for x in RELEASED],
        },
    )  # fmt: skip
    found = [s for s in map(Signal._make, rows) if s.first or f.owns(s.site_id)]
    again = _rechecks(f, [s.barcode for s in found if not s.first])
    return [s for s in found if s.barcode not in again]


def _rechecks(f: Frame, barcodes: list[str]) -> set[str]:
    rows = fetch(
        "SELECT DISTINCT barcode FROM specimen WHERE cell_id = ANY(%s) AND round_id = %s "
        f"AND barcode = ANY(%s) AND purpose = %s {ALL_CELLS}",
        (f.every_cell, f.round_id, barcodes, int(Purpose.RECHECK)),
    )
    return {r[0] for r in rows} if barcodes else set()


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

    def count(self, word: str) -> int:
        """How many re-samples of these tubes are `word`: open, sampled, negative, positive, other."""
        return sum(c[word] for c in self.callbacks.values())

    @property
    def unfollowed(self) -> int:
        """Signals without any call-back that stands, such as those of a tube without a list."""
        return sum(not sum(self.callbacks.get(s.barcode, Counter()).values()) for s in self.signals)


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
            "signal": "positive" if s.first else "inconclusive",
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
    rows += [(f.part_of_site(g.site_id), _tubes(g)) for g in f.groups if released(g)]
    for s in r.signals:
        c = r.callbacks.get(s.barcode, Counter())
        numbers = {"persons": s.members, "done": c["negative"] + c["positive"] + c["other"]}
        if not s.released or c["open"] + c["sampled"]:
            numbers[_size(s)] = 1
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
        "negative": g.negative,
        "invalid": g.invalid,
        "corrected": g.corrected,
    }


def _size(s: Signal) -> str:
    if s.mode in (Mode.SINGLE, Mode.HOUSEHOLD):
        return "single" if s.mode == Mode.SINGLE else "family"
    return "p20" if s.pool_size > 10 else "p10"
