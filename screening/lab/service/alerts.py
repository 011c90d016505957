"""Alerts: raised at import or by hand, acknowledged, settled. Never deleted, never released away."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from screening.accounts.audit import note
from screening.db import by_cell, insert, new_id, run
from screening.errors import Conflict, Problem
from screening.lab import queries
from screening.lab.queries import AlertRow
from screening.lab.well_rules import Outcome
from screening.lab.words import SETTLEMENTS
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
    zh = "人工发出的预警须由另一人处理。"
    en = "An alert raised by hand is settled by somebody else."


class UnknownSettlement(Problem):
    status = 422
    code = "unknown_settlement"
    zh = "请选择处理结论。"
    en = "Choose how the alert is settled."


_COLUMNS = (
    "cell_id", "alert_id", "round_id", "barcode", "kind", "outcome", "lab_id", "run_id",
    "raised_at", "raised_by",
)  # fmt: skip


def raise_signals(
    signals: Mapping[str, Outcome],
    keys: Mapping[str, Key],
    *,
    lab_id: int,
    run_id: int,
    provisional: bool,
    at: datetime,
) -> int:
    """One alert for each tube with a signal, in the import's transaction; how many.

    `provisional`: the controls failed, or file and plate differ; somebody is told all the same."""
    rows = []
    for barcode, outcome in signals.items():
        key = keys[barcode]
        kind = "provisional" if provisional else KIND_OF[outcome]
        rows.append((
            key.cell_id, new_id(), key.round_id, barcode, kind, int(outcome), lab_id, run_id, at,
            None,
        ))  # fmt: skip
    for _, group in by_cell(rows):
        insert("alert", _COLUMNS, group)
    return len(rows)


def raise_by_hand(
    lab_id: int, text: str, *, by: int, at: datetime, outcome: int = Outcome.POSITIVE
) -> AlertRow:
    """A laboratory says of a tube what no file says yet (a call by phone, a plate seen by eye)."""
    key = get_key(read_tube(text))
    if get_tube(key)["lab_id"] not in (None, lab_id):
        raise NoSuchTube()  # it stands at another laboratory
    alert_id = new_id()
    insert(
        "alert",
        _COLUMNS,
        [(key.cell_id, alert_id, key.round_id, key.barcode, "hand", int(outcome), lab_id, None, at,
          by)],
    )  # fmt: skip
    note("alert_raised", "alert", alert_id, cell=key.cell_id, staff_id=by)
    return queries.get_alert(key.cell_id, alert_id)


def acknowledge(cell: int, alert_id: int, *, by: int, at: datetime) -> AlertRow:
    """Somebody has it in hand. The first acknowledgement stands; another changes nothing."""
    found = queries.get_alert(cell, alert_id, lock=True)
    if found.seen_at is None:
        run(
            "UPDATE alert SET seen_by = %s, seen_at = %s WHERE cell_id = %s AND alert_id = %s",
            (by, at, cell, alert_id),
        )
        note("alert_acknowledged", "alert", alert_id, cell=cell, staff_id=by)
    return queries.get_alert(cell, alert_id)


def settle(cell: int, alert_id: int, how: str, *, by: int, at: datetime) -> AlertRow:
    """Say how the alert ended (words.SETTLEMENTS). Raises AlertSettled, NotSeenYet, OwnAlert."""
    found = queries.get_alert(cell, alert_id, lock=True)
    if how not in SETTLEMENTS:
        raise UnknownSettlement()
    if found.settled_at is not None:
        raise AlertSettled()
    if found.seen_at is None:
        raise NotSeenYet()
    if found.raised_by == by:
        raise OwnAlert()
    run(
        "UPDATE alert SET settled_by = %s, settled_at = %s, settled_how = %s "
        "WHERE cell_id = %s AND alert_id = %s",
        (by, at, how, cell, alert_id),
    )
    note("alert_settled", "alert", alert_id, cell=cell, staff_id=by, detail={"how": how})
    return queries.get_alert(cell, alert_id)
