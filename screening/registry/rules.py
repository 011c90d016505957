"""Pure words of the register and of rounds: flags, cohorts, exemptions, pool rules, limits, states."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from enum import IntFlag, StrEnum
from typing import Any, NamedTuple

from screening.errors import Problem
from screening.places.rules import SITE_KINDS


class Flag(IntFlag):
    """`person.flags`: what a table, a door team or a list must know without opening the row."""

    CANNOT_WALK = 1
    RENTAL = 2
    DORMITORY = 4
    PROVISIONAL = 8  # stands in no register yet: made at a table
    DECEASED = 16
    DUPLICATE = 32  # merged into another person
    KEY_GROUP = 64
    LEFT = 128  # moved away for good
    CHECK_SEEN = 256  # the check digit is wrong, the document was seen by a second person
    HAS_TWIN = 512  # another row was merged into this one


GONE = Flag.DECEASED | Flag.DUPLICATE | Flag.LEFT  # not in the register of any round


class Word(NamedTuple):
    zh: str
    en: str


class Code(NamedTuple):
    """A coded reason: its words and where it comes from."""

    zh: str
    en: str
    source: str


GUIDE_3 = "区域新型冠状病毒核酸检测组织实施指南（第三版），2022-03-22"
NOTICES = "各地筛查通告所列不参加人员"
HOUSE = "本系统默认值，可在轮次中修改"

GENERAL = "general"  # everybody who is in no cohort of its own

COHORTS: dict[str, Word] = {
    GENERAL: Word("一般人群", "general public"),
    "close_contact": Word("密切接触者", "close contacts"),
    "second_contact": Word("次密接", "contacts of contacts"),
    "quarantined": Word("隔离人员", "quarantined"),
    "isolation": Word("集中隔离点人员", "people in isolation places"),
    "arrival": Word("涉疫地区来（返）人员", "arrivals from affected areas"),
    "recovered": Word("出院（舱）三个月内人员", "recovered within three months"),
    "key": Word("重点人群", "key groups"),
    "delivery": Word("快递外卖", "delivery"),
    "market": Word("农贸市场", "markets"),
    "cold_chain": Word("冷链", "cold chain"),
    "hospital": Word("医疗机构", "hospitals"),
    "school": Word("学校", "schools"),
    "transport": Word("交通运输", "transport"),
    "hotel": Word("酒店餐饮", "hotels and catering"),
    "cleaning": Word("保洁物业", "cleaning and estates"),
    "security": Word("安保", "security"),
    "port": Word("口岸", "ports"),
}
# What a register's column says about a person's work; the other cohorts come by lists with dates.
KEY_GROUPS = (
    "delivery", "market", "cold_chain", "hospital", "school", "transport", "hotel", "cleaning",
    "security", "port",
)  # fmt: skip
SINGLE_COHORTS = (
    "close_contact", "second_contact", "quarantined", "isolation", "arrival", "recovered",
    "hospital", "cold_chain", "port",
)  # fmt: skip

AWAITING_RECHECK = "awaiting_recheck"

EXEMPTIONS: dict[str, Code] = {
    "infant": Code("三岁以下婴幼儿", "infant under three", NOTICES),
    "recently_vaccinated": Code("刚接种疫苗", "vaccinated in the last days", NOTICES),
    "other_schedule": Code("按其他频次检测", "tested on another schedule", NOTICES),
    "quarantined": Code("隔离管理中", "under quarantine", NOTICES),
    "awaiting_transfer": Code("待转运", "awaiting transfer", "上海市，2022-04"),
    AWAITING_RECHECK: Code("待复核（自动）", "awaiting re-check (automatic)", "上海市，2022-04"),
    "recovered": Code("近期康复", "recently recovered", NOTICES),
    "valid_negative": Code("持有效阴性证明", "holds a valid negative", NOTICES),
    "medical": Code("医学原因", "medical reason", NOTICES),
    "away": Code("不在本市（已核实）", "out of town, confirmed", NOTICES),
    "in_hospital": Code("住院", "in hospital", NOTICES),
    "in_custody": Code("羁押或服刑", "in custody", NOTICES),
    "deceased": Code("已故", "deceased", "底数核查"),
    "not_resident": Code("已迁出或查无此人", "moved away or unknown here", "底数核查"),
    "duplicate": Code("重复登记", "registered twice", "底数核查"),
}


class Mode(StrEnum):
    """How people share a tube, strictest first."""

    SINGLE = "single"
    HOUSEHOLD = "household"
    POOLED = "pooled"


MODES: dict[Mode, Word] = {
    Mode.SINGLE: Word("单采单检", "single tube"),
    Mode.HOUSEHOLD: Word("一户一管", "one household a tube"),
    Mode.POOLED: Word("混采", "pooled"),
}
_RANK = {Mode.SINGLE: 0, Mode.HOUSEHOLD: 1, Mode.POOLED: 2}
MOST_IN_A_TUBE = 20  # the largest tube that a specification knows (20-in-1, 2022-01)


class Pool(NamedTuple):
    """Whom a tube may hold: its mode, and a capacity that is a maximum, never a target."""

    mode: Mode
    capacity: int


class PoolRule(NamedTuple):
    """One line of a round's rules: for a zone kind or a cohort, or for everybody (both None)."""

    mode: Mode
    capacity: int
    source: str
    zone: str | None = None
    cohort: str | None = None


class ZoneKind(NamedTuple):
    zh: str
    en: str
    mode: Mode
    capacity: int
    source: str


OLD_RULE = "多地通行做法：低风险 10:1，中风险 5:1，高风险与重点 1:1"

ZONE_KINDS: dict[str, ZoneKind] = {
    "isolation": ZoneKind("集中隔离点", "isolation place", Mode.SINGLE, 1, GUIDE_3),
    "high": ZoneKind("高风险区", "high risk", Mode.SINGLE, 1, OLD_RULE),
    "lock": ZoneKind("封控区", "locked", Mode.HOUSEHOLD, 10, GUIDE_3),
    "mid": ZoneKind("中风险区", "medium risk", Mode.POOLED, 5, OLD_RULE),
    "control": ZoneKind("管控区", "controlled", Mode.POOLED, 10, GUIDE_3),
    "low": ZoneKind("低风险区", "low risk", Mode.POOLED, 10, OLD_RULE),
    "prevent": ZoneKind("防范区", "prevention", Mode.POOLED, 20, GUIDE_3),
}
OTHERWISE = PoolRule(Mode.POOLED, 20, GUIDE_3)

DEFAULT_POOL_RULES: tuple[PoolRule, ...] = (
    *(PoolRule(Mode.SINGLE, 1, GUIDE_3, cohort=c) for c in SINGLE_COHORTS),
    *(PoolRule(z.mode, z.capacity, z.source, zone=k) for k, z in ZONE_KINDS.items()),
    OTHERWISE,
)


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


# --- rounds ---------------------------------------------------------------------------------


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


def read_pool_rules(stored: Iterable[Mapping[str, Any]]) -> tuple[PoolRule, ...]:
    """The rules as kept in `round.pool_rules`."""
    return tuple(
        PoolRule(
            Mode(r["mode"]),
            int(r["capacity"]),
            r.get("source") or HOUSE,
            r.get("zone"),
            r.get("cohort"),
        )
        for r in stored
    )


def write_pool_rules(rules: Iterable[PoolRule]) -> list[dict[str, Any]]:
    return [
        {k: v for k, v in r._asdict().items() if v is not None} | {"mode": r.mode.value}
        for r in rules
    ]


def stricter(a: Pool, b: Pool) -> Pool:
    return min(a, b, key=lambda p: (_RANK[p.mode], p.capacity))


def pool_rule(
    rules: Collection[PoolRule],
    zones: Iterable[str] = (),
    cohorts: Iterable[str] = (),
    site_kind: str | None = None,
) -> Pool:
    """Mode and capacity for one person at one site; of all rules that apply the strictest wins.

    `zones` are the kinds of the zones the person lives in (or the site lies in); a kind that the
    round does not name counts with its own default. A site kind for single tubes overrules all.
    """
    found: list[Pool] = []
    if site_kind is not None and SITE_KINDS[site_kind][2]:
        return Pool(Mode.SINGLE, 1)
    for kind in zones:
        own = [r for r in rules if r.zone == kind]
        found += [Pool(r.mode, r.capacity) for r in own]
        if not own and kind in ZONE_KINDS:
            found.append(Pool(ZONE_KINDS[kind].mode, ZONE_KINDS[kind].capacity))
    wanted = set(cohorts)
    found += [Pool(r.mode, r.capacity) for r in rules if r.cohort in wanted]
    if not found:
        everybody = [r for r in rules if r.zone is None and r.cohort is None] or [OTHERWISE]
        found = [Pool(r.mode, r.capacity) for r in everybody]
    best = found[0]
    for other in found[1:]:
        best = stricter(best, other)
    return best


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
