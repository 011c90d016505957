"""Pure rules of bulletins: kinds, when "all negative" may be said, next steps, words never used."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

import orjson

from screening.errors import Problem


class Limit(NamedTuple):
    """A number of the house with where it comes from."""

    value: int
    source: str


NEAR_MINUTES = Limit(30, "domain 10: co-presence at the site, half an hour before and after")
NEAR_TUBES = Limit(3, "house; tubes before and after on the same device")
NEAR_MOST = Limit(3000, "house; two hours of a site with ten tables, more is a list for an export")
HOUR = timedelta(hours=1)  # what "people per hour" and "tables open" look back upon


class Kind(StrEnum):
    DAILY = "daily"
    CLOSING = "closing"
    POOL = "pool"


KINDS: dict[Kind, tuple[str, str]] = {
    Kind.DAILY: ("日报", "daily bulletin"),
    Kind.CLOSING: ("轮次总结", "round-closing report"),
    Kind.POOL: ("专报", "special report"),
}

# why somebody opens the people around a positive tube; the code goes into the audit
REASONS: dict[str, tuple[str, str]] = {
    "resample": ("组织单采复核", "organise the re-sampling"),
    "tracing": ("流行病学调查", "contact tracing"),
    "no_list": ("试管没有名单，寻找受检者", "the tube has no list, find its people"),
    "complaint": ("核实来信来电", "check a complaint"),
    "inspection": ("督查", "inspection"),
}

# A screening knows first signals and single re-samples; a diagnosis is a physician's.
NEVER = ("确诊", "confirmed case", "confirmed positive", "diagnosed")


class ForbiddenWord(Problem):
    status = 422
    code = "bulletin_word"
    zh = "通报里只说“初筛”和“复采阳性”，不说诊断。"
    en = "A bulletin speaks of first signals and re-samples, never of a diagnosis."


class BrokenSeal(Problem):
    status = 500
    code = "bulletin_changed"
    zh = "存档与当时的摘要不符，不能打印，请报告管理员。"
    en = "What is stored does not match its digest; it cannot be printed. Tell an administrator."


def check_words(text: str) -> None:
    """Raise ForbiddenWord where a text speaks of a diagnosis."""
    plain = "".join(text.lower().split())
    if any("".join(word.split()) in plain for word in NEVER):
        raise ForbiddenWord()


# --- the sentence -------------------------------------------------------------------------------


class Told(NamedTuple):
    """The numbers of a headline: persons but for `tubes`, `released`, `signals`, `held`, `unknown`.

    `tubes` were closed at the sites, `gone` of them rejected or lost; `signals` are positive at
    first screening, `positive` persons whose own re-sample was, `doubtful` those whose re-sample
    decided nothing; `unfollowed` are signals of which no member was ever called back."""

    due: int = 0
    reached: int = 0
    resulted: int = 0
    missed: int = 0
    tubes: int = 0
    released: int = 0
    gone: int = 0
    open: int = 0
    signals: int = 0
    signal_persons: int = 0
    positive: int = 0
    callbacks: int = 0
    doubtful: int = 0
    unfollowed: int = 0
    held: int = 0
    unknown: int = 0
    alerts: int = 0
    resample: int = 0
    devices: int = 0
    unaccounted: int = 0


# why it may not be said that all results are negative, in the order of the chain
AGAINST: dict[str, tuple[str, str]] = {
    "nothing": ("还没有结果", "there are no results yet"),
    "open": ("还有开管未封", "tubes that are still open"),
    "not_released": ("还有试管未出结果", "tubes without a released result"),
    "not_resulted": ("还有已检的人未出结果", "persons who were sampled and have no result"),
    "resample": ("还有人待重采", "persons who need a new swab"),
    "devices": ("还有设备的日志未到齐", "devices whose journals are not complete"),
    "unknown": ("还有未知试管", "unknown tubes"),
    "held": ("还有试管被扣留", "tubes on hold"),
    "alerts": ("还有预警未处理", "alerts that are not settled"),
    "callbacks": ("还有复采未完成", "re-samples that are not finished"),
    "doubtful": ("还有复采没有定论", "re-samples that decided nothing"),
    "unfollowed": ("还有初筛管没有复采", "first signals that nobody was re-sampled for"),
    "positive": ("有复采阳性", "persons whose re-sample is positive"),
}


def against(told: Told) -> list[str]:
    """Words of AGAINST, empty when "结果均为阴性" may be said: everything collected is released, no
    callback, hold or unknown tube is open, and no re-sample was positive."""
    tubes_left = told.released + told.gone != told.tubes
    wrong = {
        "nothing": told.tubes == 0,
        "open": told.open,
        "not_released": tubes_left,
        # people of the area may have been sampled at a site outside
        "not_resulted": told.resulted < told.reached and not tubes_left,
        "resample": told.resample,
        "devices": told.devices,
        "unknown": told.unknown,
        "held": told.held,
        "alerts": told.alerts,
        "callbacks": told.callbacks,
        "doubtful": told.doubtful,
        "unfollowed": told.unfollowed,
        "positive": told.positive,
    }
    return [word for word in AGAINST if wrong[word]]


# --- next steps ---------------------------------------------------------------------------------

# (what there must be some of, sentence with its number), as the bulletin's last part
STEPS: dict[str, tuple[str, str]] = {
    "callbacks": ("完成 {n} 人的单采复核", "finish the re-samples of {n} persons"),
    "alerts": ("处理 {n} 条预警", "settle {n} alerts"),
    "unknown": ("查清 {n} 支未知试管", "find out about {n} unknown tubes"),
    "held": ("核对并解除 {n} 支被扣留的试管", "check and free {n} tubes on hold"),
    "resample": ("为 {n} 人安排重采，并致歉说明", "arrange new swabs for {n} persons, with an apology"),
    "missed": ("催检并上门，清零未检 {n} 人", "remind and visit the {n} persons missed"),
    "pending": ("催办 {n} 支在途、在检试管", "press for {n} tubes on the road or at the bench"),
    "devices": ("补齐 {n} 台设备的日志", "complete the journals of {n} devices"),
    "unaccounted": ("说明并核销 {n} 条未归账", "explain and close {n} unaccounted lines"),
}  # fmt: skip


def steps(told: Told) -> list[list[Any]]:
    """[[word of STEPS, n]] of what is still to do, in the order of urgency."""
    counts = told._asdict() | {"pending": told.tubes - told.released - told.gone}
    return [[word, counts[word]] for word in STEPS if counts[word] > 0]


# --- ranking ------------------------------------------------------------------------------------


def ranked(rows: Sequence[tuple[str, int, int]]) -> list[tuple[int, str, int, int]]:
    """(place, name, reached, due): the best first, equals share a place; nobody passes 100 %."""
    best = sorted(rows, key=lambda r: (-(r[1] / r[2]) if r[2] else 1, r[0]))
    out: list[tuple[int, str, int, int]] = []
    for i, (name, reached, due) in enumerate(best, 1):
        before = out[-1] if out else None
        same = before is not None and reached * before[3] == before[2] * due and due and before[3]
        out.append((before[0] if same and before else i, name, reached, due))
    return out


# --- what is kept -------------------------------------------------------------------------------


def canonical(body: Any) -> bytes:
    """The one way in which a body is written: its bytes are its identity."""
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)


def digest(body: bytes, sealed: bytes | None) -> bytes:
    """Over both parts as stored, so that it still proves after the personal part is destroyed."""
    inner = hashlib.sha256(sealed).digest() if sealed is not None else b""
    return hashlib.sha256(hashlib.sha256(body).digest() + inner).digest()


def written(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
