"""What a message may say: templates, forbidden words, names, length."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from screening.errors import Fault, Faults, Problem
from screening.reminders.rules.contacts import State


class Template(NamedTuple):
    """A kind of message: whom it is for, and the reason it gives unless another is written.

    `before`: it goes out once the round is approved, before anybody can have come."""

    zh: str
    en: str
    states: frozenset[State]
    reason: str
    before: bool = False


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
    "notice": Template(
        "开始前通知",
        "notice before the start",
        frozenset(State),
        "本轮采样即将开始",
        before=True,
    ),
}

# Domain 9 (46): no result or disease words in a text that anybody may read on a locked screen.
FORBIDDEN = (
    "阳性", "阴性", "阳了", "弱阳", "可疑", "疑似", "确诊", "感染", "病例", "病毒", "新冠", "肺炎",
    "疫情", "核酸", "抗原", "奥密克戎", "密接", "次密", "隔离", "封控", "管控", "转运", "方舱",
    "红码", "黄码", "绿码", "健康码", "结果异常", "检测结果",
    "初筛", "复核", "复采", "混管", "单采", "涉疫", "传染", "流调", "时空伴随", "发热", "风险区",
    "covid", "corona", "sars", "omicron", "virus", "positive", "negative", "infect", "pcr",
    "quarantine", "isolation", "epidemic", "pandemic",
)  # fmt: skip
LAST_WORDS = "如已采样请忽略"
NAMES, PLACE, HOURS = "{names}", "{place}", "{hours}"
FIELDS = ("reason", "rule", "place", "hours", "phone")
MOST_IN_FIELD = 60
# UCS-2 texts: 70 characters in one part, 67 in each part of a longer one (3GPP TS 23.038, 23.040).
ONE_PART, EACH_PART = 70, 67
MOST_PARTS = 4
LONG_PLACE = ("某" * 24, "11月23日08:00-09:00")  # what a message may yet have to hold


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
    said = parts(template, values)
    text = (
        f"{NAMES}：{said['reason']}。{said['rule']}。采样点：{said['place']}，{said['hours']}。"
        f"咨询：{said['phone']}。{LAST_WORDS}"
    )
    check_length(fill(text, ["某某某"] * 3, *LONG_PLACE))
    return text


def parts(template: str, values: Mapping[str, str]) -> dict[str, str]:
    """The parts of a text, tidied. Without a place, place and hours stay open: each message then
    names the nearest open sites, or the building's own. Raises NoSuchTemplate, Faults."""
    known = TEMPLATES.get(template)
    if known is None:
        raise NoSuchTemplate()
    said = {f: " ".join((values.get(f) or "").split(" ")).strip() for f in FIELDS}
    said["reason"] = said["reason"] or known.reason
    open_place = not said["place"] and not said["hours"]
    faults = [
        fault
        for f, text in said.items()
        if not (open_place and f in ("place", "hours"))
        for fault in _faults(f, text)
    ]
    if faults:
        raise Faults(faults)
    return said | ({"place": PLACE, "hours": HOURS} if open_place else {})


def check_length(text: str) -> None:
    """Raises TextTooLong."""
    count = parts_of(text)
    if count > MOST_PARTS:
        raise TextTooLong(parts=count, most=MOST_PARTS)


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


def harmless(text: str, instead: str = "采样点") -> str:
    """The name or hours of a place without the words that must not stand in a message."""
    if not forbidden(text):
        return text
    plain = unicodedata.normalize("NFKC", text)
    while word := forbidden(plain):
        hidden = r"[\W_]*".join(map(re.escape, word))
        less = re.sub(hidden, "", plain, flags=re.IGNORECASE)
        if less == plain:
            return instead
        plain = less
    return plain.strip() or instead


def fill(text: str, names: Sequence[str], place: str = "", hours: str = "") -> str:
    """The message for one phone."""
    return text.replace(NAMES, who(names)).replace(PLACE, place).replace(HOURS, hours)


def who(names: Sequence[str]) -> str:
    """Those whom a message names; more than three are summed up."""
    return "、".join(names[:3]) + (f"等{len(names)}人" if len(names) > 3 else "")


# what people write back who want no more of it; 拒收请回复R is the operators' own custom
STOP_WORDS = ("r", "t", "td", "tui", "退订", "拒收", "不要", "stop", "unsubscribe", "n")


def says_stop(text: str) -> bool:
    """True when a reply asks for no more messages, whatever stands around the word."""
    plain = "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())
    return plain in STOP_WORDS


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
