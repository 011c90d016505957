"""What the tables of a bulletin look like: blocks, columns, the words of their cells (pure).

A block is kept with the keys of its columns; words are looked up when it is printed, so that what
was frozen reads in both languages and a column that came later changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from screening.coverage.rules import REASONS


class Column(NamedTuple):
    """`kind`: text, num, rate ([n, d]), age (minutes), dt (ISO time), code, or word (of WORDS)."""

    zh: str
    en: str
    kind: str = "num"


class Block(NamedTuple):
    """`personal` blocks are sealed under the round's key."""

    zh: str
    en: str
    columns: dict[str, Column]
    personal: bool = False


C = Column
AREA = C("辖区", "area", "text")

BLOCKS: dict[str, Block] = {
    "facts": Block("概况", "overview", {
        "fact": C("项目", "item", "word"), "value": C("内容", "value", "any"),
    }),
    "ranking": Block("检测率排名", "ranking by coverage", {
        "rank": C("名次", "rank"), "area": AREA, "due": C("应检", "due"),
        "reached": C("已检", "reached"), "rate": C("检测率", "coverage", "rate"),
        "missed": C("未检", "missed"),
    }),
    "overdue": Block("超时清单", "overdue", {
        "what": C("事项", "what", "word"), "unit": C("责任单位", "responsible unit", "text"),
        "phone": C("单位电话", "its telephone", "code"), "n": C("数量", "number"),
        "oldest": C("最久", "oldest", "age"),
    }),
    "positives": Block("初筛试管与处置", "tubes with a first signal", {
        "tube": C("管码", "tube", "code"), "site": C("采样点", "site", "text"),
        "taken": C("封管时间", "closed at", "dt"), "lab": C("实验室", "laboratory", "text"),
        "mode": C("方式", "mode", "word"), "signal": C("信号", "signal", "word"),
        "persons": C("涉及人数", "persons"), "open": C("待单采", "to re-sample"),
        "sampled": C("已单采待结果", "sampled, no result"),
        "negative": C("复采阴性", "re-sample negative"),
        "positive": C("复采阳性", "re-sample positive"), "state": C("状态", "state", "word"),
    }),
    "coverage": Block("采：覆盖", "collect: coverage", {
        "area": AREA, "registered": C("户籍", "registered household"),
        "residents": C("常住", "long-term resident"), "floating": C("流动", "floating"),
        "unsaid": C("未注明", "not stated"), "register": C("底数", "register"), "exempt": C("豁免", "exempt"),
        "due": C("应检", "due"), "reached": C("已检", "reached"),
        "rate": C("检测率", "coverage", "rate"), "missed": C("未检", "missed"),
        **{part: C(zh, en) for part, zh, en in REASONS}, "reminded": C("已提醒", "reminded"),
        "outside": C("外区来检", "from elsewhere"), "added": C("开始后新增", "added after the start"),
    }),
    "exempt": Block("豁免分类", "exempt by code", {
        "code": C("原因", "reason", "word"), "n": C("人数", "persons"),
    }),
    "sites": Block("采：采样点", "collect: sites", {
        "area": AREA, "sites": C("采样点数", "sites"), "open": C("近一小时开放", "open this hour"),
        "tables": C("采样台", "tables"), "staff": C("采样人员", "samplers"),
        "per_hour": C("近一小时人数", "persons this hour"),
        "queue": C("估计排队", "queue", "age"), "unclosed": C("开管未封", "open tubes"),
        "unsent": C("未送管数", "tubes not sent"), "oldest": C("最老未送", "oldest not sent", "age"),
    }),
    "transport": Block("送：转运", "deliver: transport", {
        "area": AREA, "tubes": C("已采管", "tubes taken"), "packed": C("已装箱管", "tubes packed"),
        "sealed": C("已封箱", "boxes sealed"), "boxes_road": C("在途箱", "boxes on the road"),
        "tubes_road": C("在途管", "tubes on the road"), "received": C("已签收管", "tubes received"),
        "differ": C("差异箱", "boxes that differ"), "late": C("超时未送", "late"),
        "longest": C("最长时间", "longest", "age"),
    }),
    "labs": Block("检：实验室", "test: laboratories", {
        "lab": C("实验室", "laboratory", "text"), "received": C("收样管", "received"),
        "waiting": C("待上机", "waiting"), "plated": C("上机中", "on a plate"),
        "tested": C("已检", "tested"), "rerun": C("复检中", "rerunning"),
        "rejected": C("不合格", "rejected"), "capacity": C("能力管/日", "capacity a day"),
        "load": C("近一日负荷率", "load of the last day", "rate"),
        "median": C("收样到结果中位", "median", "age"), "p95": C("P95", "P95", "age"),
        "worst": C("最长", "worst", "age"), "late": C("超时未检", "late"),
    }),
    "rejected": Block("不合格分类", "rejected by reason", {
        "reason": C("原因", "reason", "text"), "n": C("管数", "tubes"),
    }),
    "results": Block("报：结果", "report: results", {
        "area": AREA, "resulted": C("已出人数", "persons with a result"),
        "released": C("已出管数", "tubes released"), "negative": C("阴性管", "negative"),
        "p20": C("待复核20混", "20-pools under re-check"), "p10": C("10混", "10-pools"),
        "family": C("户", "households"), "single": C("单管", "single"),
        "persons": C("涉及人数", "persons in them"), "done": C("单采已完成", "re-samples finished"),
        "pos_community": C("复采阳性：社会面", "re-sample positive: community"),
        "pos_isolation": C("隔离", "isolation"), "pos_locked": C("封控", "locked"),
        "pos_key": C("重点", "key groups"), "invalid": C("无效重采", "invalid"),
        "corrected": C("更正数", "corrected"),
    }),
    "groups": Block("重点人群", "key groups", {
        "group": C("行业", "industry", "word"), "employer": C("单位", "employer", "text"),
        "every": C("频次", "frequency", "word"), "due": C("应检", "due"),
        "reached": C("已检", "reached"), "rate": C("检测率", "coverage", "rate"),
        "late": C("逾期人数", "overdue"),
    }),
    "due": Block("重点人群当日应检", "key groups due on the day", {
        "group": C("行业", "industry", "word"), "employer": C("单位", "employer", "text"),
        "rhythm": C("频次", "frequency", "pair"), "due": C("今日应检", "due today"),
        "done": C("已检", "reached"), "rate": C("检测率", "coverage", "rate"),
        "late": C("逾期人数", "overdue"),
    }),
    "quality": Block("质量", "quality", {
        "measure": C("指标", "measure", "word"), "n": C("数量", "number"),
        "rate": C("占比", "share", "rate"),
    }),
    "bands": Block("各室阳性率带", "positivity of the laboratories", {
        "lab": C("实验室", "laboratory", "text"), "rate": C("信号管", "tubes with a signal", "rate"),
        "holds": C("未解除的暂缓", "holds not lifted"),
    }),
    "reminders": Block("催检", "reminders", {
        "area": AREA, "asked": C("应提醒人数", "persons to remind"), "sent": C("已发", "sent"),
        "delivered": C("送达", "delivered"), "failed": C("失败", "failed"),
        "open": C("未定", "not settled"), "came": C("发后已检", "sampled since"),
    }),
    "ledger": Block("归账", "the ledger", {
        "part": C("项目", "part", "word"), "items": C("合计", "lines"),
        "coded": C("已说明", "coded"), "closed": C("已核销", "closed"), "open": C("未清", "open"),
    }),
    "signed": Block("签核", "signatures", {
        "step": C("第几签", "signature"), "who": C("工号", "staff number", "code"),
        "at": C("时间", "at", "dt"),
    }),
    "steps": Block("下一步", "next steps", {
        "step": C("工作", "what", "step"), "n": C("数量", "number"),
    }),
    # --- 专报
    "calls": Block("检测", "tests", {
        "lab": C("实验室", "laboratory", "text"), "at": C("读入时间", "read at", "dt"),
        "well": C("孔位", "well", "code"), "outcome": C("判读", "call", "word"),
        "orf": C("ORF1ab Ct", "ORF1ab Ct", "any"), "n": C("N Ct", "N Ct", "any"),
        "others": C("其他靶标", "other targets", "text"),
    }),
    "members": Block("管内人员", "people in the tube", {
        "seat": C("座位", "seat"), "name": C("姓名", "name", "text"),
        "document": C("证件号码", "document", "code"), "phone": C("电话", "telephone", "code"),
        "address": C("住址", "address", "address"), "at": C("采样时间", "taken at", "dt"),
        "state": C("状态", "state", "word"), "outcome": C("复采结果", "re-sample", "word"),
    }, personal=True),
    "near_tubes": Block("同一设备前后试管", "tubes before and after on the same device", {
        "tube": C("管码", "tube", "code"), "site": C("采样点", "site", "text"),
        "at": C("开管时间", "opened at", "dt"), "persons": C("人数", "persons"),
        "outcome": C("结果", "result", "word"),
    }),
    "near": Block("同点前后三十分钟采样人员", "sampled at the site within thirty minutes", {
        "at": C("采样时间", "taken at", "dt"), "table": C("台", "table"),
        "tube": C("管码", "tube", "code"), "name": C("姓名", "name", "text"),
        "document": C("证件号码", "document", "code"), "phone": C("电话", "telephone", "code"),
        "address": C("住址", "address", "address"), "outcome": C("结果", "result", "word"),
    }, personal=True),
}  # fmt: skip

WORDS: dict[str, tuple[str, str]] = {
    # facts
    "f_tube": ("管码", "tube"), "f_site": ("采样点", "site"), "f_table": ("采样台", "table"),
    "f_opened": ("开管时间", "opened at"), "f_closed": ("封管时间", "closed at"),
    "f_received": ("签收时间", "received at"), "f_lab": ("实验室", "laboratory"),
    "f_mode": ("方式", "mode"), "f_persons": ("管内人数", "persons inside"),
    "f_outcome": ("结果", "result"), "f_alert": ("预警时间", "alert raised at"),
    "f_stage": ("现处环节", "stage"), "f_clean": ("签核前核对", "before the sign-off"),
    "f_started": ("开始采样", "sampling began"), "f_stopped": ("停止采样", "sampling stopped"),
    "f_signed": ("签核时间", "signed off at"), "f_tubes": ("已采管", "tubes taken"),
    "f_released": ("已出管数", "tubes released"), "f_unaccounted": ("未归账", "unaccounted for"),
    # what is overdue
    "o_open": ("开管未封", "tubes open too long"), "o_send": ("封管、装箱未送出", "tubes not sent"),
    "o_road": ("在途超时", "on the road too long"), "o_test": ("收样未出结果", "received, no result"),
    "o_report": ("出结果未发布", "tested, not released"),
    "o_callback": ("复采超时", "re-samples past the deadline"),
    "o_ticket": ("工单超时", "tickets past the deadline"),
    # states and outcomes
    "negative": ("阴性", "negative"), "positive": ("初筛阳性", "first signal"),
    "inconclusive": ("可疑，待复核", "inconclusive"), "invalid": ("无效", "invalid"),
    "re_negative": ("复采阴性", "re-sample negative"),
    "re_positive": ("复采阳性", "re-sample positive"), "re_other": ("复采待复核", "under re-check"),
    "none": ("未出", "no result yet"), "waiting": ("待处置", "to be acted on"),
    "working": ("复采中", "being re-sampled"), "finished": ("复采完成", "re-samples finished"),
    "c_none": ("未列入复采", "not called back"), "c_open": ("待单采", "to re-sample"),
    "c_sampled": ("已单采", "re-sampled"), "c_closed": ("已完成", "finished"),
    "c_withdrawn": ("已撤销", "withdrawn"), "c_outside": ("已移出本管", "no longer in this tube"),
    "single": ("单采", "single"), "household": ("一户一管", "household"), "pooled": ("混采", "pooled"),
    "unsaid": ("未说明", "not said"), "once": ("本轮一次", "once in this round"),
    "no_group": ("未分行业", "no industry"),
    # quality
    "q_rebound": ("绑定更正", "bindings corrected"), "q_empty": ("空管", "empty tubes"),
    "q_box": ("错箱", "wrong boxes"), "q_unknown": ("未知管", "unknown tubes"),
    "q_lost": ("丢失管", "tubes lost"), "q_plates": ("质控失败板", "plates with failed controls"),
}  # fmt: skip

TOTAL = ("合计", "total")


def block(
    key: str, rows: Iterable[dict[str, Any]], *, total: bool = False, note: str | None = None
) -> dict[str, Any]:
    """Rows of a block as they are kept: the keys of its columns, then values in that order."""
    columns = BLOCKS[key].columns
    held = list(rows)
    out: dict[str, Any] = {
        "key": key, "columns": list(columns), "rows": [[r.get(c) for c in columns] for r in held],
    }  # fmt: skip
    if total and held:
        out["total"] = _total(columns, held)
    if note:
        out["note"] = note
    return out


def _total(columns: dict[str, Column], rows: Sequence[dict[str, Any]]) -> list[Any]:
    out: list[Any] = []
    for key, column in columns.items():
        values: list[Any] = [r[key] for r in rows if r.get(key) is not None]
        if column.kind == "num":
            out.append(sum(values))
        elif column.kind == "rate":
            out.append([sum(v[0] for v in values), sum(v[1] for v in values)])
        elif column.kind == "age":
            out.append(max(values, default=None))
        else:
            out.append(None)
    return out
