"""Named decisions before a release: where the instrument calls otherwise, and holds on a run."""

from __future__ import annotations

from datetime import datetime

from screening.accounts.audit import note
from screening.accounts.roles import Actor, Role
from screening.accounts.signing import sign
from screening.db import insert
from screening.errors import Conflict, NotAllowed, Problem
from screening.lab.queries import LabRow, get_lab
from screening.lab.queries.holds import HoldRow, get_hold, holds_of
from screening.lab.queries.runs import get_run
from screening.lab.service import watch
from screening.places.queries import place_of_lab
from screening.reporting import refusals
from screening.reporting.queries import Standing, said_of
from screening.reporting.service.desk import act, bench, refuse
from screening.tickets.service import Subject, settle
from screening.tube.rules import Stage, Verb

KEEP, RERUN = "keep", "rerun"


class NothingDiffers(Conflict):
    code = "nothing_differs"
    zh = "试管 {barcode} 的仪器判读与本系统一致，或已有决定。"
    en = "The instrument agrees on tube {barcode}, or somebody has decided."


class NoReasonGiven(Problem):
    status = 422
    code = "no_reason_given"
    zh = "请写明理由。"
    en = "Say why."


class AlreadyLifted(Conflict):
    code = "hold_lifted"
    zh = "这条暂缓已经解除。"
    en = "This hold has been lifted."


class OwnLift(Problem):
    status = 403
    code = "own_lift"
    zh = "暂缓须由另一人解除。"
    en = "A hold is lifted by another person."


def _check(by: Actor, lab_id: int) -> LabRow:
    if not by.may((Role.LAB_REVIEWER,), place_of_lab(lab_id)):
        raise NotAllowed()
    return get_lab(lab_id)


def _reason(text: str) -> str:
    if not text.strip():
        raise NoReasonGiven()
    return text.strip()


# --- the instrument says otherwise --------------------------------------------------------------


def decide(
    barcode: str, how: str, reason: str, *, lab_id: int, by: Actor, secret: str, at: datetime
) -> str:
    """Say of a tube that the instrument calls otherwise: `keep` our call, or `rerun` the tube.

    Signed, with a reason. Raises NothingDiffers, NoReasonGiven, and what `sign` raises."""
    _check(by, lab_id)
    why = _reason(reason)
    sign(by, secret)
    lab, found, refused = bench([barcode], lab_id)
    refuse(refused, "决定", "decided")
    s = found[barcode]
    if s.test is None or not Stage.TESTED <= s.gate.stage < Stage.RELEASED:
        raise refusals.NotTested(barcode=barcode)
    said = said_of(lab, [s.test.run_id], [barcode]).get((s.test.run_id, barcode))
    if said is None or not said.undecided:
        raise NothingDiffers(barcode=barcode)
    columns = ("cell_id", "run_id", "barcode", "how", "reason", "by", "at")
    insert("decision", columns, [(lab.cell_id, s.test.run_id, barcode, how, why, by.staff_id, at)])
    note("call_decided", "tube", barcode, cell=s.key.cell_id, detail={"how": how})
    if how == RERUN:
        _rerun(s, lab, by.staff_id, at)
    return how


def _rerun(s: Standing, lab: LabRow, by: int, at: datetime) -> None:
    assert s.test is not None
    act(Verb.RERUN, {s.barcode: {"answers": s.test.plating}}, kind="rerun", lab=lab,
        round_id=s.key.round_id, by=by, at=at, body={"run": s.test.run_id})  # fmt: skip


# --- a run on hold ------------------------------------------------------------------------------


def lift_hold(
    lab_id: int, hold_id: int, reason: str, *, by: Actor, secret: str, at: datetime
) -> HoldRow:
    """Two persons lift a hold: the first says why, the second agrees. Both sign.

    Raises OwnLift, AlreadyLifted, NoReasonGiven."""
    lab = _check(by, lab_id)
    row = get_hold(lab, hold_id, lock=True)
    if row.lifted_at is not None:
        raise AlreadyLifted()
    if row.asked_by == by.staff_id:
        raise OwnLift()
    why = _reason(reason) if row.asked_by is None else ""
    sign(by, secret)
    if row.asked_by is None:
        watch.ask_lift(row.cell_id, hold_id, why, by=by.staff_id, at=at)
        note("hold_lift_asked", "run", row.run_id, cell=row.cell_id, detail={"kind": row.kind})
    else:
        watch.lift(row.cell_id, hold_id, by=by.staff_id, at=at)
        note("hold_lifted", "run", row.run_id, cell=row.cell_id, detail={"kind": row.kind})
        _close_ticket(lab, row, at)
    return get_hold(lab, hold_id)


def _close_ticket(lab: LabRow, row: HoldRow, at: datetime) -> None:
    """The ticket of the plate ends with the last of its holds."""
    if not holds_of(lab, [row.run_id]):
        plate = get_run(lab, row.run_id).plate_id
        settle([], [Subject(lab.cell_id, str(plate))], (watch.TICKET,), at=at)
