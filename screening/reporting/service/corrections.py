"""Correcting a released result: one person asks, another confirms, a new version travels."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from screening.accounts.audit import note
from screening.accounts.roles import Actor, Role
from screening.accounts.signing import sign
from screening.db import insert, new_id, run
from screening.errors import Conflict, NotAllowed, Problem
from screening.lab.rules.well_rules import Outcome
from screening.lab.service import alerts
from screening.places.queries import place_of_lab
from screening.reporting import gates, queries, refusals, rules
from screening.reporting.queries import CorrectionRow, Standing
from screening.reporting.service import callbacks, packages, proofs, releases
from screening.reporting.service.changes import CHANGED
from screening.reporting.service.desk import act, bench, refuse
from screening.tickets.service import Subject, settle
from screening.tube.rules import Verb


class OneCorrection(Conflict):
    code = "correction_open"
    zh = "这支试管已有一条待确认的更正。"
    en = "A correction of this tube is already waiting."
    constraint = "uq_correction_open"


class NoReason(Problem):
    status = 422
    code = "no_reason"
    zh = "请写明更正原因。"
    en = "Say why the result is corrected."


class UnknownOutcome(Problem):
    status = 422
    code = "unknown_outcome"
    zh = "不认识这个结果。"
    en = "This outcome is not known."


class OwnCorrection(Problem):
    status = 403
    code = "own_correction"
    zh = "更正须由另一名审核员确认。"
    en = "A correction is confirmed by another reviewer."


class Settled(Conflict):
    code = "correction_settled"
    zh = "这条更正已经处理过。"
    en = "This correction has been settled already."


def ask_correction(
    barcode: str, outcome: int, reason: str, *, lab_id: int, by: Actor, secret: str, at: datetime
) -> int:
    """Ask that a released result be replaced; returns the correction's number. Who says that a tube
    is bad after all is heard at once: no second person delays a signal.

    The same outcome is a way to say that the result now speaks of the changed list."""
    _check(by, lab_id)
    if outcome not in set(Outcome):
        raise UnknownOutcome()
    if not reason.strip():
        raise NoReason()
    sign(by, secret)
    s = _released(barcode, lab_id)
    if queries.find_waiting(s.key):
        raise OneCorrection()
    number = new_id()
    columns = (
        "cell_id", "correction_id", "round_id", "barcode", "lab_id", "outcome", "reason",
        "asked_by", "asked_at", "state",
    )  # fmt: skip
    row = (s.key.cell_id, number, s.key.round_id, barcode, lab_id, outcome, reason.strip(),
           by.staff_id, at, rules.ASKED)  # fmt: skip
    insert("correction", columns, [row])
    _tell(s, outcome, lab_id, at)
    note("correction_asked", "tube", barcode, cell=s.key.cell_id)
    return number


def _check(by: Actor, lab_id: int) -> None:
    if not by.may((Role.LAB_REVIEWER,), place_of_lab(lab_id)):
        raise NotAllowed()


def _released(barcode: str, lab_id: int) -> Standing:
    _, found, refused = bench([barcode], lab_id)
    if not found:
        refuse(refused, "更正", "corrected")
    s = found[barcode]
    if not s.version:
        raise refusals.NotReleased(barcode=barcode)
    return s


def settle_correction(
    cell: int, number: int, *, agree: bool, by: Actor, secret: str, at: datetime
) -> CorrectionRow:
    """The second person confirms or refuses; confirmed, the new version goes out at once.

    Raises OwnCorrection, Settled, and Refused where a negative would speak of an unsure list."""
    row = queries.lock_correction(cell, number)
    _check(by, row.lab_id)
    if row.state != rules.ASKED:
        raise Settled()
    if row.asked_by == by.staff_id and agree:
        raise OwnCorrection()
    sign(by, secret)
    if agree:
        _correct(row, by.staff_id, at)
    state = rules.DONE if agree else rules.REFUSED
    run(
        "UPDATE correction SET state = %s, settled_by = %s, settled_at = %s "
        "WHERE cell_id = %s AND correction_id = %s",
        (state, by.staff_id, at, cell, number),
    )
    return row._replace(state=state, settled_by=by.staff_id, settled_at=at)


def _correct(row: CorrectionRow, by: int, at: datetime) -> None:
    s = _released(row.barcode, row.lab_id)
    against = [refusals.problem(code, s) for code in _against(s, row.outcome)]
    refuse(against, "更正", "corrected")
    version = s.version + 1
    members = [b.specimen_id for b in s.inside]
    lines = {s.barcode: {"data": releases.line_data(row.outcome, version)}}
    lab = bench([], row.lab_id).lab
    command, _ = act(
        Verb.CORRECT, lines, kind="correct", lab=lab, round_id=s.key.round_id, by=by, at=at,
        body={"members": {s.barcode: members}, "correction": str(row.correction_id)},
    )  # fmt: skip
    run_id = s.test.run_id if s.test else None
    releases.write([
        (s.key.cell_id, s.key.round_id, s.barcode, version, row.outcome, run_id, at, row.asked_by,
         by, row.reason, command, members)
    ])  # fmt: skip
    told = _tell(s, row.outcome, row.lab_id, at)
    releases.settle_alerts([s], by, "released", at, told=told)
    settle([], [Subject(s.key.cell_id, s.barcode)], (CHANGED,), at=at)
    proofs.withdraw(s.key, s.tube["home_cells"], row.outcome, members, at=at)
    packages.send(
        [releases.package("correction", s, version, row.outcome, row.lab_id, command, row.reason)],
        at=at,
    )
    if row.outcome in rules.CALLS_BACK:
        callbacks.withdraw_removed(s.key, s.tube["home_cells"], s.inside, at=at)
    else:
        callbacks.withdraw_tube(s.key, s.tube["home_cells"], "corrected", at=at)
    releases.follow([s], {s.barcode: row.outcome}, at)


def _tell(s: Standing, outcome: int, lab_id: int, at: datetime) -> bool:
    """A tube that becomes bad without a signal of its own: those on duty are called as for any."""
    if s.gate.alerts or outcome not in rules.CALLS_BACK or s.tube["outcome"] in rules.CALLS_BACK:
        return False
    run_id = s.test.run_id if s.test else None
    signal = {s.barcode: Outcome(outcome)}
    alerts.raise_signals(
        signal, {s.barcode: s.key}, lab_id=lab_id, run_id=run_id, provisional=False, at=at
    )
    return True


def _against(s: Standing, outcome: int) -> Sequence[str]:
    """A bad result may always be told; a negative speaks of a list that is sure and complete, and
    nothing but a bad result goes out over a signal that is still open."""
    signal = bool(s.gate.alerts) and outcome not in rules.CALLS_BACK
    return ["alert_conflict"] * signal + (_of_list(s) if outcome == Outcome.NEGATIVE else [])


def _of_list(s: Standing) -> list[str]:
    codes = [] if s.gate.complete else ["list_incomplete" if s.gate.members else "no_persons"]
    if s.gate.gap:
        codes.append("journal_gap")
    if set(s.gate.hold_tickets) - {CHANGED} - gates.TOLD_ELSEWHERE:
        codes.append("held")
    return codes
