"""What reporting's codes are called, Chinese and English; a positive is never called more than it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from screening.i18n import current_lang
from screening.lab.rules.well_rules import Outcome
from screening.reporting.rules import PersonState

Pair = tuple[str, str]

OUTCOMES: dict[int, Pair] = {
    Outcome.NEGATIVE: ("阴性", "negative"),
    Outcome.POSITIVE: ("阳性", "positive"),
    Outcome.INCONCLUSIVE: ("可疑", "inconclusive"),
    Outcome.INVALID: ("无效", "invalid"),
}
OUTCOME_TONES = {
    Outcome.NEGATIVE: "ok",
    Outcome.POSITIVE: "stop",
    Outcome.INCONCLUSIVE: "look",
    Outcome.INVALID: "look",
}
STATES: dict[int, Pair] = {
    PersonState.RECHECK_POSITIVE: ("复采阳性", "re-check positive"),
    PersonState.PENDING_RECHECK: ("待复核", "re-check pending"),
    PersonState.NEEDS_SWAB: ("需重新采样", "new swab needed"),
    PersonState.WAITING: ("已采样，检测中", "sampled, result pending"),
    PersonState.NEGATIVE: ("阴性", "negative"),
    PersonState.NOT_SAMPLED: ("没有采样记录", "no swab on record"),
}
STATE_TONES = {
    PersonState.RECHECK_POSITIVE: "stop",
    PersonState.PENDING_RECHECK: "look",
    PersonState.NEEDS_SWAB: "look",
    PersonState.WAITING: "unknown",
    PersonState.NEGATIVE: "ok",
    PersonState.NOT_SAMPLED: "unknown",
}
ADVICE: dict[int, Pair] = {
    PersonState.RECHECK_POSITIVE: (
        "请留在原处，不要外出，疾控人员会联系您。",
        "Please stay where you are; the health office will contact you.",
    ),
    PersonState.PENDING_RECHECK: (
        "同管检测结果需要复核，不代表您阳性。请留在原处，等候工作人员上门单独采样。",
        "The tube you share needs a re-check; this does not mean that you are positive. "
        "Please stay where you are until you are swabbed again, alone.",
    ),
    PersonState.NEEDS_SWAB: (
        "上次的样本不能用了，请尽快到就近采样点重新采样。",
        "The last swab cannot be used; please be swabbed again at the nearest site.",
    ),
    PersonState.WAITING: (
        "样本正在送检，结果出来后这里会更新。",
        "Your swab is on its way; this page will show the result.",
    ),
    PersonState.NEGATIVE: ("", ""),
    PersonState.NOT_SAMPLED: (
        "如果您已经采样，请稍后再查；超过一天请到采样点询问。",
        "If you were swabbed, look again later; after a day, ask at the site.",
    ),
}
REASONS: dict[str, Pair] = {
    "pool_positive": ("混管异常", "pool abnormal"),
    "single_positive": ("单管异常", "single tube abnormal"),
    "inconclusive": ("结果可疑", "result inconclusive"),
}
CALLBACK_STATES: dict[str, Pair] = {
    "open": ("待单采", "to be swabbed"),
    "sampled": ("已单采，待结果", "swabbed, result pending"),
    "closed": ("已完成", "closed"),
    "withdrawn": ("已撤销", "withdrawn"),
}
ATTEMPTS: dict[str, Pair] = {
    "will_come": ("会来", "will come"),
    "absent": ("不在家", "absent"),
    "moved": ("已迁走", "moved away"),
    "refused": ("拒检", "refused"),
    "unreachable": ("联系不上", "unreachable"),
}
POOLS: dict[str, Pair] = {
    "open": ("复采中", "re-check running"),
    "explained": ("其余人员已说明", "the rest explained"),
    "confirmed": ("复采有阳性", "a re-check is positive"),
    "not_confirmed": ("复采全阴，未证实", "all re-checks negative, not confirmed"),
    "withdrawn": ("已撤销", "withdrawn"),
}
CORRECTIONS: dict[str, Pair] = {
    "asked": ("待他人确认", "waits for another person"),
    "done": ("已更正", "corrected"),
    "refused": ("未同意", "refused"),
}


def word(table: Mapping[Any, Pair], code: Any) -> str:
    """The word in the reader's language; an unknown code stays as it is."""
    pair = table.get(code)
    return str(code if code is not None else "") if pair is None else pair[current_lang() == "en"]


def badge(table: Mapping[Any, Pair], tones: Mapping[Any, str], code: Any) -> dict[str, str] | None:
    """A state badge for a table cell; None for nothing."""
    if code is None:
        return None
    return {"tone": tones.get(code, "unknown"), "text": word(table, code)}


def outcome(code: int | None) -> dict[str, str] | None:
    return badge(OUTCOMES, OUTCOME_TONES, code)


def state(code: int | None) -> dict[str, str] | None:
    return badge(STATES, STATE_TONES, code)
