"""Pure rules of rounds: their limits, states and acts, whom a scope holds."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from screening.errors import Problem
from screening.registry.rules.words import GENERAL, HOUSE, Word


class Limit(NamedTuple):
    """How long a tube may stay in a stage before it is overdue."""

    minutes: int
    zh: str
    en: str
    source: str


# Keys are the tube's stages; `callback`, `recheck` and `resample` belong to persons.
LIMITS: dict[str, Limit] = {
    "open": Limit(60, "开管未封", "open", HOUSE),
    "closed": Limit(120, "封管未装箱", "closed, not packed", "各地做法：约每两小时装箱一次"),
    "packed": Limit(60, "装箱未送出", "packed, not sent", HOUSE),
    "in_transit": Limit(120, "在途", "on the road", "兰州：采样与转运合计六小时"),
    "received": Limit(120, "收样未上机", "received, not plated", HOUSE),
    "plated": Limit(180, "上机未出结果", "plated, no result", HOUSE),
    "tested": Limit(60, "出结果未审核", "tested, not reviewed", HOUSE),
    "reviewed": Limit(30, "审核未发布", "reviewed, not released", HOUSE),
    "rejected": Limit(60, "退样未处理", "rejected, not settled", HOUSE),
    "callback": Limit(240, "混管阳性复采", "re-sampling of a positive pool", HOUSE),
    "recheck": Limit(360, "复核出结果", "result of a re-check", HOUSE),
    "resample": Limit(720, "样本作废后重采", "a new swab after a void one", HOUSE),
}


def default_limits() -> dict[str, int]:
    """Minutes by stage, as a new round gets them."""
    return {stage: limit.minutes for stage, limit in LIMITS.items()}


def limits_of(stored: Mapping[str, Any]) -> dict[str, int]:
    """The round's own minutes over the defaults."""
    return default_limits() | {k: int(v) for k, v in stored.items() if k in LIMITS}


class RoundState(StrEnum):
    UNASSIGNED = "unassigned"  # round 0 only
    DRAFT = "draft"
    SCHEDULED = "scheduled"
    SAMPLING = "sampling"
    FINISHING = "finishing"
    CLOSING = "closing"
    CLOSED = "closed"
    CANCELLED = "cancelled"


STATE_WORDS: dict[RoundState, Word] = {
    RoundState.UNASSIGNED: Word("未归轮次", "unassigned"),
    RoundState.DRAFT: Word("草稿", "draft"),
    RoundState.SCHEDULED: Word("已批准", "scheduled"),
    RoundState.SAMPLING: Word("采样中", "sampling"),
    RoundState.FINISHING: Word("收尾中", "finishing"),
    RoundState.CLOSING: Word("待签核", "closing"),
    RoundState.CLOSED: Word("已结束", "closed"),
    RoundState.CANCELLED: Word("已取消", "cancelled"),
}
# act: the states from which it may be done, and where it leads (domain 8.5)
ACTS: dict[str, tuple[frozenset[RoundState], RoundState | None]] = {
    "edit": (frozenset({RoundState.DRAFT}), None),
    "approve": (frozenset({RoundState.DRAFT}), RoundState.SCHEDULED),
    "start": (frozenset({RoundState.SCHEDULED}), RoundState.SAMPLING),
    "extend": (frozenset({RoundState.SAMPLING}), RoundState.SAMPLING),
    "stop": (frozenset({RoundState.SAMPLING}), RoundState.FINISHING),
    "finish": (frozenset({RoundState.FINISHING}), RoundState.CLOSING),
    "sign_off": (frozenset({RoundState.FINISHING, RoundState.CLOSING}), RoundState.CLOSED),
    "cancel": (frozenset({RoundState.DRAFT, RoundState.SCHEDULED}), RoundState.CANCELLED),
}
OPEN_STATES = (RoundState.SAMPLING, RoundState.FINISHING, RoundState.CLOSING)


class WrongRoundState(Problem):
    status = 409
    code = "wrong_round_state"
    zh = "本轮现在是“{state_zh}”，不能这样做。"
    en = "The round is now “{state_en}”; this cannot be done."


def check_act(state: str, act: str) -> RoundState | None:
    """The state that `act` leads to (None: unchanged). Raises WrongRoundState."""
    allowed, to = ACTS[act]
    now = RoundState(state)
    if now not in allowed:
        word = STATE_WORDS[now]
        raise WrongRoundState(state=state, act=act, state_zh=word.zh, state_en=word.en)
    return to


def may(state: str, act: str) -> bool:
    return RoundState(state) in ACTS[act][0]


def round_scope(
    path: str,
    cohorts: Collection[str],
    area_paths: Collection[str],
    round_cohorts: Collection[str] = (),
) -> bool:
    """Whether a person of an area (`path`) and of `cohorts` belongs to a round's scope.

    A round without cohorts is for everybody; `general` means those who are in none."""
    if not any(path.startswith(p) for p in area_paths):
        return False
    if not round_cohorts:
        return True
    own = set(cohorts) - {GENERAL} or {GENERAL}
    return not own.isdisjoint(round_cohorts)


def scopes_meet(
    paths_a: Collection[str],
    cohorts_a: Collection[str],
    paths_b: Collection[str],
    cohorts_b: Collection[str],
) -> bool:
    """Whether two rounds share an area and a cohort (domain 8.5: only one of them may be open)."""
    near = any(a.startswith(b) or b.startswith(a) for a in paths_a for b in paths_b)
    if not near:
        return False
    return not cohorts_a or not cohorts_b or not set(cohorts_a).isdisjoint(cohorts_b)
