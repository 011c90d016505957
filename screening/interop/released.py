"""Released results of one tube, version by version, as the FHIR export tells them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from screening.db import fetch
from screening.errors import NotFound
from screening.interop.fhir import Measured, Tube
from screening.lab.queries.labs import LabRow, get_lab
from screening.lab.rules.well_rules import Outcome
from screening.registry.service.persons import ring
from screening.reporting.queries import ResultRow, list_results
from screening.tube.queries import get_key, get_tube, list_binds
from screening.tube.rules import Bind

_UNSURE = frozenset(
    ("grey", "instrument_positive", "instrument_negative", "instrument_doubt", "single_target")
)
_UNREAD = frozenset(("impossible_ct", "missing_target", "no_value", "omitted", "control_unread"))
_LATE = frozenset(("late", "cohort_limit", "beyond_max", "control_lost"))


class NotReleasedYet(NotFound):
    code = "no_released_result"
    zh = "没有已发布的结果，或没有这一版。"
    en = "There is no released result, or no such version."


def versions(barcode: str) -> list[Tube]:
    """Every released version, oldest first. Raises NoSuchTube, NotReleasedYet."""
    key = get_key(barcode)
    rows = list_results([key]).get(key, [])
    if not rows:
        raise NotReleasedYet()
    row = get_tube(key)
    binds = list_binds(row["home_cells"], key.round_id, [barcode]).get(barcode, [])
    lab = get_lab(row["lab_id"]) if row["lab_id"] is not None else None
    return [_version(r, rows[i - 1] if i else None, row, binds, lab) for i, r in enumerate(rows)]


def newest(barcode: str) -> Tube:
    return versions(barcode)[-1]


def get_version(barcode: str, number: int) -> Tube:
    for found in versions(barcode):
        if found.version == number:
            return found
    raise NotReleasedYet()


def _version(
    r: ResultRow,
    before: ResultRow | None,
    row: Mapping[str, Any],
    binds: Sequence[Bind],
    lab: LabRow | None,
) -> Tube:
    spoken = set(r.members)
    members = [b for b in binds if b.specimen_id in spoken]
    received = row["received_at"]
    times = sorted(min(b.at, received) if received else b.at for b in members)
    return Tube(
        barcode=r.barcode,
        version=r.version,
        outcome=r.outcome,
        before=before.outcome if before else None,
        released_at=r.released_at,
        sampled=(times[0], times[-1]) if times else (row["since"], row["since"]),
        received_at=received,
        members=sorted({pseudonym(b.home_cell, b.person_id) for b in members}) or ["unknown"],
        lab=lab.name if lab else "",
        lab_id=lab.lab_id if lab else None,
        targets=_targets(lab, r),
        reason=r.reason,
    )


def pseudonym(cell: int, person: int) -> str:
    """The same person is the same string in every export, and nobody else can tell who."""
    return ring().hash("fhir-person", f"{cell}-{person}").hex()


# --- targets ------------------------------------------------------------------------------------


def _targets(lab: LabRow | None, r: ResultRow) -> list[Measured]:
    """What the run measured. Where two persons decided otherwise than it, its numbers stay and
    what each target means is left open."""
    if lab is None or r.run_id is None:
        return []
    rows = fetch(
        "SELECT c.outcome, c.reasons, c.cts, s.body FROM call c JOIN run u "
        "ON u.cell_id = c.cell_id AND u.run_id = c.run_id "
        "LEFT JOIN rule_set s ON s.rule_id = u.rule_id "
        "WHERE c.cell_id = %s AND c.run_id = %s AND c.barcode = %s LIMIT 1",
        (lab.cell_id, r.run_id, r.barcode),
    )
    if not rows:
        return []
    outcome, reasons, cts, rule = rows[0]
    control = ((rule or {}).get("internal_control") or {}).get("name")
    agreed = outcome == r.outcome
    return [
        Measured(
            name, ct, _state(name, ct, outcome, reasons, control == name) if agreed else "unknown",
            control == name,
        )
        for name, ct in sorted(cts.items())
    ]  # fmt: skip


def _state(
    name: str, ct: float | None, outcome: int, reasons: Sequence[Mapping], control: bool
) -> str:
    codes = {x["code"] for x in reasons if x.get("target") == name}
    if codes & _UNREAD:
        return "unknown"
    if ct is None or codes & _LATE:
        return "not_detected"
    if control:
        return "detected"
    if outcome == Outcome.NEGATIVE:
        return "not_detected"
    return "uncertain" if codes & _UNSURE else "detected"
