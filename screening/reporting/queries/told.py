"""What runs of a laboratory say by themselves, beside what the tubes' custody says of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from screening.db import fetch
from screening.lab.queries import LabRow
from screening.lab.rules.well_rules import DIFFERS, LOOSENED


class RunFacts(NamedTuple):
    """`plated`: tubes on its plate, None where it has none (a list of results); `calls`: tubes
    that it gives a call; `watched`: the kinds of the holds that lie on it."""

    state: str
    plated: int | None
    calls: int
    watched: Sequence[str] = ()


_FACTS = (
    "SELECT r.run_id, r.state, CASE WHEN p.plate_id IS NULL THEN NULL ELSE "
    "(SELECT count(DISTINCT w.barcode) FROM well w WHERE w.cell_id = r.cell_id "
    "AND w.plate_id = r.plate_id) END, "
    "(SELECT count(DISTINCT c.barcode) FROM call c WHERE c.cell_id = r.cell_id "
    "AND c.run_id = r.run_id), "
    "ARRAY(SELECT h.kind FROM run_hold h WHERE h.cell_id = r.cell_id AND h.run_id = r.run_id "
    "AND h.lifted_at IS NULL) "
    "FROM run r LEFT JOIN plate p ON p.cell_id = r.cell_id AND p.plate_id = r.plate_id "
    "WHERE r.cell_id = %s AND r.run_id = ANY(%s)"
)


def run_facts(lab: LabRow, runs: Collection[int]) -> dict[int, RunFacts]:
    if not runs:
        return {}
    return {r[0]: RunFacts(*r[1:]) for r in fetch(_FACTS, (lab.cell_id, sorted(runs)))}


def run_states(lab: LabRow, runs: Collection[int]) -> dict[int, str]:
    rows = fetch(
        "SELECT run_id, state FROM run WHERE cell_id = %s AND run_id = ANY(%s)",
        (lab.cell_id, list(runs)),
    )
    return dict(rows)


class Said(NamedTuple):
    """The call of one tube in one run; `decided`: somebody decided where the instrument differs."""

    outcome: int
    reasons: Sequence[dict[str, Any]]
    decided: bool = False

    @property
    def undecided(self) -> bool:
        return not self.decided and any(r["code"] in DIFFERS for r in self.reasons)

    @property
    def loosened(self) -> bool:
        return any(r["code"] == LOOSENED for r in self.reasons)


def said_of(
    lab: LabRow, runs: Collection[int], barcodes: Collection[str]
) -> dict[tuple[int, str], Said]:
    """{(run, barcode): what the run called the tube}."""
    if not runs:
        return {}
    rows = fetch(
        "SELECT c.run_id, c.barcode, c.outcome, c.reasons, EXISTS (SELECT FROM decision d "
        "WHERE d.cell_id = c.cell_id AND d.run_id = c.run_id AND d.barcode = c.barcode) "
        "FROM call c WHERE c.cell_id = %s AND c.run_id = ANY(%s) AND c.barcode = ANY(%s)",
        (lab.cell_id, sorted(runs), list(barcodes)),
    )
    return {(r[0], r[1]): Said(*r[2:]) for r in rows}
