"""Stages, acts and states of tubes and labels in the words of the field (pure)."""

from __future__ import annotations

from screening.tube.rules import Mode, Stage, Verb, Void

STAGE_WORDS: dict[Stage, tuple[str, str]] = {
    Stage.PRINTED: ("已打印", "printed"),
    Stage.ISSUED: ("已发放", "issued"),
    Stage.OPEN: ("采样中", "open"),
    Stage.CLOSED: ("已封管", "closed"),
    Stage.PACKED: ("已装箱", "packed"),
    Stage.IN_TRANSIT: ("在途", "on the road"),
    Stage.RECEIVED: ("已签收", "received"),
    Stage.PLATED: ("已上板", "plated"),
    Stage.TESTED: ("已检测", "tested"),
    Stage.REVIEWED: ("已审核", "reviewed"),
    Stage.RELEASED: ("已发布", "released"),
    Stage.VOID_EMPTY: ("空管作废", "void, empty"),
    Stage.REJECTED: ("已退样", "rejected"),
    Stage.LOST: ("已报遗失", "lost"),
    Stage.DISCARDED: ("已销毁", "discarded"),
}
# which link of the chain a stage belongs to (colour of the timeline)
LINKS: dict[Stage, str] = {
    Stage.OPEN: "collect",
    Stage.CLOSED: "collect",
    Stage.PACKED: "deliver",
    Stage.IN_TRANSIT: "deliver",
    Stage.RECEIVED: "test",
    Stage.PLATED: "test",
    Stage.TESTED: "test",
    Stage.REVIEWED: "report",
    Stage.RELEASED: "report",
}
VERBS: dict[Verb, tuple[str, str]] = {
    Verb.OPEN: ("开管", "opened"),
    Verb.CLOSE: ("封管", "closed"),
    Verb.REOPEN: ("重新打开", "opened again"),
    Verb.JOIN: ("接手", "taken over"),
    Verb.UNBIND: ("解除关联", "a person was taken out"),
    Verb.MARK: ("标记拭子", "a swab was marked"),
    Verb.OVER: ("注明超员", "over count noted"),
    Verb.PACK: ("装箱", "packed"),
    Verb.UNPACK: ("取出", "taken out of the box"),
    Verb.SEAL: ("封箱", "box sealed"),
    Verb.UNSEAL: ("拆封", "seal opened"),
    Verb.HAND_OVER: ("交接", "handed over"),
    Verb.ARRIVE: ("到达实验室", "arrived at the laboratory"),
    Verb.REDIRECT: ("改送", "redirected"),
    Verb.BOX_OPEN: ("开箱", "box opened"),
    Verb.RECONCILE: ("清点完毕", "unpacking finished"),
    Verb.RECEIVE: ("签收", "received"),
    Verb.REJECT: ("退样", "rejected"),
    Verb.PLATE: ("上板", "plated"),
    Verb.TEST: ("出检测结果", "tested"),
    Verb.UNPLATE: ("撤板", "taken off the plate"),
    Verb.RERUN: ("复检", "rerun"),
    Verb.REVIEW: ("审核", "reviewed"),
    Verb.RELEASE: ("发布", "released"),
    Verb.CORRECT: ("更正", "corrected"),
    Verb.LOSE: ("报遗失", "declared lost"),
    Verb.FIND: ("找到", "found"),
    Verb.COMPLETE: ("按纸单补全", "completed from paper"),
    Verb.MOVE_ROUND: ("转入轮次", "moved to a round"),
    Verb.DISCARD: ("销毁", "discarded"),
    Verb.SETTLE: ("解除搁置", "hold settled"),
}
MODES: dict[Mode, tuple[str, str]] = {
    Mode.SINGLE: ("单采", "single"),
    Mode.HOUSEHOLD: ("一户一管", "household"),
    Mode.POOLED: ("混采", "pooled"),
}
VOIDS: dict[Void, tuple[str, str]] = {
    Void.LIVE: ("有效", "counts"),
    Void.UNBOUND: ("已解除", "taken out"),
    Void.MOVED: ("移到别的管", "moved to another tube"),
    Void.NOT_SWABBED: ("未采样", "not swabbed"),
    Void.SPILLED: ("遗洒", "spilled"),
    Void.BROKEN: ("破损", "broken"),
    Void.OTHER: ("其他", "other"),
    Void.LOST: ("随管遗失", "lost with the tube"),
    Void.REJECTED: ("随管退样", "rejected with the tube"),
    Void.INVALID: ("结果无效，需重采", "invalid, to be swabbed again"),
    Void.EMPTY: ("空管", "empty tube"),
}
# tube_key.state
LABEL_STATES: dict[int, tuple[str, str]] = {
    0: ("可用", "in stock"),
    1: ("已退回", "returned"),
    2: ("作废", "void"),
    3: ("遗失", "missing"),
}


def stage(number: int, lang: str = "zh") -> str:
    return STAGE_WORDS[Stage(number)][lang == "en"]


def verb(number: int, lang: str = "zh") -> str:
    return VERBS[Verb(number)][lang == "en"]
