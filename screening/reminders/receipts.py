"""What gateways tell of messages after they left: reports and replies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from screening import outbox
from screening.accounts import audit
from screening.db import fetch, insert, run
from screening.registry import seals
from screening.registry.queries import persons_by_cell
from screening.registry.service.persons import ring
from screening.reminders import rules
from screening.reminders.channels import Reply, Report
from screening.reminders.look import read_key
from screening.reminders.service import note_bounced
from screening.reminders.waves import TOPIC

DELIVERED, FAILED, UNKNOWN = "delivered", "failed", "outcome_unknown"


# --- reports and replies --------------------------------------------------------------------------


def take_reports(reports: Iterable[Report], *, at: datetime) -> int:
    """Settle the messages that a gateway tells of; a report that comes twice changes nothing. One
    of a number not known yet waits until the number is. The number of messages settled."""
    settled = 0
    for report in map(Report.clean, reports):
        verdict = DELIVERED if report.delivered else FAILED
        target = read_key(report.key)
        if target is None and report.ref:
            target = _by_ref(report.ref, verdict, report.why, at)
        if target is not None:
            settled += settle(*target, verdict, report.why, at)
    return settled


def _by_ref(ref: str, verdict: str, why: str, at: datetime) -> tuple[int, int] | None:
    insert(
        "sms_ref",
        ("ref", "verdict", "why", "at"),
        [(ref, verdict, why[:60], at)],
        "ON CONFLICT (ref) DO NOTHING",
    )
    ((cell, outbox_id),) = fetch(
        "SELECT cell_id, outbox_id FROM sms_ref WHERE ref = %s FOR UPDATE", (ref,)
    )
    return None if cell is None else (cell, outbox_id)


def remember(ref: str, cell: int, outbox_id: int, *, at: datetime) -> None:
    """The gateway's own number of a message; a report that was faster is taken now."""
    insert(
        "sms_ref",
        ("ref", "cell_id", "outbox_id", "at"),
        [(ref, cell, outbox_id, at)],
        "ON CONFLICT (ref) DO UPDATE SET cell_id = EXCLUDED.cell_id, "
        "outbox_id = EXCLUDED.outbox_id",
    )
    ((verdict, why),) = fetch("SELECT verdict, why FROM sms_ref WHERE ref = %s", (ref,))
    if verdict:
        settle(cell, outbox_id, verdict, why or "", at)


def take_replies(replies: Iterable[Reply], *, at: datetime) -> int:
    """Who asks for no more messages gets none; other replies are not kept. How many opted out."""
    keys = ring()
    hashes = {seals.phone_hash(keys, r.phone) for r in replies if rules.says_stop(r.text)}
    insert(
        "opt_out", ("phone_hash", "at"), [(h, at) for h in sorted(hashes)], "ON CONFLICT DO NOTHING"
    )
    if hashes:
        audit.note("opted_out", "phone", 0, detail={"n": len(hashes)})
    return len(hashes)


def settle(cell: int, outbox_id: int, verdict: str, why: str, at: datetime) -> int:
    """1 when this changed what is known of the message."""
    rows = fetch(
        "SELECT topic, ref, state FROM outbox WHERE cell_id = %s AND outbox_id = %s FOR UPDATE",
        (cell, outbox_id),
    )
    if not rows or rows[0][0] != TOPIC:
        return 0
    _, message_id, state = rows[0]
    return _settle_message(cell, outbox_id, message_id, state, verdict, why, at)


def _settle_message(
    cell: int, outbox_id: int, message_id: int, state: int, verdict: str, why: str, at: datetime
) -> int:
    """Delivered is the last word; failed counts only while nothing better is known."""
    open_for = ("waiting", "sent", UNKNOWN) + ((FAILED,) if verdict == DELIVERED else ())
    rows = fetch(
        "UPDATE wave_message SET state = %s, at = %s, sent_at = coalesce(sent_at, %s) "
        "WHERE cell_id = %s AND message_id = %s AND state = ANY(%s) RETURNING wave_id, persons",
        (verdict, at, at, cell, message_id, list(open_for)),
    )
    if not rows:
        return 0
    end = outbox.SENT if verdict == DELIVERED else outbox.FAILED
    if state != end:
        run(
            "UPDATE outbox SET state = %s, sent_at = coalesce(sent_at, %s), error = %s, body = '' "
            "WHERE cell_id = %s AND outbox_id = %s",
            (end, at, why[:60] or None, cell, outbox_id),
        )
    if verdict == FAILED:
        wave_id, persons = rows[0]
        _bounce(wave_id, persons, at)
    return 1


def _bounce(wave_id: int, persons: Sequence[Sequence[int]], at: datetime) -> None:
    """Whoever goes there has a task: nobody reads messages under this number."""
    ((round_id,),) = fetch("SELECT round_id FROM wave WHERE wave_id = %s", (wave_id,))
    known = persons_by_cell((p[0], p[1]) for p in persons)
    note_bounced(round_id, [(*pair, row.community_id) for pair, row in known.items()], at=at)


def forget(*, at: datetime) -> int:
    """Gateway numbers go after the last day on which a report can come. How many."""
    return run("DELETE FROM sms_ref WHERE at < %s", (at - rules.RECEIPT_LIFE,))
