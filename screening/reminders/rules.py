"""Pure rules of reminding: outcomes of contacts, what a text may say, quiet hours, who is left out."""

from __future__ import annotations

import csv
import math
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta, tzinfo
from enum import StrEnum
from io import StringIO
from typing import Any, NamedTuple

from screening.coverage.rules import REASONS
from screening.errors import Fault, Faults, Problem
from screening.registry.rules import HOUSE, Word


class State(StrEnum):
    """Why a person is missed; coverage decides which, the worst first."""

    RESAMPLE = "resample"
    NEW = "new"
    WILL_COME = "will_come"
    AWAY = "away"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    VISIT = "visit"


STATES: dict[State, Word] = {State(part): Word(zh, en) for part, zh, en in REASONS}


class Outcome(NamedTuple):
    """What came of a contact. `until`: may, must or must not carry a time; with one the person is
    left in peace until then."""

    zh: str
    en: str
    until: str  # "", "may", "must"


CONTACT_OUTCOMES: dict[str, Outcome] = {
    "will_come": Outcome("会来采样", "will come", "may"),
    "already_done": Outcome("称已采样", "says it is done", ""),
    "away": Outcome("外出", "away", "must"),
    "refused": Outcome("拒绝", "refused", ""),
    "unreachable": Outcome("联系不上", "unreachable", ""),
    "exempt_pending": Outcome("申请豁免", "asks to be exempt", ""),
    "visit": Outcome("需要上门", "needs a visit", "may"),
    "later": Outcome("稍后再联系", "contact again later", "must"),
    "absent": Outcome("上门未遇", "not at home", ""),
    "moved": Outcome("已搬离", "moved away", ""),
}
CONTACT_KINDS = ("call", "visit", "sms", "desk")
# how long somebody is left in peace when the page's quick choice is taken; source: HOUSE
QUICK_HOURS = {"away": 72, "later": 2}


class WrongOutcome(Problem):
    status = 422
    code = "wrong_contact_outcome"
    zh = "没有这种联系结果。"
    en = "There is no such outcome of a contact."


class UntilNeeded(Problem):
    status = 422
    code = "contact_until"
    zh = "这个结果要写明到什么时候为止，而且要在将来。"
    en = "This outcome needs a time until when, and it must lie in the future."


class NoUntil(Problem):
    status = 422
    code = "contact_no_until"
    zh = "这个结果不带时间。"
    en = "This outcome carries no time."


def check_outcome(outcome: str, until: datetime | None, *, at: datetime) -> None:
    """Raises WrongOutcome, UntilNeeded, NoUntil."""
    known = CONTACT_OUTCOMES.get(outcome)
    if known is None:
        raise WrongOutcome()
    if until is None and known.until != "must":
        return
    if until is None or (known.until and until <= at):
        raise UntilNeeded()
    if not known.until:
        raise NoUntil()


# --- waves ----------------------------------------------------------------------------------------


class Template(NamedTuple):
    """A kind of message: whom it is for, and the reason it gives unless another is written."""

    zh: str
    en: str
    states: frozenset[State]
    reason: str


TEMPLATES: dict[str, Template] = {
    "missed": Template(
        "尚未采样",
        "not sampled yet",
        frozenset((State.NEW, State.WILL_COME, State.UNREACHABLE, State.VISIT)),
        "本轮采样尚未登记到您的记录",
    ),
    "resample": Template(
        "请重新采样",
        "needs a new swab",
        frozenset((State.RESAMPLE,)),
        "您上次留取的样本未能使用，我们为此致歉，请再采一次",
    ),
}

# Domain 9 (46): no result or disease words in a text that anybody may read on a locked screen.
FORBIDDEN = (
    "阳性", "阴性", "阳了", "弱阳", "可疑", "疑似", "确诊", "感染", "病例", "病毒", "新冠", "肺炎",
    "疫情", "核酸", "抗原", "奥密克戎", "密接", "次密", "隔离", "封控", "管控", "转运", "方舱",
    "红码", "黄码", "绿码", "健康码", "结果异常", "检测结果",
    "covid", "corona", "sars", "omicron", "virus", "positive", "negative", "infect", "pcr",
    "quarantine", "isolation", "epidemic", "pandemic",
)  # fmt: skip
LAST_WORDS = "如已采样请忽略"
NAMES = "{names}"
FIELDS = ("reason", "rule", "place", "hours", "phone")
MOST_IN_FIELD = 60
# UCS-2 texts: 70 characters in one part, 67 in each part of a longer one (3GPP TS 23.038, 23.040).
ONE_PART, EACH_PART = 70, 67
MOST_PARTS = 4


class EmptyPart(Problem):
    status = 422
    code = "sms_empty_part"
    zh = "这一项必须填写。"
    en = "This part is needed."


class LongPart(Problem):
    status = 422
    code = "sms_long_part"
    zh = "这一项最多 {most} 字。"
    en = "This part has at most {most} characters."


class SaysTooMuch(Problem):
    status = 422
    code = "sms_forbidden_word"
    zh = "短信里不能出现“{word}”：不得透露结果或疾病。"
    en = "A message must not say “{word}”: no result and no disease."


class NotOneLine(Problem):
    status = 422
    code = "sms_not_one_line"
    zh = "请写成一行，不用花括号。"
    en = "Write it on one line, without braces."


class TextTooLong(Problem):
    status = 422
    code = "sms_too_long"
    zh = "短信太长（{parts} 条），最多 {most} 条。"
    en = "The message is too long ({parts} parts); at most {most}."


class NoSuchTemplate(Problem):
    status = 422
    code = "no_such_template"
    zh = "没有这个短信模板。"
    en = "There is no such template."


def compose(template: str, values: Mapping[str, str]) -> str:
    """The text of a wave, with `{names}` left open. Raises NoSuchTemplate, Faults.

    It gives the reason, the rule, a place with its hours and a phone, and one way out."""
    known = TEMPLATES.get(template)
    if known is None:
        raise NoSuchTemplate()
    said = {f: " ".join((values.get(f) or "").split(" ")).strip() for f in FIELDS}
    said["reason"] = said["reason"] or known.reason
    faults = [fault for f, text in said.items() for fault in _faults(f, text)]
    if faults:
        raise Faults(faults)
    text = (
        f"{NAMES}：{said['reason']}。{said['rule']}。采样点：{said['place']}，{said['hours']}。"
        f"咨询：{said['phone']}。{LAST_WORDS}"
    )
    parts = parts_of(fill(text, ["某某某"] * 3))
    if parts > MOST_PARTS:
        raise TextTooLong(parts=parts, most=MOST_PARTS)
    return text


def _faults(name: str, text: str) -> Iterable[Fault]:
    if not text:
        yield Fault(EmptyPart(), field=name)
    if len(text) > MOST_IN_FIELD:
        yield Fault(LongPart(most=MOST_IN_FIELD), field=name)
    if not text.isprintable() or "{" in text or "}" in text:
        yield Fault(NotOneLine(), field=name)
    word = forbidden(text)
    if word:
        yield Fault(SaysTooMuch(word=word), field=name)


def forbidden(text: str) -> str | None:
    """The first word that must not stand in a message; spaces and marks between do not hide it."""
    wide = unicodedata.normalize("NFKC", text).casefold()
    plain = "".join(c for c in wide if c.isalnum())
    return next((w for w in FORBIDDEN if w in plain), None)


def fill(text: str, names: Sequence[str]) -> str:
    """The message for one phone; more than three names are summed up."""
    who = "、".join(names[:3]) + (f"等{len(names)}人" if len(names) > 3 else "")
    return text.replace(NAMES, who)


def parts_of(text: str) -> int:
    """How many messages a gateway counts for it."""
    return 1 if len(text) <= ONE_PART else math.ceil(len(text) / EACH_PART)


def mask_name(name: str) -> str:
    """张*, 欧**娜, M*** S***: enough to know oneself, no more."""
    if not name:
        return "住户"
    if name.isascii():
        return " ".join(w[0] + "***" for w in name.split())
    return name[0] + "*" * max(len(name) - 2, 1) + (name[-1] if len(name) > 2 else "")


# --- when -----------------------------------------------------------------------------------------


class Quiet(NamedTuple):
    """Local hours in which no message leaves the house."""

    start: time
    end: time
    source: str


QUIET = Quiet(time(21, 0), time(8, 0), HOUSE)
MESSAGE_LIFE = timedelta(hours=12)  # source: HOUSE; a reminder that waited longer is dropped
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
    "no_phone": Word("没有电话", "no phone"),
}
# why a written message is not sent after all
DROPPED: dict[str, Word] = {
    "sampled": Word("发送前已采样", "sampled before it was sent"),
    "exempt": Word("发送前已豁免", "exempt before it was sent"),
    "opted_out": Word("发送前已退订", "opted out before it was sent"),
    "cancelled": Word("本批已取消", "the wave was cancelled"),
    "round_over": Word("采样已停止", "sampling has stopped"),
    "too_late": Word("等得太久", "waited too long"),
}


class Missed(NamedTuple):
    """What decides about one missed person; `until` of the last contact, if it gave one."""

    state: str
    until: datetime | None
    has_phone: bool
    opted_out: bool
    silent: bool


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
    return "opted_out" if person.opted_out else None


# --- files ----------------------------------------------------------------------------------------


def neutral(value: Any) -> Any:
    """A cell that no spreadsheet will take for a formula."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + value
    return value


def csv_line(values: Iterable[Any]) -> str:
    out = StringIO()
    csv.writer(out).writerow([neutral("" if v is None else v) for v in values])
    return out.getvalue()
