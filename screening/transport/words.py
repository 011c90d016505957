"""Stages of a box's trip, differences and rejections in the words of the field (pure)."""

from __future__ import annotations

from screening.transport.rules import BatchStage
from screening.tube.rules import Verb

STAGES: dict[BatchStage, tuple[str, str]] = {
    BatchStage.OPEN: ("装箱中", "being packed"),
    BatchStage.SEALED: ("已封箱", "sealed"),
    BatchStage.HANDED_OVER: ("在途", "on the road"),
    BatchStage.ARRIVED: ("已到达", "arrived"),
    BatchStage.DISCREPANT: ("有差异", "discrepant"),
    BatchStage.RECONCILED: ("已清点", "reconciled"),
}
FACTS: dict[int, tuple[str, str]] = {
    Verb.BOX_OPEN: ("开箱", "box opened"),
    Verb.UNPACK: ("取出一管", "a tube taken out"),
    Verb.SEAL: ("封箱", "sealed"),
    Verb.UNSEAL: ("拆封", "seal opened"),
    Verb.HAND_OVER: ("交接", "handed over"),
    Verb.REDIRECT: ("改送", "redirected"),
    Verb.ARRIVE: ("到达实验室", "arrived at the laboratory"),
    Verb.RECEIVE: ("扫到一管", "a tube scanned"),
    Verb.RECONCILE: ("清点完毕", "unpacking finished"),
}
DIFFERENCES: dict[str, tuple[str, str]] = {
    "late_tube": ("晚到的管", "late tube"),
    "broken": ("破损", "broken"),
    "stays": ("留在采样点", "stays on site"),
    "not_sent": ("手机未上传", "not sent by the phone"),
    "other": ("其他", "other"),
}
REJECTIONS: dict[str, tuple[str, str]] = {
    "leak": ("渗漏", "leaking"),
    "empty": ("空管", "empty"),
    "unlabelled": ("无标签", "unlabelled"),
    "no_swab": ("无拭子", "no swab"),
    "late": ("超时", "too late"),
    "temperature": ("温度超限", "temperature"),
    "other": ("其他", "other"),
}
# why a box goes to another laboratory than it was meant for
REDIRECTIONS: dict[str, tuple[str, str]] = {
    "jam": ("原机构积样", "its laboratory is jammed"),
    "idle": ("新机构有空", "the other laboratory has room"),
    "closed": ("原机构停检或故障", "its laboratory stopped or broke down"),
    "road": ("道路不通", "the road is closed"),
    "urgent": ("须优先检测", "it is urgent"),
    "other": ("其他", "other"),
}
