"""What every act of the review desk starts with: the laboratory's own tubes, locked and read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from screening.errors import Problem
from screening.lab.queries.labs import LabRow, get_lab
from screening.lab.queries.runs import list_calls
from screening.reporting import gates, queries, refusals
from screening.reporting.queries import Standing
from screening.tickets.service import Finding, Subject, settle
from screening.tickets.tubes import settle_tubes
from screening.tube import service as tubes
from screening.tube.queries import find_keys, lock_rows
from screening.tube.rules import Verb
from screening.tube.service import MergedSet


class Bench(NamedTuple):
    """The laboratory at whose desk somebody acts, its tubes, and why others are not among them."""

    lab: LabRow
    tubes: dict[str, Standing]
    refused: list[Problem]


def tubes_of_run(lab: LabRow, run_id: int) -> list[str]:
    """The tubes of a run, by well."""
    return list(dict.fromkeys(c.barcode for c in list_calls(lab.cell_id, run_id)))


def bench(barcodes: Collection[str], lab_id: int, run_id: int | None = None) -> Bench:
    """Lock the tubes and read all that stands for or against their results. With `run_id` only
    what this run says is meant, and without `barcodes` all of it. Raises NoSuchLab."""
    lab = get_lab(lab_id)
    if run_id is not None and not barcodes:
        barcodes = tubes_of_run(lab, run_id)
    groups: dict[tuple[int, int], list[str]] = defaultdict(list)
    for key in find_keys(barcodes).values():
        groups[key.cell_id, key.round_id].append(key.barcode)
    for (cell, round_id), group in sorted(groups.items()):
        lock_rows(cell, round_id, group)
    found = queries.standings(barcodes, lab)
    mine: dict[str, Standing] = {}
    refused: list[Problem] = []
    for barcode in dict.fromkeys(barcodes):
        s = found.get(barcode)
        if s is None:
            refused.append(refusals.UnknownTube(barcode=barcode))
        elif s.tube["lab_id"] != lab_id:
            refused.append(refusals.OtherLab(barcode=barcode))
        elif run_id is not None and (s.test is None or s.test.run_id != run_id):
            refused.append(refusals.OtherRun(barcode=barcode))
        else:
            mine[barcode] = s
    return Bench(lab, mine, refused)


def by_round(standings: Iterable[Standing]) -> dict[int, list[Standing]]:
    """In the order of rounds, since each round is written as one set."""
    out: dict[int, list[Standing]] = defaultdict(list)
    for s in standings:
        out[s.key.round_id].append(s)
    return dict(sorted(out.items()))


def act(
    verb: Verb,
    lines: Mapping[str, Mapping[str, Any]],
    *,
    kind: str,
    lab: LabRow,
    round_id: int,
    by: int,
    at: datetime,
    body: Mapping[str, Any] | None = None,
) -> tuple[int, MergedSet]:
    """One command of this desk; tickets agree and counts are marked afterwards."""
    command, merged = tubes.advance(
        verb,
        lines,
        kind=kind,
        cell=lab.cell_id,
        round_id=round_id,
        by=by,
        at=at,
        recorded_at=at,
        body=body,
    )
    settle_tubes(merged, at=at)
    tubes.mark_dirty(merged.values())
    return command, merged


# What only this desk can see: nobody else reads journals, alerts and lists together.
OWN_KINDS = ("journal_gap", "alert_conflict")


def tell_doubts(standings: Collection[Standing], *, at: datetime) -> None:
    """Tickets for gaps and contradictions that this desk came upon; closed when they are gone."""
    found = []
    for s in standings:
        doubts = {
            "journal_gap": s.gate.gap,
            "alert_conflict": s.test is not None
            and gates.contradicts(s.test.outcome, s.gate.alerts),
        }
        found += [
            Finding(s.key.cell_id, s.key.round_id, kind, s.barcode, at, s.tube["site_id"],
                    s.tube["lab_id"])
            for kind, holds in doubts.items()
            if holds
        ]  # fmt: skip
    settle(found, [Subject(s.key.cell_id, s.barcode) for s in standings], OWN_KINDS, at=at)


def refuse(refused: Collection[Problem], zh: str, en: str) -> None:
    """Raise when nothing could be done and something was asked."""
    if refused:
        faults = [refusals.fault(p) for p in refused]
        raise refusals.Refused(faults, what_zh=zh, what_en=en)
