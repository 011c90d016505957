"""All that stands for or against a proof of one person, and the proofs that were made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from screening.db import fetch
from screening.interop.rules import Specimen
from screening.places import queries as places
from screening.reporting.queries import CalledRow, Story, SwabStory
from screening.reporting.rules import Swab
from screening.tickets import service as tickets
from screening.tube.queries import Key
from screening.tube.rules import NOT_IN_TUBE, RESAMPLE

# Every part names the tube's cell, so that each asks one place.
_TUBES = (
    "SELECT t.barcode, t.cell_id, t.round_id, t.received_at, t.holds, t.lab_id, r.version, "
    "r.outcome, r.members, a.unsettled, EXISTS (SELECT FROM correction c WHERE c.cell_id = t.cell_id "
    "AND c.round_id = t.round_id AND c.barcode = t.barcode AND c.state = 'asked') FROM tube t "
    "LEFT JOIN LATERAL (SELECT version, outcome, members FROM result "
    "WHERE cell_id = t.cell_id AND round_id = t.round_id AND barcode = t.barcode "
    "ORDER BY version DESC LIMIT 1) r ON true "
    "LEFT JOIN LATERAL (SELECT count(*) AS unsettled FROM alert WHERE cell_id = t.cell_id "
    "AND round_id = t.round_id AND barcode = t.barcode AND settled_at IS NULL) a ON true "
    "WHERE t.cell_id = ANY(%s) AND t.round_id = ANY(%s) AND t.barcode = ANY(%s)"
)


class _Tube(NamedTuple):
    received_at: datetime | None
    holds: int
    lab_id: int | None
    version: int | None
    outcome: int | None
    members: list[int] | None
    alerts: int
    asked: bool = False  # somebody says that the result is wrong


_UNKNOWN = _Tube(None, 0, None, None, None, None, 0)


def specimens_of(story: Story) -> list[Specimen]:
    """The swabs of one person that still say something, each with its tube."""
    rows = [s for s in story.swabs if s.void not in NOT_IN_TUBE or s.void in RESAMPLE]
    if not rows:
        return []
    asked = [sorted({s.tube_cell for s in rows}), sorted({s.round_id for s in rows})]
    found = fetch(_TUBES, [*asked, sorted({s.barcode for s in rows})])
    tubes = {Key(*r[:3]): _Tube(*r[3:]) for r in found}
    held = _held(rows)
    return [
        _specimen(s, tubes.get(s.key, _UNKNOWN), story.called.get(s.key), s.key in held)
        for s in rows
    ]


def _held(rows: Sequence[SwabStory]) -> set[Key]:
    groups: dict[tuple[int, int], set[str]] = {}
    for s in rows:
        groups.setdefault((s.tube_cell, s.round_id), set()).add(s.barcode)
    return {
        Key(barcode, cell, round_id)
        for (cell, round_id), barcodes in sorted(groups.items())
        for barcode in tickets.holds(cell, round_id, sorted(barcodes))
    }


def _specimen(s: SwabStory, tube: _Tube, called: CalledRow | None, held: bool) -> Specimen:
    members = tube.members or []
    swab = Swab(
        at=s.at,
        void=s.void,
        purpose=s.purpose,
        outcome=tube.outcome,
        covered=s.specimen_id in members,
        callback=called.state if called else None,
        callback_outcome=called.outcome if called else None,
        alone=len(members) == 1,
    )
    return Specimen(
        swab, s.specimen_id, s.round_id, s.tube_cell, s.barcode, tube.version or 0,
        tube.received_at, tube.alerts, held or tube.holds > 0 or tube.asked, len(members), tube.lab_id,
    )  # fmt: skip


class ProofRow(NamedTuple):
    proof_id: int
    sharers: int
    sampled_at: datetime
    expires_at: datetime
    made_at: datetime
    withdrawn_at: datetime | None


_PROOF = ", ".join(ProofRow._fields)


def get_proof(cell: int, specimen: int, version: int) -> ProofRow:
    rows = fetch(
        f"SELECT {_PROOF} FROM proof WHERE cell_id = %s AND specimen_id = %s AND version = %s",
        (cell, specimen, version),
    )
    return ProofRow(*rows[0])


def withdrawn_numbers(at: datetime) -> list[int]:
    """The proofs that would still hold at `at`, had they not been withdrawn."""
    cells = sorted({n.cell_id for n in places.TREE.get().by_id.values() if n.cell_id})
    rows = fetch(
        "SELECT /* fan-out: withdrawn proofs are few and have an index of their own */ proof_id "
        "FROM proof WHERE cell_id = ANY(%s) AND withdrawn_at IS NOT NULL AND expires_at > %s",
        (cells, at),
    )
    return [r[0] for r in rows]


def lab_names(ids: Sequence[int]) -> Mapping[int, str]:
    return dict(fetch("SELECT lab_id, name FROM lab WHERE lab_id = ANY(%s)", (list(ids),)))
