"""The two reviews of a result, by two persons, each signed at the moment it is given."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from screening.accounts.audit import note
from screening.accounts.roles import Actor, Role
from screening.accounts.signing import CLOSE_MINUTES, sign
from screening.db import by_cell, fetch, insert
from screening.errors import NotAllowed, Problem
from screening.lab.rules.well_rules import Outcome
from screening.places.queries import place_of_lab
from screening.reporting import refusals
from screening.reporting.queries import Standing
from screening.reporting.service.desk import act, bench, by_round, refuse, tell_doubts
from screening.tube.rules import Stage, Verb

_COLUMNS = (
    "cell_id", "round_id", "barcode", "run_id", "step", "outcome", "by", "at", "command_id",
    "desk",
)  # fmt: skip
WHO = {
    1: (Role.LAB_TECHNICIAN, Role.LAB_REVIEWER),
    2: (Role.LAB_REVIEWER,),
}


class Reviewed(NamedTuple):
    """Which tubes were signed now, which this person had signed before, which could not be."""

    signed: list[str]
    repeated: list[str]
    refused: list[Problem]


def review(
    barcodes: Collection[str],
    step: int,
    *,
    lab_id: int,
    by: Actor,
    secret: str,
    at: datetime,
    run_id: int | None = None,
    desk: bytes | None = None,
) -> Reviewed:
    """Sign step 1 or 2 of these tubes of one laboratory.

    With `run_id` only what that run says is signed, and without `barcodes` all its plain negatives:
    a negative plate is one act, whatever else there is must be named. Step 1 is
    anybody's who tests there, step 2 another reviewer's. `desk`: the browser that signs; two
    signatures at one, close together, are marked for the auditor. Raises NotAllowed, the errors
    of `sign`, and Refused when not one of them could be signed."""
    if step not in WHO or not by.may(WHO[step], place_of_lab(lab_id)):
        raise NotAllowed()
    sign(by, secret)
    lab, found, refused = bench(barcodes, lab_id, run_id)
    signed: list[Standing] = []
    repeated: list[str] = []
    for s in found.values():
        against = _against(s, step, by.staff_id)
        if against is not None:
            refused.append(against)
        elif s.reviews.get(step) == by.staff_id:
            repeated.append(s.barcode)
        elif not barcodes and not is_plain(s):
            refused.append(refusals.LookAlone(barcode=s.barcode))
        else:
            signed.append(s)
    if not signed and not repeated:
        refuse(refused, "审核", "reviewed")
    for round_id, group in by_round(signed).items():
        lines = {
            s.barcode: {"answers": s.test.plating, "data": {"run": s.test.run_id, "step": step}}
            for s in group
            if s.test
        }
        command, _ = act(Verb.REVIEW, lines, kind="review", lab=lab, round_id=round_id,
                         by=by.staff_id, at=at, body={"step": step})  # fmt: skip
        mark_one_desk(group, step, by.staff_id, at, desk)
        _write(group, step, by.staff_id, at, command, desk)
    tell_doubts(signed, at=at)
    return Reviewed([s.barcode for s in signed], repeated, refused)


def is_plain(s: Standing) -> bool:
    """A negative that the instrument calls negative too."""
    return s.test is not None and s.test.outcome == Outcome.NEGATIVE and not s.gate.undecided


def _against(s: Standing, step: int, by: int) -> Problem | None:
    if s.test is None or not Stage.TESTED <= s.gate.stage <= Stage.RELEASED:
        return refusals.NotTested(barcode=s.barcode)
    if s.reviews.get(step) == by:
        return None
    if s.gate.stage == Stage.RELEASED or step in s.reviews:
        return refusals.SignedByOther(barcode=s.barcode)
    if step == 2 and 1 not in s.reviews:
        return refusals.FirstMissing(barcode=s.barcode)
    if step == 2 and s.reviews[1] == by:
        return refusals.OneReviewer(barcode=s.barcode)
    return None


def mark_one_desk(
    group: Sequence[Standing], step: int | str, by: int, at: datetime, desk: bytes | None
) -> None:
    """One line of audit a run: allowed, since a small laboratory may have one computer, but told.

    `step`: 1, 2, or "release"; only what another person signed at this browser counts."""
    if desk is None:
        return
    found: Counter[tuple[int, int, int]] = Counter()
    for (cell, round_id), barcodes in _by_cell_and_round(group).items():
        rows = fetch(
            'SELECT run_id, "by" FROM review WHERE cell_id = %s AND round_id = %s '
            'AND barcode = ANY(%s) AND "by" <> %s AND desk = %s AND at > %s',
            (cell, round_id, barcodes, by, desk, at - timedelta(minutes=CLOSE_MINUTES.value)),
        )
        found.update((cell, run_id, other) for run_id, other in rows)
    for (cell, run_id, other), tubes in found.items():
        detail = {"tubes": tubes, "other": str(other), "step": step}
        note("signed_at_one_desk", "run", run_id, cell=cell, detail=detail, staff_id=by)


def _by_cell_and_round(group: Sequence[Standing]) -> dict[tuple[int, int], list[str]]:
    out: dict[tuple[int, int], list[str]] = defaultdict(list)
    for s in group:
        out[s.key.cell_id, s.key.round_id].append(s.barcode)
    return out


def _write(
    group: Sequence[Standing], step: int, by: int, at: datetime, command: int, desk: bytes | None
) -> None:
    rows = [
        (s.key.cell_id, s.key.round_id, s.barcode, s.test.run_id, step, s.test.outcome, by, at,
         command, desk)
        for s in group
        if s.test
    ]  # fmt: skip
    for _, part in by_cell(rows):
        insert("review", _COLUMNS, part)
