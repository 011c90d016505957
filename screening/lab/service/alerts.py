"""Alerts: raised at import or by hand, called out, acknowledged, cleared by two. Never deleted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from screening.accounts.audit import note
from screening.accounts.signing import Signature
from screening.db import by_cell, insert, new_id, run
from screening.errors import Conflict, Problem
from screening.lab import queries
from screening.lab.queries import AlertRow, members
from screening.lab.rules import duty_rules
from screening.lab.rules.well_rules import Outcome
from screening.lab.service import calling
from screening.lab.service.calling import Alerted
from screening.lab.words import CLEARINGS, RESAMPLED
from screening.places.rules import Place
from screening.tube.labels import read_tube
from screening.tube.queries import Key, NoSuchTube, get_key, get_tube

KIND_OF = {Outcome.POSITIVE: "positive", Outcome.INCONCLUSIVE: "inconclusive"}


class AlertSettled(Conflict):
    code = "alert_settled"
    zh = "这条预警已经处理完毕。"
    en = "This alert has been settled."


class NotSeenYet(Conflict):
    code = "alert_not_seen"
    zh = "请先确认收到这条预警，再处理。"
    en = "Acknowledge the alert before settling it."


class OwnAlert(Problem):
    status = 403
    code = "own_alert"
    zh = "人工发出的预警须由另外两人解除。"
    en = "An alert raised by hand is cleared by two other persons."


class SecondPerson(Problem):
    status = 403
    code = "clearing_second_person"
    zh = "解除预警须由另一人确认。"
    en = "Clearing an alert is confirmed by somebody else."


class UnknownSettlement(Problem):
    status = 422
    code = "unknown_settlement"
    zh = "请选择处理结论。"
    en = "Choose how the alert is settled."


class NoClearingReason(Problem):
    status = 422
    code = "clearing_reason"
    zh = "请写明解除原因。"
    en = "Say why the alert is cleared."


class NotResampled(Problem):
    status = 422
    code = "members_not_resampled"
    zh = "管内 {members} 人中只有 {known} 人有单管结果。提前解除须另外写明原因。"
    en = (
        "{known} of {members} members have a single-tube result. "
        "Clearing the alert earlier needs a further reason."
    )


class NotAsked(Conflict):
    code = "clearing_not_asked"
    zh = "还没有人申请解除这条预警，或者申请已被退回。"
    en = "Nobody has asked to clear this alert, or the request was sent back."


class AskedAlready(Conflict):
    code = "clearing_asked"
    zh = "已有人申请解除这条预警，等另一人确认。"
    en = "Somebody has asked to clear this alert; it waits for another person."


_COLUMNS = (
    "cell_id", "alert_id", "round_id", "barcode", "kind", "outcome", "lab_id", "run_id",
    "raised_at", "raised_by",
)  # fmt: skip


def raise_signals(
    signals: Mapping[str, Outcome],
    keys: Mapping[str, Key],
    *,
    lab_id: int,
    run_id: int | None,
    provisional: bool,
    at: datetime,
) -> int:
    """One alert for each tube with a signal, in the import's transaction; how many.

    `provisional`: the controls failed, or file and plate differ; somebody is told all the same."""
    rows, told = [], []
    for barcode, outcome in signals.items():
        key, number = keys[barcode], new_id()
        kind = "provisional" if provisional else KIND_OF[outcome]
        rows.append((
            key.cell_id, number, key.round_id, barcode, kind, int(outcome), lab_id, run_id, at, None,
        ))  # fmt: skip
        told.append(Alerted(key.cell_id, number, key.round_id, barcode, lab_id))
    for _, group in by_cell(rows):
        insert("alert", _COLUMNS, group)
    calling.call(told, at=at)
    return len(rows)


def raise_by_hand(
    lab_id: int | None, text: str, *, by: int, at: datetime, outcome: int = Outcome.POSITIVE
) -> AlertRow:
    """Somebody says of a tube what no file says yet (a call by phone, a plate seen by eye): a
    laboratory of one that is not at another, command (no `lab_id`) of any."""
    key = get_key(read_tube(text))
    stands = get_tube(key)["lab_id"]
    if lab_id is not None and stands not in (None, lab_id):
        raise NoSuchTube()  # it stands at another laboratory
    alert_id, lab_id = new_id(), lab_id or stands
    insert(
        "alert",
        _COLUMNS,
        [(key.cell_id, alert_id, key.round_id, key.barcode, "hand", int(outcome), lab_id, None, at,
          by)],
    )  # fmt: skip
    note("alert_raised", "alert", alert_id, cell=key.cell_id, staff_id=by)
    calling.call([Alerted(key.cell_id, alert_id, key.round_id, key.barcode, lab_id)], at=at)
    return queries.get_alert(key.cell_id, alert_id)


def _anywhere(_: Place) -> bool:
    return True


def acknowledge(
    cell: int,
    alert_id: int,
    *,
    by: int,
    at: datetime,
    covers: Callable[[Place], bool] = _anywhere,
) -> AlertRow:
    """Somebody has it in hand, and answers the calls to the places that `covers` names. The first
    acknowledgement stands; others answer for their own places only."""
    found = queries.get_alert(cell, alert_id, lock=True)
    answered = calling.answer(cell, alert_id, covers, by=by, at=at)
    if found.seen_at is None:
        run(
            "UPDATE alert SET seen_by = %s, seen_at = %s WHERE cell_id = %s AND alert_id = %s",
            (by, at, cell, alert_id),
        )
    if answered or found.seen_at is None:
        note("alert_acknowledged", "alert", alert_id, cell=cell, staff_id=by)
    return queries.get_alert(cell, alert_id)


# --- clearing -----------------------------------------------------------------------------------


def ask_clearing(
    cell: int, alert_id: int, how: str, reason: str, early: str = "", *, by: Signature, at: datetime
) -> AlertRow:
    """The first of two persons says why the alert may be cleared (words.CLEARINGS), and signs it.

    Before every member has a released result of a tube of their own, `early` must say why now;
    "resampled" cannot be said then at all. Raises NotResampled, NoClearingReason and the like."""
    found = _open(cell, alert_id, by.staff_id)
    if how not in CLEARINGS:
        raise UnknownSettlement()
    if not reason.strip():
        raise NoClearingReason()
    if found.asked_by is not None:
        raise AskedAlready()
    _check_members(found, how, early.strip())
    _ask(found, (by.staff_id, at, by.desk, how, reason.strip(), early.strip() or None))
    detail = {"how": how}
    note("alert_clearing_asked", "alert", alert_id, cell=cell, staff_id=by.staff_id, detail=detail)
    return queries.get_alert(cell, alert_id)


def refuse_clearing(cell: int, alert_id: int, *, by: int, at: datetime) -> AlertRow:
    """The request is withdrawn or sent back; the alert stays, so nothing is signed."""
    found = _open(cell, alert_id, by)
    if found.asked_by is None:
        raise NotAsked()
    _ask(found, (None,) * 6)
    note("alert_clearing_refused", "alert", alert_id, cell=cell, staff_id=by)
    return queries.get_alert(cell, alert_id)


def agree_clearing(cell: int, alert_id: int, *, by: Signature, at: datetime) -> AlertRow:
    """The second person signs, and the alert is cleared; two signatures at one browser, close
    together, are marked for the auditor.

    The members are counted anew: somebody may have come to be known as lying in the tube."""
    found = _open(cell, alert_id, by.staff_id)
    if found.asked_by is None or found.asked_how is None:
        raise NotAsked()
    if found.asked_by == by.staff_id:
        raise SecondPerson()
    _check_members(found, found.asked_how, found.early or "")
    run(
        "UPDATE alert SET settled_by = %s, settled_at = %s, settled_how = asked_how "
        "WHERE cell_id = %s AND alert_id = %s",
        (by.staff_id, at, cell, alert_id),
    )
    calling.end(cell, alert_id)
    detail = {"how": found.asked_how, "early": found.early is not None}
    note("alert_settled", "alert", alert_id, cell=cell, staff_id=by.staff_id, detail=detail)
    if by.close_to(found.asked_by, found.asked_desk, found.asked_at, at=at):
        told = {"other": str(found.asked_by), "step": "clearing"}
        note("signed_at_one_desk", "alert", alert_id, cell=cell, staff_id=by.staff_id, detail=told)
    return queries.get_alert(cell, alert_id)


def _open(cell: int, alert_id: int, by: int) -> AlertRow:
    """The alert under lock, if it can be cleared by this person."""
    found = queries.get_alert(cell, alert_id, lock=True)
    if found.settled_at is not None:
        raise AlertSettled()
    if found.seen_at is None:
        raise NotSeenYet()
    if found.raised_by == by:
        raise OwnAlert()
    return found


def _check_members(found: AlertRow, how: str, early: str) -> None:
    states = members.singles_of(found)
    if duty_rules.all_known(states) or (early and how != RESAMPLED):
        return
    known = sum(1 for s in states.values() if s == duty_rules.KNOWN)
    raise NotResampled(known=known, members=len(states))


def _ask(found: AlertRow, values: tuple) -> None:
    run(
        "UPDATE alert SET asked_by = %s, asked_at = %s, asked_desk = %s, asked_how = %s, reason = %s, "
        "early = %s WHERE cell_id = %s AND alert_id = %s",
        (*values, found.cell_id, found.alert_id),
    )
