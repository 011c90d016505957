"""When a message may leave, and who is left out of a wave and why."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, time, timedelta, tzinfo
from typing import NamedTuple

from screening.registry.rules import HOUSE, Word


class Quiet(NamedTuple):
    """Local hours in which no message leaves the house."""

    start: time
    end: time
    source: str


QUIET = Quiet(time(21, 0), time(8, 0), HOUSE)
MESSAGE_LIFE = timedelta(hours=12)  # source: HOUSE; a reminder that waited longer is dropped
# between two messages of one kind to one phone, whoever has them sent; source: HOUSE
NOT_AGAIN = timedelta(hours=2)
SILENT_MINUTES = 30  # source: HOUSE; an open journal not heard from for so long may hide swabs


def may_send_at(at: datetime, zone: tzinfo, quiet: Quiet = QUIET) -> datetime:
    """`at` itself, or the end of the quiet hours it falls into."""
    local = at.astimezone(zone)
    now = local.timetz().replace(tzinfo=None)
    wraps = quiet.start > quiet.end
    inside = (now >= quiet.start or now < quiet.end) if wraps else quiet.start <= now < quiet.end
    if not inside:
        return at
    end = local.replace(hour=quiet.end.hour, minute=quiet.end.minute, second=0, microsecond=0)
    if end <= local:
        end += timedelta(days=1)
    return end.astimezone(at.tzinfo)


# --- who is left out ------------------------------------------------------------------------------

# why a missed person gets no message of a wave, in the order in which it is asked
LEFT_OUT: dict[str, Word] = {
    "silent": Word("所在社区有未回传的设备", "devices of the catchment have not reported"),
    "other_reason": Word("不属于这个模板", "this template is not for them"),
    "left_in_peace": Word("已约定时间", "a time was agreed"),
    "opted_out": Word("已退订", "opted out"),
    "told_lately": Word("刚收到同样的短信", "was just written to"),
    "no_phone": Word("没有电话", "no phone"),
    "late_name": Word("短信已发出，后加的姓名未写入", "the message had left without this name"),
    "no_site": Word("附近没有开放的采样点", "no open site nearby"),
}
# why a written message is not sent after all
DROPPED: dict[str, Word] = {
    "sampled": Word("发送前已采样", "sampled before it was sent"),
    "exempt": Word("发送前已豁免", "exempt before it was sent"),
    "left": Word("发送前已登记为离开或已故", "marked as gone before it was sent"),
    "number_changed": Word("发送前已换号码", "has another number since"),
    "opted_out": Word("发送前已退订", "opted out before it was sent"),
    "told_lately": Word("刚收到同样的短信", "was just written to"),
    "cancelled": Word("本批已取消", "the wave was cancelled"),
    "round_over": Word("采样已停止", "sampling has stopped"),
    "too_late": Word("等得太久", "waited too long"),
}


# what a person may say of a message of which nobody knows what became
VERDICTS: dict[str, Word] = {
    "arrived": Word("对方已收到", "it has arrived"),
    "again": Word("再发一次", "send it again"),
}
# A message nobody knows about is asked for this often, then waits for a person; minutes.
ASK_AFTER = (1, 5, 15, 60, 180, 720)
# receipts come up to three days after the message (Aliyun, Tencent); then its text is forgotten
RECEIPT_LIFE = timedelta(hours=72)
SAMPLED_WITHIN = timedelta(hours=24)  # of the message; source: HOUSE


class Missed(NamedTuple):
    """What decides about one missed person; `until` of the last contact, if it gave one."""

    state: str
    until: datetime | None
    has_phone: bool
    opted_out: bool
    silent: bool
    told_lately: bool = False


def left_out(person: Missed, states: Collection[str], *, at: datetime) -> str | None:
    """Why this person gets no message (a key of LEFT_OUT), or None."""
    if person.silent:
        return "silent"
    if person.state not in states:
        return "other_reason"
    if person.until is not None and person.until > at:
        return "left_in_peace"
    if not person.has_phone:
        return "no_phone"
    if person.opted_out:
        return "opted_out"
    return "told_lately" if person.told_lately else None
